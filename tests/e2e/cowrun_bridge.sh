#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Networks of the machine, by CNI plugins: root's containers reach each other and are reached.
# shellcheck source-path=SCRIPTDIR source=cowrun_network_lib.sh disable=SC2016
. "$(dirname "$0")/cowrun_network_lib.sh"

plugins_are_there() {
	local directory
	IFS=: read -ra directories <<<"${CNI_PATH:-/opt/cni/bin:/usr/lib/cni:/usr/libexec/cni}"
	for directory in "${directories[@]}"; do
		[ ! -x "$directory/bridge" ] || return 0
	done
	return 1
}

# On a machine without the networks of other cases.
prepare() {
	local interface
	needs iptables
	plugins_are_there || skip "the CNI plugins are not installed"
	make_root root
	for interface in $(ip -o link | grep -o 'cowrun[0-9]*' | sort -u); do
		ip link delete "$interface"
	done
	iptables -t nat -F POSTROUTING
}

start_server() {
	cowrun run -d "$@" --rootfs root sh -c "$serve" >/dev/null
}

address_of() {
	cowrun inspect -f '{{.NetworkSettings.IPAddress}}' "$1"
}

# What is left on the machine for containers: addresses, ports, interfaces.
machine_is_clean() {
	[ -z "$(find store/run/addresses -name '[0-9]*' 2>/dev/null)" ] &&
		! iptables-save -t nat | grep -q 'CNI-DN-\|dnat' &&
		! ip link | grep -q veth
}

case_bridge() {
	prepare
	start_server --name c --net bridge -p 8080:80 -p 127.0.0.1:9000-9001:90-91
	same "address" 10.89.0.2 "$(address_of c)"
	same "gateway" 10.89.0.1 "$(cowrun inspect -f '{{.NetworkSettings.Gateway}}' c)"
	same "from the machine" hello "$(fetch 10.89.0.2 80)"
	same "by a port" hello "$(fetch 192.0.2.10 8080)"
	same "by the loopback" hello "$(fetch 127.0.0.1 8080)"
	same "range" hello "$(fetch 127.0.0.1 9001)"
	same "port" "80/tcp -> 0.0.0.0:8080" "$(cowrun port c | grep ^80)"
	cowrun exec c ip route | grep -q '^default via 10.89.0.1'
	# Other machines see the address of this one.
	iptables -t nat -S POSTROUTING | grep -q -- '-s 10.89.0.0/24 ! -d 10.89.0.0/24 .*MASQUERADE'
	says 'port 8080/tcp of this machine is in use' 125 cowrun run --rm --net bridge -p 8080:80 --rootfs root true
	cowrun rm -f c >/dev/null
	wait_until machine_is_clean
	! connects 127.0.0.1 8080 || fail "the port is open still"
	all_is_gone_but_addresses
}

all_is_gone_but_addresses() {
	rm -rf store/run/addresses
	all_is_gone
}

case_names() {
	prepare
	cowrun network create mine >/dev/null
	start_server --name web --net mine
	start_server --name db -h database --net mine
	start_server --name other --net bridge
	same "by name" hello "$(cowrun exec web wget -qO- http://db/)"
	same "by host name" hello "$(cowrun exec web wget -qO- http://database/)"
	same "the other way" hello "$(cowrun exec db wget -qO- http://web/)"
	same "itself" "$(address_of web)" "$(cowrun exec web grep -w web /etc/hosts | cut -f 1)"
	! cowrun exec web grep -w other /etc/hosts || fail "it knows one of another network"
	cowrun rename db data
	same "renamed" hello "$(cowrun exec web wget -qO- http://data/)"
	cowrun rm -f data >/dev/null
	wait_until sh -c "! '$COWRUN' --root '$T/store' exec web grep -w database /etc/hosts"
	same "lines" "$(cowrun exec web cat /etc/hosts | wc -l)" "$(cowrun exec web grep -c . /etc/hosts)"
	cowrun rm -f web other >/dev/null
	# Nothing of it is in a layer.
	same "network" mine "$(cowrun network rm mine)"
	wait_until machine_is_clean
	all_is_gone_but_addresses
}

case_addresses() {
	prepare
	cowrun network create --subnet 10.77.0.0/24 --gateway 10.77.0.254 mine >/dev/null
	start_server --name c --net mine --ip 10.77.0.33
	same "address" 10.77.0.33 "$(address_of c)"
	same "gateway" 10.77.0.254 "$(cowrun inspect -f '{{.NetworkSettings.Gateway}}' c)"
	says 'CNI plugin bridge: .*10.77.0.33' 125 cowrun run --rm --net mine --ip 10.77.0.33 --rootfs root true
	says 'network mine has the addresses 10.77.0.0/24' 125 cowrun run --rm --net mine --ip 10.78.0.1 --rootfs root true
	says 'needs a network of this machine' 125 cowrun run --rm --net none --ip 10.77.0.34 --rootfs root true
	says 'must be an IPv4 address' 125 cowrun run --rm --ip x --rootfs root true
	# The same one at each start.
	cowrun restart -t 0 c >/dev/null
	same "address" 10.77.0.33 "$(address_of c)"
	cowrun rm -f c >/dev/null
	cowrun network rm mine >/dev/null
	wait_until machine_is_clean
}

case_rate() {
	prepare
	cowrun run -d --name c --net bridge --net-rate 8mbit --rootfs root sh -c "$serve_large" >/dev/null
	sends_slowly "$(address_of c)" 80
	cowrun rm -f c >/dev/null
}

# Who has joined its network loses it when the first one ends, and nobody else gets the address meanwhile.
case_shared() {
	prepare
	start_server --name c --net bridge
	cowrun run -d --name d --net container:c --rootfs root sleep 1000 >/dev/null
	cowrun exec d ip addr | grep -q 10.89.0.2
	cowrun stop -t 0 c >/dev/null
	! cowrun exec d ip addr | grep 10.89.0.2 || fail "it has the address still"
	cowrun rm -f c d >/dev/null
	wait_until machine_is_clean
}

case_network_commands() {
	prepare
	same "created" mine "$(cowrun network create mine)"
	refused 'there is a network mine already' cowrun network create mine
	refused 'must not be one that --net has' cowrun network create host
	refused 'must not be one that --net has' cowrun network create a/b
	refused 'must be the first address' cowrun network create --subnet 10.0.0.1/24 x
	refused 'must be the first address' cowrun network create --subnet 10.0.0.0/31 x
	refused 'is no address of 10.66.0.0/24' cowrun network create --subnet 10.66.0.0/24 --gateway 10.67.0.1 x
	refused 'network mine has these addresses' cowrun network create --subnet 10.89.0.0/16 x
	refused 'an interface of this machine has' cowrun network create --subnet 192.0.2.0/24 x
	status_is 2 cowrun network create 2>/dev/null
	cowrun network create --internal inner >/dev/null
	same "list" "inner mine" "$(cowrun network ls -q | xargs)"
	same "subnets" "10.89.1.0/24 10.89.0.0/24" "$(cowrun network ls --format '{{.Subnet}}' | xargs)"
	cowrun network inspect mine | grep -q '"Gateway": *"10.89.0.1"'
	refused 'there is no network other' cowrun network inspect other
	refused 'there is no network other' cowrun run --rm --net other --rootfs root true
	start_server --name c --net inner
	! cowrun exec c ip route | grep -q default || fail "an internal network leads outside"
	refused 'is that of container c' cowrun network rm inner
	refused 'always there' cowrun network rm bridge
	same "pruned" mine "$(cowrun network prune -f)"
	same "asked" 1 "$(echo n | cowrun network prune | grep -c WARNING)"
	cowrun rm -f c >/dev/null
	interface=$(cowrun network inspect inner | grep -o 'cowrun[0-9]*')
	ip link show "$interface" >/dev/null
	cowrun network rm inner >/dev/null
	! ip link show "$interface" 2>/dev/null || fail "the bridge is there still"
}

# What a monitor that was killed left on the machine goes with the next command.
case_killed() {
	local victim
	prepare
	start_server --name c --net bridge -p 8080:80
	start_server --name d --net bridge
	for victim in monitor init; do
		case $victim in
		monitor) kill -9 "$(monitor_of c)" ;;
		init) kill -9 "$(pid_of c)" ;;
		esac
		wait_until sh -c "[ \$('$COWRUN' --root '$T/store' inspect -f '{{.State.Status}}' c) = exited ]"
		! cowrun exec d grep -w c /etc/hosts || fail "a name is left after its $victim"
		! iptables-save -t nat | grep 'CNI-DN-' || fail "a port is left after its $victim"
		cowrun start c >/dev/null
		same "again" hello "$(fetch 127.0.0.1 8080)"
	done
	cowrun rm -f c d >/dev/null
	wait_until machine_is_clean
	all_is_gone_but_addresses
}

case_killed_while_starting() {
	local delay process
	prepare
	for delay in 0.02 0.05 0.08 0.11 0.15 0.2; do
		"$COWRUN" --root "$T/store" run -d --name c --net bridge -p 8080:80 --rootfs root sleep 1000 >/dev/null 2>&1 &
		process=$!
		sleep "$delay"
		# shellcheck disable=SC2046 # several
		kill -9 $process $(pgrep -P $process) 2>/dev/null || true
		wait $process 2>/dev/null || true
		sleep 0.3
		cowrun rm -f c >/dev/null 2>&1 || fail "cannot be removed after $delay"
	done
	wait_until machine_is_clean
	all_is_gone_but_addresses
}

case_parallel() {
	local i
	prepare
	for i in 1 2 3 4 5 6; do
		"$COWRUN" --root "$T/store" run -d --name "c$i" --net bridge --rootfs root sleep 1000 >/dev/null &
	done
	wait
	same "addresses" 6 "$(for i in 1 2 3 4 5 6; do address_of "c$i"; done | sort -u | wc -l)"
	same "names" 6 "$(cowrun exec c1 grep -c ' c[1-6] ' /etc/hosts)"
	same "rules" 1 "$(iptables -t nat -S POSTROUTING | grep -c MASQUERADE)"
	cowrun rm -f c1 c2 c3 c4 c5 c6 >/dev/null
	wait_until machine_is_clean
}

case_not_for_users() {
	prepare
	chmod 755 "$T"
	mkdir home run
	chown "$user" home run
	says 'networks of the machine are for root' 125 rootless run --rm --net bridge --rootfs root true
	refused 'networks of the machine are for root' rootless network create mine
}

case_plugins_are_missing() {
	prepare
	mkdir none
	CNI_PATH=$T/none says 'needs the CNI plugin bridge; install the package' 125 cowrun run --rm --net bridge --rootfs root true
	CNI_PATH=$T/none COWRUN_NETWORK='' says 'install the packages containernetworking-plugins' 125 cowrun run --rm -p 80 --rootfs root true
	same "default" private "$(CNI_PATH=$T/none COWRUN_NETWORK='' cowrun run --name c --rootfs root true; cowrun inspect -f '{{.HostConfig.NetworkMode}}' c)"
	same "default" bridge "$(COWRUN_NETWORK='' cowrun run --name d --rootfs root true; cowrun inspect -f '{{.HostConfig.NetworkMode}}' d)"
	printf '#!/bin/sh\necho "{\\"code\\": 7, \\"msg\\": \\"it is raining\\"}"\nexit 1\n' >none/bridge
	cp none/bridge none/host-local
	cp none/bridge none/portmap
	chmod 755 none/*
	CNI_PATH=$T/none says 'CNI plugin bridge: it is raining' 125 cowrun run --rm --net bridge --rootfs root true
	printf '#!/bin/sh\necho "[]"\n' >none/bridge
	CNI_PATH=$T/none says 'tells no address' 125 cowrun run --rm --net bridge --rootfs root true
	# A default that cannot be had is no reason not to run.
	CNI_PATH=$T/none COWRUN_NETWORK='' cowrun run --rm --rootfs root true 2>said
	grep -q 'no network but a loopback.*tells no address' said
	cowrun rm c d >/dev/null
}

run_cases "$@"
