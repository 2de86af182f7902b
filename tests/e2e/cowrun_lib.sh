# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the tests of cowrun share, beyond lib.sh: containers on a root file system of busybox alone, kept in $T.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

: "${COWRUN:?the path of the program cowrun must be in COWRUN}"

# Containers hold processes and mounts; only the jail is sure to end them all.
[ -n "${COWFS_JAIL-}" ] || [ "$(id -u)" != 0 ] || skip_all "only in tests/jail"

# Most tests are about something else, and networks are the machine's.
export COWRUN_NETWORK=private

cowrun() {
	"$COWRUN" --root "$T/store" "$@"
}

# The control groups of containers are the machine's: those of a case that fails would stay.
remove_containers() {
	local containers
	[ -d "$T/store/containers" ] || return 0
	containers=$(cowrun ps -aq)
	# shellcheck disable=SC2086 # many words
	[ -z "$containers" ] || cowrun rm -f $containers
}

[ "${1-}" != --case ] || trap 'remove_containers >/dev/null 2>&1' EXIT

# run_in [OPTION...] COMMAND...: in a new container above root/.
run_in() {
	[ -d root ] || make_root root
	cowrun run --rm --rootfs root "$@"
}

# start_one NAME [OPTION...]: a container that sleeps.
start_one() {
	local name=$1
	shift
	[ -d root ] || make_root root
	cowrun run -d --name "$name" --rootfs root "$@" sleep 1000 >/dev/null
}

# A home for nobody, an ordinary user, and a root; cowrun_of_nobody is cowrun run by him.
prepare_nobody() {
	chmod 755 "$T"
	mkdir home
	chown nobody home
	make_root root
}

cowrun_of_nobody() {
	setpriv --reuid nobody --regid nogroup --clear-groups env -i PATH="$PATH" COWFS="$COWFS" HOME="$T/home" "$COWRUN" "$@"
}

# status_is EXPECTED COMMAND...
status_is() {
	local expected=$1 status=0
	shift
	"$@" || status=$?
	same "exit status of $*" "$expected" "$status"
}

state_of() {
	cowrun inspect -f '{{.State.Status}}' "$1"
}

pid_of() {
	cowrun inspect -f '{{.State.Pid}}' "$1"
}

monitor_of() {
	grep -o '"monitor":[0-9]*' "$T/store/containers/$(cowrun inspect -f '{{.Id}}' "$1")/state.json" |
		grep -o '[0-9]*$'
}

# Processes of ours that are still there: monitors, daemons, what runs in containers.
leftovers() {
	local process
	for process in /proc/[0-9]*; do
		case $(readlink "$process/exe" 2>/dev/null) in
		*/memfd:cowrun* | "$COWFS" | */busybox) echo "${process##*/}" ;;
		esac
	done
}

nothing_is_left() {
	[ -z "$(leftovers)" ]
}

is_empty() {
	same "in $*" "" "$(find "$@" -mindepth 1 ! -path "*/filters*" ! -name "events.log*")"
}

# shellcheck disable=SC2016,SC2034 # for a shell in a container
namespaces_inside='for n in cgroup ipc mnt net pid uts; do echo $n $(readlink /proc/self/ns/$n); done'

# namespaces_differ LINES: "NAME LINK" of a container's, none of which is ours.
namespaces_differ() {
	local name link
	[ -n "$1" ] || fail "no namespaces were told"
	while read -r name link; do
		different "namespace $name" "$link" "$(readlink "/proc/self/ns/$name")"
	done <<<"$1"
}

# No process, mount or file of a container is left, now or in a moment.
all_is_gone() {
	wait_until nothing_is_left
	is_empty "$T/store/containers" "$T/store/names" "$T/store/run"
	! grep " $T/store" /proc/self/mountinfo || fail "a mount is left"
}
