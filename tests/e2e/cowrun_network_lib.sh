# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the tests of networks share, beyond cowrun_lib.sh: a machine of their own, as far as the network goes, with a loopback and
# an interface `outer` that leads nowhere.

[ "$(id -u)" != 0 ] || [ -n "${COWFS_TEST_NETWORK-}" ] ||
	exec unshare --net env COWFS_TEST_NETWORK=1 "$BASH" "$0" "$@"

. "$(dirname "${BASH_SOURCE[0]}")/cowrun_lib.sh"

[ "$(id -u)" = 0 ] || skip_all "needs a network namespace of its own, so only root"
[ -c /dev/net/tun ] || skip_all "there is no /dev/net/tun"
command -v ip >/dev/null || skip_all "ip is not installed"

user=nobody
group=nogroup

# Once for all cases, which run one after the other.
if ! ip link show outer >/dev/null 2>&1; then
	ip link set lo up
	ip link add outer type veth peer name nobody
	ip address add 192.0.2.10/24 dev outer
	ip link set outer up
	ip link set nobody up
	ip route add default via 192.0.2.1
	echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start
	# Everybody may open it, as udev would see to.
	mknod -m 666 /run/cowfs-tun c 10 200
	mount --bind /run/cowfs-tun /dev/net/tun
fi

# What a container runs: servers on three ports.
# shellcheck disable=SC2016,SC2034
serve='mkdir /site; echo hello >/site/index.html; for p in 80 90 91; do httpd -p $p -h /site; done; exec sleep 1000'

rootless_with() {
	setpriv --reuid "$user" --regid "$group" --clear-groups env -i PATH="$PATH" COWFS="$COWFS" HOME="$T/home" \
		XDG_RUNTIME_DIR="$T/run" "$1" "$COWRUN" "${@:2}"
}

rootless() {
	rootless_with TERM=dumb "$@"
}

is_usable() {
	command -v "$1" >/dev/null
}

# The program that is the default.
first_usable() {
	if is_usable pasta; then echo pasta; else echo slirp4netns; fi
}

# prepare_user PROGRAM|any|none: a root, a home, and the programs that the case is about.
prepare_user() {
	case $1 in
	none) ;;
	any) is_usable pasta || is_usable slirp4netns || skip "neither pasta nor slirp4netns is installed" ;;
	*) needs "$1" ;;
	esac
	needs python3
	chmod 755 "$T"
	mkdir home run
	chmod 700 run
	chown "$user" home run
	make_root root
	chown -R "$user:$group" root
	give_subordinate_ids "$user"
}

# without_programs NAMES: a PATH that has all that there is but these.
without_programs() {
	local directory file
	mkdir bin
	for directory in ${PATH//:/ }; do
		for file in "$directory"/*; do
			case " $1 " in
			*" ${file##*/} "*) ;;
			*) [ -e "bin/${file##*/}" ] || ln -s "$file" bin/ 2>/dev/null || true ;;
			esac
		done
	done
	PATH=$T/bin
}

# The body of what a web server says.
fetch_once() {
	(
		exec 3<>"/dev/tcp/$1/$2"
		printf 'GET / HTTP/1.0\r\n\r\n' >&3
		timeout 2 sed '1,/^\r$/d' <&3
	) 2>/dev/null
}

# fetch ADDRESS PORT: the same as soon as there is one.
fetch() {
	local tries body
	for ((tries = 0; tries < 40; tries++)); do
		body=$(fetch_once "$@" || true)
		if [ -n "$body" ]; then
			echo "$body"
			return
		fi
		sleep 0.05
	done
	return 1
}

connects() {
	(exec 3<>"/dev/tcp/$1/$2") 2>/dev/null
}

# listen ADDRESS PORT DIRECTORY: a web server of the machine.
listen() {
	python3 -m http.server -b "$1" -d "$3" "$2" >/dev/null 2>&1 &
	note_process $!
	wait_until connects "$1" "$2"
}

# answer_udp PID PORT: in the network of a process, since there is nothing for it in busybox.
answer_udp() {
	nsenter -t "$1" -n python3 - "$2" <<'END' &
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", int(sys.argv[1])))
while True:
    s.sendto(b"answer\n", s.recvfrom(100)[1])
END
	note_process $!
}

udp_answers() {
	[ "$(python3 - "$@" <<'END'
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(0.5)
s.sendto(b"question", (sys.argv[1], int(sys.argv[2])))
try:
    print(s.recv(100).decode().strip())
except OSError:
    pass
END
	)" = answer ]
}

# says WORDS STATUS COMMAND...
says() {
	local words=$1
	shift
	status_is "$@" >/dev/null 2>said
	grep -q -e "$words" said || fail "${*:2} said: $(cat said)"
	same "lines" 1 "$(wc -l <said)"
}

# Processes of the programs that connect containers.
helpers() {
	local process
	for process in /proc/[0-9]*; do
		case $(readlink "$process/exe" 2>/dev/null) in
		*/passt | */passt.avx2 | */pasta | */pasta.avx2 | */slirp4netns) echo "${process##*/}" ;;
		esac
	done
}

no_helpers() {
	[ -z "$(helpers)" ]
}

user_monitor() {
	grep -o '"monitor":[0-9]*' home/.local/share/cowrun/containers/*/state.json | grep -o '[0-9]*$'
}

user_is_gone() {
	wait_until nothing_is_left
	wait_until no_helpers
	is_empty home/.local/share/cowrun/containers home/.local/share/cowrun/names run/cowrun
}

# shellcheck disable=SC2034
serve_large='mkdir /site; echo hello >/site/index.html; dd if=/dev/zero of=/site/large bs=1000000 count=1; exec httpd -f -p 80 -h /site'

# sends_slowly ADDRESS PORT: a million bytes at eight million bits a second take a second, but for a burst at the beginning.
sends_slowly() {
	local begin
	same "small" hello "$(fetch "$1" "$2")"
	begin=$(date +%s%N)
	(
		exec 3<>"/dev/tcp/$1/$2"
		printf 'GET /large HTTP/1.0\r\n\r\n' >&3
		cat <&3 >large 2>/dev/null || true # some end with a reset
	)
	at_least "bytes" 1000000 "$(stat -c %s large)"
	at_least "milliseconds" 700 $((($(date +%s%N) - begin) / 1000000))
}
