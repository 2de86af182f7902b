#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Limits as the kernel keeps them: control groups, capabilities and system calls of a command that has no container
# around it. tests/e2e/limited does with them what the runtime does.
. "$(dirname "$0")/lib.sh"

# In the name of every group, so that tests that run at once do not meet.
id=test-$$-$RANDOM

# number KEY: what the last `limited run` reported on stderr, kept in $T.report.
number() {
	sed -n "s/^$1 //p" "$T.report"
}

# run [OPTION...] -- COMMAND...: in a group of its own; the status is in $status.
run() {
	status=0
	limited run "$id" "$@" >"$T.stdout" 2>"$T.report" || status=$?
}

no_group_is_left() {
	local directory
	for directory in /sys/fs/cgroup/*/cowrun/"$id" /sys/fs/cgroup/cowrun/"$id"; do
		absent "$directory"
	done
}

needs_controller() {
	[ -d "/sys/fs/cgroup/$1" ] || skip "the controller $1 is not in a hierarchy of version 1 here"
	[ -w "/sys/fs/cgroup/$1/cgroup.procs" ] || skip "control groups cannot be written to here"
}

at_least() {
	say "$1: $3 (at least $2)"
	[ "$3" -ge "$2" ] || fail "$1: $3 is less than $2"
}

# --- Limits ---------------------------------------------------------------------------------------

case_memory_ends_who_takes_more() {
	needs_controller memory
	run memory=64m -- limited allocate 128
	same "exit status" 137 "$status"
	at_least "processes killed" 1 "$(number oom_kills)"
	same "limit" 67108864 "$(number memory_limit)"
	run memory=64m -- limited allocate 32
	same "exit status" 0 "$status"
	same "processes killed" 0 "$(number oom_kills)"
	no_group_is_left
}

case_processor_time_is_a_fifth() {
	needs_controller cpu
	run cpu-period=100000 cpu-quota=20000 -- limited burn 2
	at_most "milliseconds of a 2 s busy loop" 800 "$(number cpu_milliseconds)"
	at_least "milliseconds of a 2 s busy loop" 100 "$(number cpu_milliseconds)"
	run cpus=0.2 keep=1 -- true
	same quota 20000 "$(cat "/sys/fs/cgroup/cpu/cowrun/$id/cpu.cfs_quota_us")"
	limited group "$id" remove
	no_group_is_left
}

case_processes_are_counted() {
	needs_controller pids
	run pids-limit=10 -- limited fork 30
	same "children beside their parent" 9 "$(cat "$T.stdout")"
	run pids-limit=-1 -- limited fork 30
	same "children beside their parent" 30 "$(cat "$T.stdout")"
}

case_processors_are_chosen() {
	needs_controller cpuset
	run cpuset-cpus=0 -- nproc
	same "processors" 1 "$(cat "$T.stdout")"
	run cpuset-cpus=4095 -- true
	same "exit status" 125 "$status"
	grep -q "there are the processors" "$T.report" || fail "it said: $(cat "$T.report")"
	no_group_is_left
}

case_block_devices_are_throttled() {
	local device start milliseconds
	needs_controller blkio
	[ -e /sys/fs/cgroup/blkio/blkio.throttle.write_bps_device ] || skip "this kernel does not throttle"
	new_file_system 64 disk
	device=$(findmnt -n -o SOURCE disk)
	start=$(date +%s%3N)
	run device-write-bps="$device":2mb -- dd if=/dev/zero of=disk/file bs=1M count=4 oflag=direct
	milliseconds=$(($(date +%s%3N) - start))
	same "exit status" 0 "$status"
	at_least "milliseconds for 4 MB at 2 MB/s" 1000 "$milliseconds"
	at_least "bytes written" 4194304 "$(number written_bytes)"
	run device-write-iops="$device":20 -- dd if=/dev/zero of=disk/file bs=4k count=30 oflag=direct
	same "exit status" 0 "$status"
}

case_devices_are_allowed_one_by_one() {
	needs_controller devices
	run devices=1 -- head -c 1 /dev/zero
	same "exit status for /dev/zero" 0 "$status"
	run devices=1 -- head -c 0 /dev/fuse
	same "exit status for /dev/fuse" 1 "$status"
	grep -q "Operation not permitted" "$T.report" || fail "it said: $(cat "$T.report")"
	run devices=1 'device-cgroup-rule=c 10:229 rw' -- head -c 0 /dev/fuse
	same "exit status for /dev/fuse with a rule" 0 "$status"
}

case_limits_change_while_it_runs() {
	needs_controller memory
	run memory=64m update-memory=256m update-memory-swap=512m -- sh -c 'sleep 0.5; limited allocate 128'
	same "exit status" 0 "$status"
	same "limit" 268435456 "$(number memory_limit)"
	run memory=256m update-memory=64m update-memory-swap=64m -- sh -c 'sleep 0.5; limited allocate 128'
	at_least "processes killed" 1 "$(number oom_kills)"
	run memory=64m update-memory=256m -- true
	same "exit status" 125 "$status"
	grep -q -e --memory-swap "$T.report" || fail "it said: $(cat "$T.report")"
	limited group "$id" remove
	no_group_is_left
}

case_limits_that_make_no_sense() {
	local option
	for option in memory=1m cpu-shares=1 cpu-period=1 cpu-quota=1 blkio-weight=1 memory-swap=1g; do
		run "$option" -- true
		same "exit status for $option" 125 "$status"
		[ "$(wc -l <"$T.report")" = 1 ] || fail "it said: $(cat "$T.report")"
	done
	no_group_is_left
}

# --- Processes of a group -------------------------------------------------------------------------

# Starts a command whose children are in a group, and waits until they are.
start_sleepers() {
	limited run "$id" keep=1 -- sh -c 'sleep 1000 & sleep 1000 & wait' >/dev/null 2>&1 &
	note_process $!
	wait_until has_processes 3
}

has_processes() {
	[ "$(limited group "$id" list 2>/dev/null | wc -l)" = "$1" ]
}

states() {
	local process
	for process in $(limited group "$id" list); do
		sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$process/status"
	done | sort -u
}

case_all_processes_are_listed_frozen_and_killed() {
	needs_controller freezer
	start_sleepers
	limited group "$id" freeze
	limited group "$id" freeze
	has_processes 3
	limited group "$id" kill
	wait_until has_processes 0
	limited group "$id" remove
	no_group_is_left
}

case_frozen_processes_go_on() {
	needs_controller freezer
	limited run "$id" keep=1 -- sh -c 'while :; do date +%N >tick; sleep 0.01; done' >/dev/null 2>&1 &
	note_process $!
	wait_until test -s tick
	limited group "$id" freeze
	cp tick before
	sleep 0.3
	cmp tick before
	limited group "$id" thaw
	wait_until differs tick before
	limited group "$id" kill
	wait_until has_processes 0
	limited group "$id" remove
}

differs() {
	! cmp -s "$1" "$2"
}

case_a_frozen_group_is_told_to_end() {
	needs_controller freezer
	start_sleepers
	limited group "$id" freeze
	limited group "$id" terminate
	limited group "$id" thaw
	wait_until has_processes 0
	limited group "$id" remove
}

case_groups_within_are_removed_too() {
	needs_controller memory
	run keep=1 -- true
	mkdir -p "/sys/fs/cgroup/memory/cowrun/$id/a/b/c" "/sys/fs/cgroup/pids/cowrun/$id/d"
	limited group "$id" remove
	no_group_is_left
}

case_a_group_in_use_is_not_taken() {
	needs_controller memory
	start_sleepers
	refused "in use" limited run "$id" -- true
	has_processes 3
	limited group "$id" kill
	wait_until has_processes 0
	limited group "$id" remove
}

# --- Version 2, as far as an empty hierarchy has it -----------------------------------------------

case_version_2_keeps_devices_by_a_program() {
	local v2
	v2=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
	[ -n "$v2" ] || skip "there is no hierarchy of version 2 here"
	in_namespaces only_version_2 || fail "see above"
}

only_version_2() {
	local v2=/sys/fs/cgroup
	umount -R /sys/fs/cgroup
	mount -t cgroup2 cgroup2 "$v2"
	run devices=1 -- head -c 1 /dev/zero
	same "exit status for /dev/zero" 0 "$status"
	run devices=1 -- head -c 0 /dev/fuse
	same "exit status for /dev/fuse" 1 "$status"
	grep -q "Operation not permitted" "$T.report" || fail "it said: $(cat "$T.report")"
	run memory=64m -- true
	same "exit status without a memory controller" 125 "$status"
	grep -q -e --cgroup-ignore "$T.report" || fail "it said: $(cat "$T.report")"
	start_sleepers
	limited group "$id" freeze
	limited group "$id" kill
	wait_until has_processes 0
	limited group "$id" remove
	no_group_is_left
}

# --- Capabilities and system calls ----------------------------------------------------------------

case_capabilities_are_dockers() {
	run seccomp=unconfined -- grep -E '^Cap(Prm|Eff|Bnd|Inh|Amb)' /proc/self/status
	same "capabilities" "CapInh:	0000000000000000
CapPrm:	00000000a80425fb
CapEff:	00000000a80425fb
CapBnd:	00000000a80425fb
CapAmb:	0000000000000000" "$(cat "$T.stdout")"
	run cap-drop=ALL cap-add=KILL -- grep -E '^Cap(Prm|Bnd)' /proc/self/status
	same "capabilities" "CapPrm:	0000000000000020
CapBnd:	0000000000000020" "$(cat "$T.stdout")"
	run cap-add=FLY -- true
	same "exit status" 125 "$status"
}

case_an_ordinary_user_has_none() {
	run user=12345 seccomp=default -- grep -E '^(CapPrm|CapEff|Uid|Seccomp):' /proc/self/status
	same "status" "Uid:	12345	12345	12345	12345
CapPrm:	0000000000000000
CapEff:	0000000000000000
Seccomp:	2" "$(cat "$T.stdout")"
}

case_the_clock_is_not_set() {
	run seccomp=default -- limited settimeofday
	same "settimeofday" EPERM "$(cat "$T.stdout")"
	run seccomp=unconfined -- limited settimeofday
	same "settimeofday without the capability" EPERM "$(cat "$T.stdout")"
}

case_a_profile_from_a_file() {
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["socket"],"action":"SCMP_ACT_ERRNO",
		"errnoRet":71,"args":[{"index":0,"value":16,"op":"SCMP_CMP_EQ"}]}]}' >profile
	run seccomp=profile -- limited socket 16
	same "socket(AF_NETLINK)" EPROTO "$(cat "$T.stdout")"
	run seccomp=profile -- limited socket 1
	same "socket(AF_UNIX)" "done" "$(cat "$T.stdout")"
	echo '{"defaultAction":"SCMP_ACT_SHRUG"}' >profile
	run seccomp=profile -- true
	same "exit status" 125 "$status"
	grep -q SCMP_ACT_SHRUG "$T.report" || fail "it said: $(cat "$T.report")"
}

run_cases "$@"
