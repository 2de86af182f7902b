#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Limits of root's containers where all controllers are in version 2, beside systemd.
# shellcheck source-path=SCRIPTDIR source=../e2e/cowrun_lib.sh disable=SC2016
. "$(dirname "$0")/../e2e/cowrun_lib.sh"

groups=/sys/fs/cgroup
# The second disk, which nobody mounts.
disk=/dev/vdb

# group_of CONTAINER
group_of() {
	echo "$groups/cowrun/$(cowrun inspect -f '{{.Id}}' "$1")"
}

# value CONTAINER FILE: of its group.
value() {
	cat "$(group_of "$1")/$2"
}

# key CONTAINER FILE NAME: the number after a name in it.
key() {
	value "$1" "$2" | sed -n "s/^$3 //p"
}

no_group_is_left() {
	absent "$groups/cowrun"
}

# End of a case: no container, no process, no group.
remove_all() {
	cowrun rm -f "$@" >/dev/null
	no_group_is_left
	all_is_gone
}

case_version_2_is_all_there_is() {
	same "file system" cgroup2fs "$(stat -f -c %T "$groups")"
	same "hierarchies" "0" "$(cut -d : -f 1 /proc/self/cgroup)"
	same "the first process" systemd "$(cat /proc/1/comm)"
}

# --- memory ---------------------------------------------------------------------------------------

case_memory() {
	start_one c -m 64m --memory-reservation 32m
	same "limit" 67108864 "$(value c memory.max)"
	same "as much swap again" 67108864 "$(value c memory.swap.max)"
	same "reservation" 33554432 "$(value c memory.low)"
	start_one d --memory 64m --memory-swap 96m
	same "swap" 33554432 "$(value d memory.swap.max)"
	start_one e -m 64m --memory-swap 64m
	same "no swap" 0 "$(value e memory.swap.max)"
	start_one f -m 64m --memory-swap -1
	same "any swap" max "$(value f memory.swap.max)"
	remove_all c d e f
}

case_memory_ends_who_takes_more() {
	make_root root
	status_is 137 cowrun run --name c -m 32m --rootfs root dd if=/dev/zero of=/dev/null bs=64M count=1
	same "killed" "true 137" "$(cowrun inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}}' c)"
	no_group_is_left
	status_is 0 cowrun run --name d -m 32m --rootfs root dd if=/dev/zero of=/dev/null bs=8M count=1 2>/dev/null
	same "killed" "false 0" "$(cowrun inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}}' d)"
	# Who comes later is counted, too.
	status_is 137 cowrun run --name e -m 32m --rootfs root sh -c 'dd if=/dev/zero of=/dev/null bs=64M count=1; exit $?' 2>/dev/null
	same "a child of its first process" true "$(cowrun inspect -f '{{.State.OOMKilled}}' e)"
	start_one f -m 32m
	status_is 137 cowrun exec f dd if=/dev/zero of=/dev/null bs=64M count=1
	remove_all c d e f
}

# --- processors -----------------------------------------------------------------------------------

case_processor_time() {
	make_root root
	cowrun run -d --name c --cpus 0.2 --cpu-shares 512 --rootfs root sh -c 'while :; do :; done' >/dev/null
	same "quota and period" "20000 100000" "$(value c cpu.max)"
	same "shares as a weight" 59 "$(value c cpu.weight)"
	wait_until is_throttled c
	start_one d --cpu-period 50000 --cpu-quota 10000
	same "quota and period" "10000 50000" "$(value d cpu.max)"
	remove_all c d
}

is_throttled() {
	[ "$(key "$1" cpu.stat nr_throttled)" -gt 0 ]
}

case_processors() {
	same "processors" 1 "$(run_in --cpuset-cpus 1 nproc)"
	start_one c --cpuset-cpus 0 --cpuset-mems 0
	same "processors and memory nodes" "0 0" "$(value c cpuset.cpus) $(value c cpuset.mems)"
	same "in force" 0 "$(value c cpuset.cpus.effective)"
	status_is 125 run_in --cpuset-cpus 4095 true 2>said
	grep -q "there are the processors" said || fail "it said: $(cat said)"
	remove_all c
}

# --- processes, devices ---------------------------------------------------------------------------

case_processes() {
	run_in --pids-limit 4 sh -c 'sleep 1 & sleep 1 & sleep 1 & echo three; sleep 1 & echo four' >said 2>errors || true
	same "as many as fit" three "$(cat said)"
	grep -q "can't fork" errors || fail "it said: $(cat errors)"
	start_one c --pids-limit 7
	start_one d --pids-limit -1
	same "limits" "7 max" "$(value c pids.max) $(value d pids.max)"
	remove_all c d
}

# By a program in the kernel. In a container, nodes elsewhere than in /dev are none to begin with.
case_devices() {
	status_is 0 run_in head -c 1 /dev/zero >/dev/null
	status_is 0 run_in --device "$disk" head -c 1 "$disk" >/dev/null
	status_is 0 limited run "cowfs-$$" devices=1 -- head -c 1 /dev/zero >/dev/null 2>&1
	status_is 1 limited run "cowfs-$$" devices=1 -- head -c 1 "$disk" >said 2>&1
	grep -q "Operation not permitted" said || fail "it said: $(cat said)"
	no_group_is_left
}

# --- input and output -----------------------------------------------------------------------------

case_block_devices() {
	local start
	start_one c --device "$disk" --device-read-bps "$disk:1mb" --device-write-bps "$disk:2mb" --device-read-iops "$disk:100" \
		--device-write-iops "$disk:200"
	same "rates" "$(stat -L -c '%Hr:%Lr' "$disk") rbps=1048576 wbps=2097152 riops=100 wiops=200" "$(value c io.max)"
	start=$(date +%s%3N)
	cowrun exec c dd if="$disk" of=/dev/null bs=128k count=24 iflag=direct 2>/dev/null
	at_least "milliseconds for 3 MiB at 1 MiB/s" 1500 $(($(date +%s%3N) - start))
	at_least "bytes read" 3145728 "$(value c io.stat | sed -n 's/.* rbytes=\([0-9]*\).*/\1/p')"
	remove_all c
}

# A kernel has the file of one of two mechanisms, whose numbers differ.
case_block_weight() {
	start_one c --blkio-weight 500
	if [ -e "$(group_of c)/io.bfq.weight" ]; then
		same "weight of BFQ" 500 "$(value c io.bfq.weight | grep -o '[0-9]*$')"
	else
		same "weight" "default 4950" "$(value c io.weight | head -n 1)"
	fi
	remove_all c
}

# --- what is seen from within ---------------------------------------------------------------------

case_shown_in_proc() {
	start_one c -m 64m --cpus 1
	same "memory" 65536 "$(cowrun exec c awk '/^MemTotal/ { print $2 }' /proc/meminfo)"
	same "processors" "1 0" "$(cowrun exec c sh -c 'echo $(grep -c ^processor /proc/cpuinfo) $(cat /sys/devices/system/cpu/online)')"
	at_most "seconds since its start" 60 "$(cowrun exec c cut -d . -f 1 /proc/uptime)"
	same "processes" 2 "$(cowrun exec c sh -c 'cut -d " " -f 4 /proc/loadavg' | cut -d / -f 2)"
	remove_all c
}

case_its_own_group() {
	local id process
	start_one c -m 64m
	id=$(cowrun inspect -f '{{.Id}}' c)
	cowrun exec -d c sleep 1001
	wait_until sh -c "[ \$(wc -l <$groups/cowrun/$id/cgroup.procs) = 2 ]"
	while read -r process; do
		same "group of $process" "0::/cowrun/$id" "$(cat "/proc/$process/cgroup")"
	done <"$groups/cowrun/$id/cgroup.procs"
	different "group of the monitor" "0::/cowrun/$id" "$(cat "/proc/$(monitor_of c)/cgroup")"
	same "seen from within" "0::/" "$(cowrun exec c cat /proc/self/cgroup)"
	same "mounted within" 67108864 "$(cowrun exec c cat /sys/fs/cgroup/memory.max)"
	status_is 1 cowrun exec c sh -c 'echo max >/sys/fs/cgroup/memory.max' 2>/dev/null
	status_is 1 cowrun exec c mkdir /sys/fs/cgroup/more 2>/dev/null
	remove_all c
}

# --- pausing and changing -------------------------------------------------------------------------

ticks() {
	wc -c <"$T/ticks/file"
}

case_pause() {
	local before
	make_root root
	mkdir ticks
	cowrun run -d --name c -v ./ticks:/ticks --rootfs root sh -c 'while :; do printf x >>/ticks/file; sleep 0.01; done' >/dev/null
	wait_until test -s ticks/file
	cowrun pause c >/dev/null
	same "frozen" "1 1" "$(value c cgroup.freeze) $(key c cgroup.events frozen)"
	same "state" paused "$(state_of c)"
	before=$(ticks)
	sleep 0.3
	same "steps while it was paused" "$before" "$(ticks)"
	status_is 125 cowrun exec c true 2>said
	grep -q "is paused; unpause it first" said || fail "it said: $(cat said)"
	cowrun unpause c >/dev/null
	same "frozen" "0 0" "$(value c cgroup.freeze) $(key c cgroup.events frozen)"
	wait_until steps_differ "$before"
	cowrun pause c >/dev/null
	timeout 20 "$COWRUN" --root "$T/store" stop -t 0 c >/dev/null
	same "state" exited "$(state_of c)"
	remove_all c
}

steps_differ() {
	[ "$(ticks)" != "$1" ]
}

case_update() {
	start_one c -m 64m --cpus 1
	cowrun update -m 128m --cpus 0.5 --pids-limit 9 --cpuset-cpus 1 --cpu-shares 2048 c >/dev/null
	same "limits" "134217728 134217728 50000 100000 9 1 174" \
		"$(value c memory.max) $(value c memory.swap.max) $(value c cpu.max) $(value c pids.max) $(value c cpuset.cpus) $(value c cpu.weight)"
	same "shown" 131072 "$(cowrun exec c awk '/^MemTotal/ { print $2 }' /proc/meminfo)"
	# What cannot be leaves all as it was.
	refused "there are the processors" cowrun update --cpu-quota 30000 --cpuset-cpus 4095 c
	same "quota" "50000 100000" "$(value c cpu.max)"
	cowrun restart -t 0 c >/dev/null
	same "after a restart" "134217728 50000 100000 9" "$(value c memory.max) $(value c cpu.max) $(value c pids.max)"
	cowrun update -m -1 --memory-swap -1 c >/dev/null
	same "without a limit" "max max" "$(value c memory.max) $(value c memory.swap.max)"
	remove_all c
}

# Less than what is in use is refused, as in version 1, instead of having the kernel kill for it.
case_update_below_what_is_used() {
	make_root root
	cowrun run -d --name c -m 128m --memory-swap 128m --tmpfs /data --rootfs root \
		sh -c 'dd if=/dev/zero of=/data/file bs=1M count=40 2>/dev/null; touch /data/done; sleep 1000' >/dev/null
	wait_until cowrun exec c test -e /data/done
	refused "the container uses more" cowrun update -m 16m --memory-swap 16m c
	same "limit" 134217728 "$(value c memory.max)"
	same "state" running "$(state_of c)"
	remove_all c
}

case_stats() {
	make_root root
	cowrun run -d --name busy -m 64m --cpus 0.5 --rootfs root sh -c 'while :; do :; done' >/dev/null
	cowrun stats --no-stream >said
	grep -qE "^$(cowrun ps -q) +busy +[0-9.]+% +[0-9.]+[KM]iB / 64MiB +[0-9.]+% +0B / 0B +.* 1\$" said || fail "it said: $(cat said)"
	awk 'NR == 2 && $3 + 0 > 1 && $3 + 0 < 90 { ok = 1 } END { exit !ok }' said || fail "it said: $(cat said)"
	remove_all busy
}

# --- beside systemd -------------------------------------------------------------------------------

# systemd passes on fewer controllers again when it needs them no more, and looks at all groups when it loads its units anew.
case_systemd_leaves_it_alone() {
	start_one c -m 64m --cpus 1 --cpuset-cpus 0 --pids-limit 9
	systemctl daemon-reload
	systemd-run --quiet --wait --property=CPUWeight=50 --property=IOWeight=50 --property=AllowedCPUs=0 true
	systemctl daemon-reload
	same "limits" "67108864 100000 100000 0 9" "$(value c memory.max) $(value c cpu.max) $(value c cpuset.cpus) $(value c pids.max)"
	same "its group" "0::/cowrun/$(cowrun inspect -f '{{.Id}}' c)" "$(cat "/proc/$(pid_of c)/cgroup")"
	start_one d --cpuset-cpus 1 --blkio-weight 100
	remove_all c d
}

# A unit that ends takes the monitor with it, and the container.
case_a_unit_ends() {
	make_root root
	systemd-run --quiet --unit=cowfs-container "$COWRUN" --root "$T/store" run --name c -m 64m --rootfs "$T/root" \
		sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done'
	wait_until is_running c
	systemctl stop cowfs-container
	wait_until nothing_is_left
	different "state" running "$(state_of c)"
	remove_all c
}

is_running() {
	[ "$(state_of "$1" 2>/dev/null)" = running ]
}

case_nothing_stays() {
	start_one c -m 64m
	cowrun stop -t 0 c >/dev/null
	no_group_is_left
	cowrun start c >/dev/null
	cowrun exec c true
	kill -9 "$(monitor_of c)"
	wait_until nothing_is_left
	same "state" exited "$(state_of c)"
	no_group_is_left
	status_is 127 run_in -m 64m no-such-command 2>/dev/null
	cowrun run -d --name always --restart always -m 64m --rootfs root sh -c 'echo run; sleep 0.2' >/dev/null
	wait_until sh -c "[ \$('$COWRUN' --root '$T/store' logs always | wc -l) -ge 2 ]"
	wait_until is_limited always 67108864
	remove_all c always
}

# Between two runs it has no group.
is_limited() {
	[ "$(value "$1" memory.max 2>/dev/null)" = "$2" ]
}

# Somebody in the container has made groups of his own.
case_groups_within() {
	start_one c -m 64m --privileged
	cowrun exec -d c sh -c 'mkdir -p /sys/fs/cgroup/a/b && echo $$ >/sys/fs/cgroup/a/b/cgroup.procs && exec sleep 1002'
	wait_until grep -qs . "$(group_of c)/a/b/cgroup.procs"
	same "listed" 2 "$(cowrun top c | tail -n +2 | wc -l)"
	cowrun exec c true
	cowrun pause c >/dev/null
	cowrun unpause c >/dev/null
	remove_all c
}

run_cases "$@"
