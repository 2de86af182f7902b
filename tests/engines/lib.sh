# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash source-path=SCRIPTDIR source=../e2e/lib.sh
#
# What the tests of container engines share, beyond ../e2e/lib.sh: podman with a store of its own for each of two sides, `cowfs`
# and `peer`, which is fuse-overlayfs if it is installed and else the kernel's overlayfs. What the two say must be the same.

. "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"

[ -n "${COWFS_JAIL-}" ] || skip_all "only in tests/jail: engines keep state in /etc, /run and /var"

# podman finds them by its configuration, which is not the machine's.
write_configuration() {
	mkdir -p /etc/containers
	echo '{ "default": [ { "type": "insecureAcceptAnything" } ] }' >/etc/containers/policy.json
	cat >containers.conf <<-END
		[containers]
		${1-}
		netns = "none"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		conmon_path = ["$(command -v conmon)"]
		runtime = "runc"
		[engine.runtimes]
		runc = ["$(command -v runc)"]
	END
	printf '%s\n' '[storage]' 'driver = "overlay"' "graphroot = \"$T/store\"" "runroot = \"$T/run\"" >storage.conf
	export CONTAINERS_CONF=$T/containers.conf CONTAINERS_STORAGE_CONF=$T/storage.conf TMPDIR=$T/tmp
	mkdir -p -m 1777 tmp
}

# Every side has the image bb.
prepare() {
	local side
	needs podman conmon runc
	# A hard limit on open files below podman's own is one that it cannot set.
	write_configuration "default_ulimits = [\"nofile=$(ulimit -Hn):$(ulimit -Hn)\", \"nproc=32768:32768\"]"
	make_root root
	tar -C root -cf bb.tar .
	mkdir -p program
	ln -sf "$COWFS" program/fuse-overlayfs
	for side in cowfs peer; do
		on "$side" import -q -c 'ENV PATH=/usr/bin:/bin' bb.tar localhost/bb >/dev/null
	done
}

# on SIDE ARGUMENT...: podman there; a side that is neither of the two has the kernel's overlayfs. STORAGE has further options, AS what runs it as somebody else.
on() {
	local side=$1 options=()
	shift
	case $side in
	cowfs) options=(--storage-opt "overlay.mount_program=$T/program/fuse-overlayfs") ;;
	peer) ! command -v fuse-overlayfs >/dev/null ||
		options=(--storage-opt "overlay.mount_program=$(command -v fuse-overlayfs)") ;;
	esac
	# shellcheck disable=SC2086 # words
	${AS-} podman --root "$T/$side/root" --runroot "$T/$side/run" --tmpdir "$T/$side/tmp" --storage-driver overlay \
		"${options[@]}" ${STORAGE-} "$@"
}

# A third side, on which neither mount program helps.
prepare_kernel() {
	on kernel import -q -c 'ENV PATH=/usr/bin:/bin' bb.tar localhost/bb >/dev/null
	on kernel run --rm localhost/bb true 2>"$T.said" || skip "the kernel's overlayfs does not work here: $(head -n 1 "$T.said")"
}

# same_on_both FUNCTION: called with each side, it prints the same.
same_on_both() {
	"$1" peer >"$T.peer"
	"$1" cowfs >"$T.cowfs"
	diff -U 2 "$T.peer" "$T.cowfs" >"$T.diff" || {
		sed "s/^/# /" "$T.diff"
		fail "$1 says something else on cowfs"
	}
}

# In a container: each file with its type, mode, owner, size, links and content, and if it is of 2001 its time. What the engine
# writes there is another each time.
# shellcheck disable=SC2016,SC2034 # for a shell there
describe='cd /; find bin etc srv opt 2>/dev/null | grep -vE "^etc/(hosts|hostname|resolv.conf|mtab)$" | sort | while read -r f; do
	if [ -d "$f" ]; then stat -c "%n %F %a %u:%g" "$f"; else stat -c "%N %F %a %u:%g %s %h" "$f"; fi
	[ -h "$f" ] || stat -c %y "$f" | grep "^2001"
	[ ! -f "$f" ] || [ "$(stat -c %s "$f")" -gt 10000000 ] || sha256sum <"$f"; done; true'

daemons() {
	local process
	for process in /proc/[0-9]*; do
		[ "$(readlink "$process/exe" 2>/dev/null)" != "$(realpath "$COWFS")" ] ||
			[[ $(cat "$process/stat") == *') Z '* ]] || echo "${process##*/}"
	done
}

no_daemon() {
	[ -z "$(daemons)" ]
}

# The inodes of what somebody has locked below the directory: an upper is locked while it is mounted.
locked_below() {
	awk '{ sub(".*:", "", $6); print $6 }' /proc/locks | sort -u >"$T.locked"
	find "$1" -xdev -printf '%i %p\n' 2>/dev/null | sort | join - <(sort "$T.locked")
}

nothing_is_locked() {
	[ -z "$(locked_below "$T/cowfs")" ]
}

# Nothing of the engine's, and nothing of ours, is left.
nothing_is_left() {
	wait_until no_daemon
	wait_until nothing_is_locked
	! mounts_below "$T/cowfs" | grep -v "^$T/cowfs/root/overlay$" || fail "a mount is left"
}
