#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The network of an ordinary user's containers, and ports that lead to them, by pasta and slirp4netns.
# shellcheck source-path=SCRIPTDIR source=cowrun_network_lib.sh disable=SC2016
. "$(dirname "$0")/cowrun_network_lib.sh"

# What every connecting program is to do. serves PROGRAM ADDRESS-INSIDE
serves() {
	local program=$1
	prepare_user "$program"
	rootless run -d --name c --net "$program" -p 8080:80 -p 127.0.0.1:9000-9001:90-91 -p 53:53/udp --rootfs root sh -c "$serve" >id
	same "tcp" hello "$(fetch 127.0.0.1 8080)"
	same "by another address of the machine" hello "$(fetch 192.0.2.10 8080)"
	same "range, first" hello "$(fetch 127.0.0.1 9000)"
	same "range, last" hello "$(fetch 127.0.0.1 9001)"
	! connects 192.0.2.10 9001 || fail "published on all addresses"
	same "port" "53/udp -> 0.0.0.0:53 80/tcp -> 0.0.0.0:8080 90/tcp -> 127.0.0.1:9000 91/tcp -> 127.0.0.1:9001" "$(rootless port c | sort | xargs)"
	same "one port" 0.0.0.0:8080 "$(rootless port c 80)"
	same "of udp" 0.0.0.0:53 "$(rootless port c 53/udp)"
	refused "no port leads" rootless port c 53
	refused "must be PORT" rootless port c http
	rootless ps | grep -q '0.0.0.0:8080->80/tcp, 127.0.0.1:9000-9001->90-91/tcp, 0.0.0.0:53->53/udp'
	same "inspect" '[{"HostIp":"127.0.0.1","HostPort":"9001"}]' "$(rootless inspect -f '{{json .NetworkSettings.Ports}}' c | python3 -c 'import json, sys; print(json.dumps(json.load(sys.stdin)["91/tcp"], separators=(",", ":")))')"
	same "address" "$2" "$(rootless inspect -f '{{.NetworkSettings.IPAddress}}' c)"
	rootless exec c ip addr | grep -qF "inet $2/" || fail "inside: $(rootless exec c ip addr)"
	rootless exec c ip route | grep -q ^default
	rootless stop -t 0 c >/dev/null
	wait_until no_helpers
	same "when it does not run" "" "$(rootless port c)"
	# All is free again.
	rootless start c >/dev/null
	same "tcp" hello "$(fetch 127.0.0.1 8080)"
	rootless rm -f c >/dev/null
	user_is_gone
}

case_pasta() {
	serves pasta 192.0.2.10
}

case_slirp4netns() {
	serves slirp4netns 10.0.2.100
}

# udp_is_answered PROGRAM ADDRESS PORT, which is that in the container
udp_is_answered() {
	prepare_user "$1"
	rootless run -d --name c --net "$1" -p "5353:$3/udp" --rootfs root sleep 1000 >/dev/null
	answer_udp "$(rootless inspect -f '{{.State.Pid}}' c)" "$3"
	wait_until udp_answers "$2" 5353
	rootless rm -f c >/dev/null
	user_is_gone
}

case_udp_by_pasta() {
	# That of Debian 12 loses answers from another port than the one published.
	udp_is_answered pasta 127.0.0.1 5353
}

case_udp_by_slirp4netns() {
	# It has no way back to the loopback.
	udp_is_answered slirp4netns 192.0.2.10 53
}

# Connections that the container makes, to a server on the machine; not to what listens on its loopback alone.
outgoing() {
	prepare_user "$1"
	mkdir site
	echo outside >site/index.html
	listen 192.0.2.10 8000 site
	listen 127.0.0.1 8001 site
	same "from the container" outside "$(rootless run --rm --net "$1" --rootfs root wget -qO- "http://$2:8000/")"
	same "from the loopback" "" "$(rootless run --rm --net "$1" --rootfs root wget -T 2 -qO- "http://$3:8001/" 2>/dev/null || true)"
}

case_outgoing_by_slirp4netns() {
	outgoing slirp4netns 192.0.2.10 10.0.2.2
}

case_outgoing_by_pasta() {
	prepare_user pasta
	mkdir site
	listen 127.0.0.1 8001 site
	same "from the loopback" "" "$(rootless run --rm --net pasta --rootfs root wget -T 2 -qO- http://127.0.0.1:8001/ 2>/dev/null || true)"
}

case_random_and_exposed_ports() {
	local port
	prepare_user any
	rootless run -d --name c -p 80 -p 127.0.0.1::90/tcp --rootfs root sh -c "$serve" >/dev/null
	port=$(rootless port c 80)
	same "random" hello "$(fetch 127.0.0.1 "${port##*:}")"
	port=$(rootless port c 90)
	same "address" 127.0.0.1 "${port%:*}"
	same "random" hello "$(fetch 127.0.0.1 "${port##*:}")"
	rootless rm -f c >/dev/null
	rootless import -c 'EXPOSE 80 90-91/tcp' root image >/dev/null
	rootless run -d --name c -P -p 8091:91 image sh -c "$serve" >/dev/null
	same "ports" "80/tcp 90/tcp 91/tcp 91/tcp" "$(rootless port c | cut -d ' ' -f 1 | sort | xargs)"
	port=$(rootless port c 80)
	same "exposed" hello "$(fetch 127.0.0.1 "${port##*:}")"
	rootless rm -f c >/dev/null
	user_is_gone
}

# What goes wrong is one sentence, status 125, and nothing stays behind.
case_ports_in_use() {
	local program
	prepare_user any
	mkdir site
	listen 127.0.0.1 8080 site
	for program in pasta slirp4netns; do
		is_usable "$program" || continue
		says 'port 8080/tcp of this machine is in use' 125 rootless run --rm --net "$program" -p 8080:80 --rootfs root true
		says 'port 9000/tcp of 127.0.0.1 is in use' 125 rootless run --rm --net "$program" -p 127.0.0.1:9000:80 -p 127.0.0.1:8999-9001:90-92 --rootfs root true
		says 'does not have the address 198.51.100.7' 125 rootless run --rm --net "$program" -p 198.51.100.7:8082:80 --rootfs root true
	done
	echo 1024 >/proc/sys/net/ipv4/ip_unprivileged_port_start
	says 'port 81/tcp of this machine is root.s.*ip_unprivileged_port_start=81' 125 rootless run --rm -p 81:80 --rootfs root true
	echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start
	rootless create --name c -p 8080:80 --rootfs root true >/dev/null
	says 'in use' 1 rootless start c
	same "state" created "$(rootless inspect -f '{{.State.Status}}' c)"
	rootless rm c >/dev/null
	user_is_gone
}

case_bad_ports() {
	local port
	prepare_user any
	for port in '' a 0 65536 -1 80-70 80:81-82 1:2:3 ::80 300.0.0.1:80:80 '[::1:80:80' 80/sctp 80/ 'localhost:80:80'; do
		says 'it must be\|same length' 125 rootless run --rm -p "$port" --rootfs root true
	done
	says 'does not go with --net none' 125 rootless run --rm --net none -p 80 --rootfs root true
	rootless create --name x --rootfs root true >/dev/null
	says 'does not go with --net container' 125 rootless run --rm --net container:x -p 80 --rootfs root true
	rootless rm x >/dev/null
	rootless run --rm --net host -p 80 --rootfs root true 2>said
	grep -q 'does nothing with --net host' said
	user_is_gone
}

# Without any of the programs a container has a loopback, as --net private; and says so if it should have more.
case_nothing_is_installed() {
	prepare_user none
	without_programs "pasta slirp4netns"
	same "network" private "$(rootless run --name c --rootfs root true; rootless inspect -f '{{.HostConfig.NetworkMode}}' c)"
	says 'install the package passt or slirp4netns' 125 rootless run --rm -p 80 --rootfs root true
	says 'install the package passt' 125 rootless run --rm --net pasta --rootfs root true
	says 'install the package slirp4netns' 125 rootless run --rm --net slirp4netns --rootfs root true
	rootless rm c >/dev/null
	user_is_gone
}

case_default() {
	prepare_user any
	same "default" "$(first_usable)" "$(rootless run --name c --rootfs root true; rootless inspect -f '{{.HostConfig.NetworkMode}}' c)"
	same "by the environment" private "$(rootless_with COWRUN_NETWORK=none run --name d --net private --rootfs root true; rootless inspect -f '{{.HostConfig.NetworkMode}}' d)"
	same "by the environment" none "$(rootless_with COWRUN_NETWORK=none run --name e --rootfs root true; rootless inspect -f '{{.HostConfig.NetworkMode}}' e)"
	refused "COWRUN_NETWORK" rootless_with COWRUN_NETWORK=container:c run --rm --rootfs root true
	rootless rm c d e >/dev/null
	user_is_gone
}

# A default that cannot be had is no reason not to run.
case_default_fails() {
	prepare_user any
	mkdir broken
	printf '#!/bin/sh\necho "it is raining" >&2\nexit 1\n' >broken/pasta
	chmod 755 broken broken/pasta
	same "runs" 0 "$(PATH=$T/broken:$PATH rootless run --rm --rootfs root id -u 2>said)"
	grep -q 'no network but a loopback.*pasta: it is raining' said || fail "said: $(cat said)"
	PATH=$T/broken:$PATH says 'pasta: it is raining' 125 rootless run --rm --net pasta --rootfs root true
	PATH=$T/broken:$PATH says 'pasta: it is raining' 125 rootless run --rm -p 80 --rootfs root true
	user_is_gone
}

resolver_inside() {
	rootless run --rm --net "$1" "${@:2}" --rootfs root cat /etc/resolv.conf | xargs
}

case_resolver() {
	prepare_user any
	printf '%s\n' '# of the machine' 'nameserver 127.0.0.53' 'search example.org' 'options edns0' >/etc/resolv.conf
	same "alone" "# of the machine nameserver 127.0.0.53 search example.org options edns0" "$(resolver_inside none)"
	is_usable slirp4netns && same "slirp4netns" "nameserver 10.0.2.3 search example.org options edns0" "$(resolver_inside slirp4netns)"
	is_usable pasta && same "pasta" "nameserver 169.254.1.1 search example.org options edns0" "$(resolver_inside pasta)"
	same "asked for" "nameserver 9.9.9.9 nameserver 8.8.8.8 search example.org options edns0" "$(resolver_inside "$(first_usable)" --dns 9.9.9.9 --dns 8.8.8.8)"
	user_is_gone
}

# Whoever is killed, and when: nothing of the container, its helper among it, stays.
case_killed() {
	local program victim
	prepare_user any
	for program in pasta slirp4netns; do
		is_usable "$program" || continue
		for victim in monitor helper init; do
			rootless run -d --name c --net "$program" -p 8080:80 --rootfs root sleep 1000 >/dev/null
			case $victim in
			monitor) kill -9 "$(user_monitor)" ;;
			helper) kill -9 "$(helpers | head -n 1)" ;;
			init) kill -9 "$(rootless inspect -f '{{.State.Pid}}' c)" ;;
			esac
			[ "$victim" != helper ] || same "after its helper" running "$(rootless inspect -f '{{.State.Status}}' c)"
			[ "$victim" = helper ] || wait_until no_helpers
			rootless rm -f c >/dev/null
			user_is_gone
		done
	done
}

case_killed_while_starting() {
	local program delay process
	prepare_user any
	for program in pasta slirp4netns; do
		is_usable "$program" || continue
		for delay in 0.01 0.03 0.05 0.07 0.1; do
			rootless run -d --name c --net "$program" -p 8080:80 --rootfs root sleep 1000 >/dev/null 2>&1 &
			process=$!
			sleep "$delay"
			kill -9 $process $(pgrep -P $process) 2>/dev/null || true
			wait $process 2>/dev/null || true
			sleep 0.2
			rootless rm -f c >/dev/null 2>&1 || fail "cannot be removed after $delay"
		done
		user_is_gone
	done
}

# Its own processes and ids may be anybody's.
case_with_other_namespaces() {
	local program
	prepare_user any
	chmod 711 run
	for program in pasta slirp4netns; do
		is_usable "$program" || continue
		rootless run -d --name c --net "$program" -p 8080:80 --userns keep-id -u 0 --rootfs root sh -c "$serve" >/dev/null
		same "keep-id" hello "$(fetch 127.0.0.1 8080)"
		rootless run -d --name d --net "$program" --pid container:c -p 8081:80 --rootfs root sh -c "echo hello >/srv/index.html; exec httpd -f -p 80 -h /srv" >/dev/null
		same "pid" hello "$(fetch 127.0.0.1 8081)"
		same "net" hello "$(rootless run --rm --net container:d --rootfs root wget -qO- http://127.0.0.1/)"
		rootless rm -f d c >/dev/null
		user_is_gone
	done
}

case_rate() {
	local program
	prepare_user any
	for program in pasta slirp4netns; do
		is_usable "$program" || continue
		rootless run -d --name c --net "$program" --net-rate 8mbit -p 8080:80 --rootfs root sh -c "$serve_large" >/dev/null
		sends_slowly 192.0.2.10 8080
		rootless rm -f c >/dev/null
	done
	says 'must be bits a second' 125 rootless run --rm --net-rate 10mb --rootfs root true
	says 'needs an interface of the container.s own, and not --net none' 125 rootless run --rm --net none --net-rate 8mbit --rootfs root true
	user_is_gone
}

case_single_id() {
	prepare_user any
	take_subordinate_ids "$user"
	rootless run -d --name c -p 8080:80 --rootfs root sh -c "$serve" >/dev/null 2>said || fail "said: $(cat said)"
	same "tcp" hello "$(fetch 127.0.0.1 8080)"
	rootless rm -f c >/dev/null
	user_is_gone
}

run_cases "$@"
