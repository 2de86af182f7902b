#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# podman with cowfs as its mount program, when something dies or is held: clear errors, nothing left, and the store in use again.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2016
. "$(dirname "$0")/lib.sh"

# start_one NAME: a container that runs, with something of its own in its union. It ends with the case, however that ends.
start_one() {
	on cowfs run -d --name "$1" localhost/bb sleep 1000 >/dev/null
	note_process "$(pid_of "$1" ConmonPid)"
	note_process "$(pid_of "$1" Pid)"
	on cowfs exec "$1" sh -c "echo $1 >/kept"
}

merged() {
	on cowfs inspect -f '{{.GraphDriver.Data.MergedDir}}' "$1"
}

pid_of() {
	on cowfs inspect -f "{{.State.$2}}" "$1"
}

remove() {
	on cowfs rm -f -t 0 "$@" >/dev/null
}

# The monitor first: then nobody is told of the container's end, nor unmounts.
case_monitor_killed() {
	local monitor process
	prepare
	start_one c
	monitor=$(pid_of c ConmonPid)
	process=$(pid_of c Pid)
	kill -KILL "$monitor"
	wait_until process_is_gone "$monitor"
	same "without its monitor" c "$(on cowfs exec c cat /kept)"
	kill -KILL "$process"
	wait_until process_is_gone "$process"
	! on cowfs exec c true 2>/dev/null || fail "a dead container runs a program"
	remove c
	nothing_is_left
	start_one c
	remove c
	nothing_is_left
}

# One of two dies: whoever asks is told so, and the other does not notice.
case_daemon_killed() {
	local place daemon
	prepare
	start_one c
	start_one other
	place=$(merged c)
	daemon=$(daemon_pid "$place")
	kill -KILL "$daemon"
	wait_until process_is_gone "$daemon"
	refused "Transport endpoint is not connected" ls "$place"
	! on cowfs exec c cat /kept >/dev/null 2>&1 || fail "a union without its daemon was read"
	! on cowfs cp c:/kept copied >/dev/null 2>&1 || fail "a union without its daemon was copied from"
	same "the other" other "$(on cowfs exec other cat /kept)"
	remove c
	absent "$place/kept"
	same "a new one of the image" new "$(on cowfs run --rm localhost/bb echo new)"
	remove other
	nothing_is_left
}

# The daemon of the union that podman itself reads for a commit.
case_daemon_killed_before_commit() {
	local place daemon
	prepare
	on cowfs run --name c localhost/bb sh -c 'echo kept >/kept'
	place=$(on cowfs mount c)
	daemon=$(daemon_pid "$place")
	kill -KILL "$daemon"
	wait_until process_is_gone "$daemon"
	# podman would mount it once more.
	refused "a mount whose daemon is gone is still there; unmount it first" on cowfs commit -q c localhost/broken
	on cowfs umount -f c >/dev/null
	on cowfs commit -q c localhost/whole >/dev/null
	same "the image" kept "$(on cowfs run --rm localhost/whole cat /kept)"
	remove c
	nothing_is_left
}

# hold FILE: somebody outside who keeps it open until `let_go`.
hold() {
	# shellcheck disable=SC2217 # it only holds it
	sleep 1000 <"$1" &
	holder=$!
	note_process "$holder"
	wait_until test "/proc/$holder/fd/0" -ef "$1"
}

let_go() {
	kill "$holder"
	wait "$holder" || true
}

case_unmount_while_busy() {
	local place
	prepare
	on cowfs run --name c localhost/bb sh -c 'echo kept >/kept'
	place=$(on cowfs mount c)
	hold "$place/kept"
	refused "busy" umount "$place"
	refused "is in use" "$COWFS" umount "$place"
	same "all the same" kept "$(cat "$place/kept")"
	let_go
	on cowfs umount c >/dev/null
	nothing_is_left
	on cowfs start -a c
	remove c
	nothing_is_left
}

# podman's own unmount is lazy: what is open stays so, and ends with its last user.
case_lazy_unmount() {
	local place
	prepare
	on cowfs run --name c localhost/bb sh -c 'echo kept >/kept'
	place=$(on cowfs mount c)
	hold "$place/kept"
	umount --lazy "$place"
	absent "$place/kept"
	same "what was open" kept "$(cat "/proc/$holder/fd/0")"
	on cowfs umount c >/dev/null
	let_go
	nothing_is_left
	place=$(on cowfs mount c)
	same "mounted again" kept "$(cat "$place/kept")"
	on cowfs umount c >/dev/null
	remove c
	nothing_is_left
}

run_cases "$@"
