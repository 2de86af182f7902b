#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What containers may use: the flags of cowrun run, their groups, and what is left of these.
# shellcheck source-path=SCRIPTDIR source=cowrun_lib.sh disable=SC2016
. "$(dirname "$0")/cowrun_lib.sh"

groups=/sys/fs/cgroup

needs_controller() {
	[ -w "$groups/$1/cgroup.procs" ] ||
		skip "the controller $1 is not in a hierarchy of version 1 that can be written to"
}

# value CONTAINER CONTROLLER FILE: of its group.
value() {
	cat "$groups/$2/cowrun/$(cowrun inspect -f '{{.Id}}' "$1")/$3"
}

group_is_gone() {
	local directory
	for directory in "$groups"/*/cowrun/"$1" "$groups/cowrun/$1"; do
		absent "$directory"
	done
}

# No group of a container whose id is in $T/ids.
groups_are_gone() {
	local id
	while read -r id; do
		group_is_gone "$id"
	done <"$T/ids"
}

note_id() {
	cowrun inspect -f '{{.Id}}' "$1" >>"$T/ids"
}

# says PATTERN COMMAND...: fails, with one line that says so.
says() {
	local pattern=$1 status=0
	shift
	"$@" >"$T/said" 2>&1 || status=$?
	same "exit status of $*" 125 "$status"
	same "lines" 1 "$(wc -l <"$T/said")"
	grep -q -e "$pattern" "$T/said" || fail "it said: $(cat "$T/said")"
}

case_memory() {
	needs_controller memory
	make_root root
	status_is 137 cowrun run --name c -m 64m --rootfs root dd if=/dev/zero of=/dev/null bs=128M count=1
	note_id c
	same "killed" "true 137" "$(cowrun inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}}' c)"
	groups_are_gone
	status_is 0 cowrun run --name d --memory 64m --rootfs root dd if=/dev/zero of=/dev/null bs=16M count=1 2>/dev/null
	same "killed" "false 0" "$(cowrun inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}}' d)"
	start_one e -m 1g --memory-reservation 100m
	note_id e
	same "limit" 1073741824 "$(value e memory memory.limit_in_bytes)"
	same "reservation" 104857600 "$(value e memory memory.soft_limit_in_bytes)"
	# Who comes later is counted, too.
	status_is 137 cowrun run --name f -m 64m --rootfs root sh -c 'sleep 0.1; dd if=/dev/zero of=/dev/null bs=128M count=1' 2>/dev/null
	same "a child of its first process" true "$(cowrun inspect -f '{{.State.OOMKilled}}' f)"
	cowrun rm -f c d e f >/dev/null
	groups_are_gone
	all_is_gone
}

case_processes() {
	needs_controller pids
	run_in --pids-limit 4 sh -c 'sleep 1 & sleep 1 & sleep 1 & echo three; sleep 1 & echo four' >said 2>errors || true
	same "as many as fit" three "$(cat said)"
	grep -q "can't fork" errors || fail "it said: $(cat errors)"
	start_one c --pids-limit -1
	same "no limit" max "$(value c pids pids.max)"
	cowrun rm -f c >/dev/null
}

case_processor_time() {
	local used
	needs_controller cpu
	make_root root
	cowrun run -d --name c --cpus 0.2 -c 512 --rootfs root sh -c 'while :; do :; done' >/dev/null
	sleep 1
	used=$(($(value c cpuacct cpuacct.usage) / 1000000))
	same "quota" 20000 "$(value c cpu cpu.cfs_quota_us)"
	same "period" 100000 "$(value c cpu cpu.cfs_period_us)"
	same "shares" 512 "$(value c cpu cpu.shares)"
	at_most "milliseconds of a second" 500 "$used"
	cowrun rm -f c >/dev/null
	start_one d --cpu-period 50000 --cpu-quota 10000
	same "quota" "10000 50000" "$(value d cpu cpu.cfs_quota_us) $(value d cpu cpu.cfs_period_us)"
	cowrun rm -f d >/dev/null
	all_is_gone
}

# /proc tells the truth, to an ordinary user of the container and to a joining process as well.
case_shown_in_proc() {
	local machine
	needs_controller memory
	needs_controller cpu
	machine=$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)
	start_one c -m 64m --cpus 1
	same "memory" 65536 "$(cowrun exec -u web c awk '/^MemTotal/ { print $2 }' /proc/meminfo)"
	same "processors" "1 0" "$(cowrun exec c sh -c 'echo $(grep -c ^processor /proc/cpuinfo) $(cat /sys/devices/system/cpu/online)')"
	at_most "seconds since its start" 60 "$(cowrun exec c cut -d . -f 1 /proc/uptime)"
	status_is 1 cowrun exec c sh -c 'echo x >/proc/meminfo' 2>/dev/null
	cowrun rm -f c >/dev/null
	same "of the machine, by option" "$machine" "$(run_in -m 64m --proc host awk '/^MemTotal/ { print $2 }' /proc/meminfo)"
	same "of the machine, without limits" "$machine" "$(run_in awk '/^MemTotal/ { print $2 }' /proc/meminfo)"
	at_most "seconds, by option" 60 "$(run_in --proc limits cut -d . -f 1 /proc/uptime)"
	status_is 125 run_in --proc none true 2>/dev/null
	# A root that says that /proc is elsewhere.
	rm -rf root/proc
	mkdir root/elsewhere
	ln -s /elsewhere root/proc
	same "through a link" 65536 "$(run_in -m 64m awk '/^MemTotal/ { print $2 }' /proc/meminfo)"
	all_is_gone
}

case_processors() {
	needs_controller cpuset
	same "processors" 1 "$(run_in --cpuset-cpus 0 nproc)"
	start_one c --cpuset-cpus 0 --cpuset-mems 0
	same "memory nodes" 0 "$(value c cpuset cpuset.mems)"
	cowrun rm -f c >/dev/null
	says "there are the processors" run_in --cpuset-cpus 4095 true
	all_is_gone
}

case_block_devices() {
	local device
	needs_controller blkio
	[ -e "$groups/blkio/blkio.throttle.write_bps_device" ] || skip "this kernel does not throttle"
	new_file_system 64 disk
	device=$(findmnt -n -o SOURCE disk)
	start_one c --device-write-bps "$device:2mb" --device-read-iops "$device:100"
	same "bytes written" 2097152 "$(value c blkio blkio.throttle.write_bps_device | cut -d ' ' -f 2)"
	same "reads" 100 "$(value c blkio blkio.throttle.read_iops_device | cut -d ' ' -f 2)"
	cowrun inspect -f '{{json .HostConfig.BlkioDeviceWriteBps}}' c | grep -q '"Rate":2097152'
	cowrun rm -f c >/dev/null
}

case_inspected() {
	make_root root
	cowrun create --name c -m 64m --cpus 1.5 --pids-limit 7 --cpuset-cpus 0-1 --rootfs root true >/dev/null
	same "limits" "67108864 134217728 1500000000 0 7 0-1" "$(cowrun inspect -f \
		'{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.NanoCpus}} {{.HostConfig.CpuQuota}} {{.HostConfig.PidsLimit}} {{.HostConfig.CpusetCpus}}' c)"
	cowrun rm c >/dev/null
}

case_what_makes_no_sense() {
	local options
	make_root root
	for options in "-m 5x" "-m 1m" "-m" "--memory-swap 1g" "-m 64m --memory-swap 32m" "--memory-reservation -5" "--cpus 0.001" "--cpus x" \
		"--cpus 1 --cpu-quota 5000" "--cpu-period 1" "--cpu-quota 1" "--cpu-shares 1" "--cpuset-cpus 2-1" "--cpuset-mems x" "--pids-limit -2" \
		"--pids-limit x" "--blkio-weight 5" "--device-read-bps 1m" "--device-read-bps /dev/null:1m" "--device-write-iops /nowhere:1"; do
		# shellcheck disable=SC2086 # several words
		says . run_in $options true
	done
	same "containers" "" "$(cowrun ps -aq)"
	all_is_gone
}

# Every process, by whatever way it came, and none of ours.
case_membership() {
	local id process
	start_one c
	id=$(cowrun inspect -f '{{.Id}}' c)
	cowrun exec -d c sleep 1001
	wait_until pgrep -x -f "sleep 1001" >/dev/null
	for process in $(pid_of c) $(pgrep -x -f 'sleep 1001'); do
		same "groups of $process that are not the container's" "" "$(sed "/\\/cowrun\\/$id\$/d" "/proc/$process/cgroup")"
	done
	same "the monitor is outside" "" "$(sed -n "/\\/cowrun\\//p" "/proc/$(monitor_of c)/cgroup")"
	same "seen from within" / "$(cowrun exec c cut -d : -f 3 /proc/self/cgroup | sort -u)"
	cowrun rm -f c >/dev/null
	group_is_gone "$id"
	all_is_gone
}

# Also what outlives its first process.
case_nothing_stays() {
	needs_controller freezer
	start_one c
	note_id c
	cowrun stop -t 0 c >/dev/null
	groups_are_gone
	cowrun start c >/dev/null
	[ -d "$groups/freezer/cowrun/$(cat ids)" ] || fail "it has no group when it is started again"
	kill -9 "$(monitor_of c)"
	wait_until nothing_is_left
	same "state" exited "$(state_of c)"
	groups_are_gone
	cowrun run -d --name always --restart always --rootfs root sh -c 'echo run; sleep 0.2' >/dev/null
	note_id always
	wait_until sh -c "[ \$('$COWRUN' --root '$T/store' logs always | wc -l) -ge 2 ]"
	cowrun rm -f c always >/dev/null
	groups_are_gone
	# Some of the host's processes are its own.
	cowrun run --name h --pid host --rootfs root sh -c 'sleep 1002 & sleep 1002 & true'
	note_id h
	same "left of it" "" "$(pgrep -x -f "sleep 1002" || true)"
	cowrun rm h >/dev/null
	groups_are_gone
	# One that cannot be started.
	status_is 127 run_in -m 64m no-such-command 2>/dev/null
	all_is_gone
}

# --- Pausing and changing --------------------------------------------------------------------------

ticks() {
	wc -c <"$T/ticks/file"
}

case_pause() {
	local before
	needs_controller freezer
	make_root root
	mkdir ticks
	cowrun run -d --name c -v ./ticks:/ticks --rootfs root sh -c 'while :; do printf x >>/ticks/file; sleep 0.01; done' >/dev/null
	wait_until test -s ticks/file
	same "paused" c "$(cowrun pause c)"
	before=$(ticks)
	sleep 0.3
	same "steps while it was paused" "$before" "$(ticks)"
	same "state" "paused true true" "$(cowrun inspect -f '{{.State.Status}} {{.State.Paused}} {{.State.Running}}' c)"
	cowrun ps | grep -q '(Paused)'
	refused "is paused already" cowrun pause c
	status_is 125 cowrun exec c true 2>said
	grep -q "is paused; unpause it first" said
	same "unpaused" c "$(cowrun unpause c)"
	same "state" running "$(state_of c)"
	sleep 0.2
	different "steps" "$before" "$(ticks)"
	refused "is not paused" cowrun unpause c
	cowrun rm -f c >/dev/null
	cowrun create --name d --rootfs root true >/dev/null
	refused "is not running" cowrun pause d
	refused "is not running" cowrun unpause d
	status_is 2 cowrun pause 2>/dev/null
	cowrun rm d >/dev/null
	all_is_gone
}

# A signal alone would wait for ever.
case_paused_containers_end() {
	needs_controller freezer
	make_root root
	cowrun run -d --name stopped --rootfs root sh -c 'trap "exit 5" TERM; while :; do sleep 0.05; done' >/dev/null
	note_id stopped
	sleep 0.3
	cowrun pause stopped >/dev/null
	timeout 8 "$COWRUN" --root "$T/store" stop stopped >/dev/null
	same "stopped" 5 "$(cowrun wait stopped)"
	for how in kill "rm -f" "stop -t 0"; do
		start_one c
		note_id c
		cowrun pause c >/dev/null
		# shellcheck disable=SC2086 # two words
		timeout 8 "$COWRUN" --root "$T/store" $how c >/dev/null
		cowrun rm -f c >/dev/null
	done
	# So does one whose monitor is gone, or its daemon.
	start_one c
	note_id c
	cowrun pause c >/dev/null
	kill -9 "$(monitor_of c)"
	same "state" exited "$(state_of c)"
	cowrun start c >/dev/null
	cowrun pause c >/dev/null
	kill -9 "$(pgrep -P "$(monitor_of c)" -x cowfs)"
	wait_until is_exited c
	cowrun rm -f c stopped >/dev/null
	groups_are_gone
	all_is_gone
}

is_exited() {
	[ "$(state_of "$1")" = exited ]
}

case_update() {
	needs_controller memory
	start_one c -m 64m --cpus 1
	same "updated" c "$(cowrun update -m 128m --cpus 0.5 --pids-limit 9 c)"
	same "memory" 134217728 "$(value c memory memory.limit_in_bytes)"
	same "with swap" 268435456 "$(value c memory memory.memsw.limit_in_bytes)"
	same "quota" 50000 "$(value c cpu cpu.cfs_quota_us)"
	cowrun update --cpu-quota 20000 --pids-limit 0 c >/dev/null
	same "quota" 20000 "$(value c cpu cpu.cfs_quota_us)"
	same "processes" 9 "$(value c pids pids.max)"
	same "inspected" "134217728 0 20000 9" "$(cowrun inspect -f \
		'{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.CpuQuota}} {{.HostConfig.PidsLimit}}' c)"
	# What cannot be leaves all as it was.
	refused "there are the processors" cowrun update --cpu-quota 30000 --cpuset-cpus 4095 c
	refused "too small" cowrun update -m 1m c
	same "quota" 20000 "$(value c cpu cpu.cfs_quota_us)"
	same "memory" 134217728 "$(value c memory memory.limit_in_bytes)"
	cowrun restart -t 0 c >/dev/null
	same "after a restart" "134217728 20000 9" "$(value c memory memory.limit_in_bytes) $(value c cpu cpu.cfs_quota_us) $(value c pids pids.max)"
	cowrun update -m -1 --memory-swap -1 c >/dev/null
	[ "$(value c memory memory.limit_in_bytes)" -gt 1000000000000 ] || fail "there is a limit"
	cowrun stop -t 0 c >/dev/null
	cowrun update -m 32m c >/dev/null
	cowrun start c >/dev/null
	same "changed while it did not run" 33554432 "$(value c memory memory.limit_in_bytes)"
	status_is 2 cowrun update c 2>/dev/null
	status_is 2 cowrun update -m 64m 2>/dev/null
	status_is 2 cowrun update -m x c 2>/dev/null
	refused "none with" cowrun update -m 64m nothing
	cowrun rm -f c >/dev/null
	# A monitor that starts it again knows of it, too.
	cowrun run -d --name r -m 64m --restart always --rootfs root sh -c 'sleep 0.3' >/dev/null
	cowrun update -m 32m r >/dev/null
	wait_until sh -c "[ \$('$COWRUN' --root '$T/store' inspect -f '{{.RestartCount}}' r) -ge 1 ]"
	wait_until is_limited r 33554432
	cowrun rm -f r >/dev/null
	all_is_gone
}

is_limited() {
	[ "$(value "$1" memory memory.limit_in_bytes 2>/dev/null)" = "$2" ]
}

case_stats() {
	needs_controller memory
	make_root root
	cowrun run -d --name busy -m 64m --cpus 0.5 --rootfs root sh -c 'while :; do :; done' >/dev/null
	cowrun create --name idle --rootfs root true >/dev/null
	cowrun stats --no-stream >said
	same "titles" "CONTAINER ID NAME CPU % MEM USAGE / LIMIT MEM % NET I/O BLOCK I/O PIDS" "$(head -n 1 said | xargs)"
	same "lines" 2 "$(wc -l <said)"
	grep -qE "^$(cowrun ps -q) +busy +[0-9.]+% +[0-9.]+[KM]iB / 64MiB +[0-9.]+% +0B / 0B +.* 1\$" said || fail "it said: $(cat said)"
	awk 'NR == 2 && $3 + 0 > 5 && $3 + 0 < 75 { ok = 1 } END { exit !ok }' said || fail "it said: $(cat said)"
	cowrun stats --no-stream --format json busy >said
	grep -q '"PIDs":"1"' said || fail "it said: $(cat said)"
	same "one that does not run" "idle 0.00% 0B / 0B 0" "$(cowrun stats --no-stream --format '{{.Name}} {{.CPUPerc}} {{.MemUsage}} {{.PIDs}}' idle)"
	same "all" "busy idle" "$(cowrun stats -a --no-stream --format '{{.Name}}' | sort | xargs)"
	cowrun stats --format '{{.Name}}' busy >said &
	note_process $!
	wait_until sh -c "[ \$(wc -l <said) -ge 2 ]"
	cowrun rm -f idle >/dev/null
	cowrun stop -t 0 busy >/dev/null
	wait $!
	refused "none with" cowrun stats --no-stream idle
	cowrun rm busy >/dev/null
}

# --- Where there are no groups --------------------------------------------------------------------

case_without_control_groups() {
	make_root root
	in_namespaces without_control_groups || fail "see above"
}

without_control_groups() {
	umount -R "$groups"
	same "without limits" hello "$(run_in echo hello)"
	says "cannot limit memory (--memory.*--cgroup-ignore" run_in -m 64m echo hello
	run_in -m 64m --pids-limit 5 --cgroup-ignore echo hello >said 2>errors
	same "ignored" hello "$(cat said)"
	same "lines" 1 "$(wc -l <errors)"
	grep -q "cannot limit memory.*cannot limit the number of processes" errors || fail "it said: $(cat errors)"
	cowrun create --name c -m 64m --cgroup-ignore --rootfs root true >/dev/null
	cowrun start c 2>&1 | grep -q "container c: goes on without a limit"
	cowrun wait c >/dev/null
	cowrun rm c >/dev/null
	all_is_gone
}

as_user() {
	setpriv --reuid nobody --regid nogroup --clear-groups env -i PATH="$PATH" COWFS="$COWFS" HOME="$T/home" \
		XDG_RUNTIME_DIR="$T/run" "$COWRUN" "$@"
}

# Nothing is delegated to this user.
case_rootless() {
	chmod 755 "$T"
	mkdir home run
	chmod 700 run
	chown nobody home run
	make_root root
	chown -R nobody:nogroup root
	same "without limits" hello "$(as_user run --rm --rootfs root echo hello 2>/dev/null)"
	status_is 125 as_user run --rm --memory 64m --rootfs root echo hello 2>said
	tail -n 1 said | grep -q "delegated to you.*systemd-run --user --scope.*--cgroup-ignore" || fail "it said: $(cat said)"
	as_user run -d --name c --rootfs root sleep 1000 >/dev/null 2>&1
	refused "cannot pause the container: it has no control group" as_user pause c
	refused "delegated to you" as_user update -m 64m c
	as_user rm -f c >/dev/null
	same "ignored" hello "$(as_user run --rm --memory 64m --cgroup-ignore --rootfs root echo hello 2>said)"
	tail -n 1 said | grep -q "goes on without a limit" || fail "it said: $(cat said)"
	wait_until nothing_is_left
}

# Docker's rules, which root's containers have; the last one that fits decides.
case_devices() {
	needs_controller devices
	start_one x
	value x devices devices.list >list
	same "what may be used" "c 136:*,c 1:3,c 1:5,c 1:7,c 1:8,c 1:9,c 5:0,c 5:1,c 5:2" \
		"$(grep -v ' m$' list | cut -d ' ' -f 1,2 | LC_ALL=C sort | paste -sd ,)"
	same "what may be made" "b *:* m,c *:* m" "$(grep ' m$' list | LC_ALL=C sort | paste -sd ,)"
	start_one privileged --privileged
	different "what the privileged may" "$(cat list)" "$(value privileged devices devices.list)"
	start_one some --device /dev/fuse --device /dev/zero:/dev/mine:r -v /dev/fuse:/dev/other
	value some devices devices.list >list
	grep -qx 'c 10:229 rwm' list || fail "--device: $(cat list)"
}

# What a node made in the container can do is what the rules let it.
case_device_rules() {
	needs_controller devices
	local fuse='mknod /tmp/node c 10 229 && head -c 0 /tmp/node' rule device
	status_is 1 run_in sh -c "$fuse" 2>/dev/null
	run_in --device-cgroup-rule 'c 10:229 r' sh -c "$fuse" || fail "a node that is allowed cannot be read"
	status_is 1 run_in --device-cgroup-rule 'c 10:229 r' sh -c 'mknod /tmp/node c 10 229; : >/tmp/node' 2>/dev/null
	status_is 1 run_in --device-cgroup-rule 'c 10:200 rwm' sh -c "$fuse" 2>/dev/null
	# The access of --device.
	run_in --device /dev/fuse:r head -c 0 /dev/fuse || fail "it cannot be read"
	status_is 1 run_in --device /dev/fuse:r sh -c ': >>/dev/fuse' 2>/dev/null
	status_is 1 run_in --device /dev/fuse:/dev/log:w head -c 0 /dev/log 2>/dev/null
	for rule in '' x 'c 1:11' 'c 1:11 x' 'd 1:11 r' 'c a:1 r'; do
		says 'device-cgroup-rule' run_in --device-cgroup-rule "$rule" true
	done
	for device in /dev/null:x /dev/null:rr /dev/null: /dev/null:/dev/a:/dev/b null; do
		says 'it must be /dev/NAME' run_in --device "$device" true
	done
	# An update leaves the rules alone.
	start_one x --device-cgroup-rule 'c 10:229 r'
	value x devices devices.list >before
	cowrun update --pids-limit 100 x >/dev/null
	same "after an update" "$(cat before)" "$(value x devices devices.list)"
}

case_device_rules_of_users() {
	prepare_nobody
	status_is 125 cowrun_of_nobody run --rm --device-cgroup-rule 'c 10:229 r' --rootfs root true 2>said
	grep -q 'cgroup-ignore' said || fail "said: $(cat said)"
}

run_cases "$@"
