#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A /proc that shows the limits of a control group. tests/e2e/proc_view puts it over the machine's, as the runtime does in a
# container.
. "$(dirname "$0")/lib.sh"

needs_controllers() {
	local controller
	for controller; do
		[ -w "/sys/fs/cgroup/$controller/cgroup.procs" ] ||
			skip "the controller $controller is not in a hierarchy of version 1 that can be written to"
	done
}

# in_view [OPTION...] -- COMMAND...: its output is in $T.stdout.
in_view() {
	proc_view "$@" >"$T.stdout" 2>"$T.stderr" || fail "it ended with $?: $(cat "$T.stderr")"
}

case_memory() {
	needs_controllers memory
	in_view memory=64m -- cat /proc/meminfo
	same "MemTotal" 65536 "$(awk '$1 == "MemTotal:" { print $2 }' "$T.stdout")"
	same "lines" "$(wc -l </proc/meminfo)" "$(wc -l <"$T.stdout")"
	at_most "MemAvailable" 65536 "$(awk '$1 == "MemAvailable:" { print $2 }' "$T.stdout")"
	in_view memory=64m -- free -k
	same "free's total" 65536 "$(awk '/^Mem:/ { print $2 }' "$T.stdout")"
}

case_memory_without_a_limit() {
	in_view pids-limit=100 -- grep MemTotal /proc/meminfo
	same "MemTotal" "$(grep MemTotal /proc/meminfo)" "$(cat "$T.stdout")"
}

case_processors() {
	needs_controllers cpu
	[ "$(getconf _NPROCESSORS_ONLN)" -gt 1 ] || skip "there is one processor only"
	in_view cpus=1 -- sh -c 'grep -c ^processor /proc/cpuinfo
		grep -c "^cpu[0-9]" /proc/stat; cat /sys/devices/system/cpu/online; getconf _NPROCESSORS_ONLN'
	same "processors" "1 1 0 1" "$(tr '\n' ' ' <"$T.stdout" | sed 's/ $//')"
	in_view cpus=1.5 -- cat /sys/devices/system/cpu/online
	same "processors" "0-1" "$(cat "$T.stdout")"
}

case_processors_are_renumbered() {
	needs_controllers cpuset
	[ "$(getconf _NPROCESSORS_ONLN)" -gt 1 ] || skip "there is one processor only"
	in_view cpuset-cpus=1 -- sh -c 'nproc; grep ^processor /proc/cpuinfo; cat /sys/devices/system/cpu/online'
	same "processors" "1 processor : 0 0" "$(tr -s '\n\t ' ' ' <"$T.stdout" | sed 's/ $//')"
}

case_time_since_the_start() {
	in_view pids-limit=100 -- sh -c 'limited burn 1; cat /proc/uptime; uptime; head -n 1 /proc/stat; cat /proc/loadavg'
	at_most "seconds" 30 "$(awk 'NR == 1 { print int($1) }' "$T.stdout")"
	grep -q "up 0 min" "$T.stdout" || fail "uptime said: $(cat "$T.stdout")"
	# A second of wanting to work, in hundredths.
	awk '$1 == "cpu" && $2 + $4 >= 10 && $2 + $4 < 1000 { ok = 1 } END { exit !ok }' "$T.stdout" ||
		fail "time used: $(grep cpu "$T.stdout")"
	# The reader itself may count as one that runs.
	tail -n 1 "$T.stdout" | grep -qE '^0\.00 0\.00 0\.00 [01]/[1-9] 0$' || fail "load: $(tail -n 1 "$T.stdout")"
}

case_load() {
	in_view pids-limit=100 -- sh -c 'limited burn 8 & limited burn 8 & sleep 7; cat /proc/loadavg; wait'
	awk '$1 > 0.1 && $1 < 0.6 && $4 ~ /^[23]\/[3-9]$/ { ok = 1 } END { exit !ok }' "$T.stdout" ||
		fail "load of two that run: $(cat "$T.stdout")"
}

case_top() {
	needs_controllers memory cpu
	in_view memory=64m cpus=1 -- top -b -n 2 -d 0.2
	# The second screen, when it has something to compare with.
	grep "Mem :" "$T.stdout" | tail -n 1 | grep -q " 64.0 total" || fail "top said: $(cat "$T.stdout")"
	in_view memory=64m cpus=1 -- vmstat 1 2
	in_view memory=64m cpus=1 -- busybox top -b -n 1
}

case_disks() {
	local device
	needs_controllers blkio
	[ -e /sys/fs/cgroup/blkio/blkio.throttle.io_serviced ] || skip "this kernel does not count"
	new_file_system 64 disk
	device=$(findmnt -n -o SOURCE disk)
	name=$(basename "$device")
	export name
	# Since Linux 6.10 version 1 counts only what has a limit.
	# shellcheck disable=SC2016 # it is expanded inside
	in_view device-write-bps="$device":100mb -- sh -c 'dd if=/dev/zero of=disk/file bs=1M count=4 oflag=direct 2>/dev/null
		grep " $name " /proc/diskstats'
	# Sectors written: the seventh of its numbers.
	at_most "sectors" 20000 "$(awk '{ print $10 }' "$T.stdout")"
	[ "$(awk '{ print $10 }' "$T.stdout")" -ge 8192 ] || fail "sectors: $(cat "$T.stdout")"
}

case_an_open_file_is_one_text() {
	in_view pids-limit=100 -- sh -c 'exec 3</proc/uptime; dd bs=1 count=3 <&3 2>/dev/null | wc -c; sleep 1.1
		cat <&3 | grep -cE "^[0-9]* [0-9]+\.[0-9]{2}$"'
	same "it went on" "3 1" "$(tr '\n' ' ' <"$T.stdout" | sed 's/ $//')"
}

# busybox's cat sends; Python's copies.
case_an_open_file_can_be_sent() {
	needs python3
	needs_controllers memory
	in_view memory=64m -- sh -c 'busybox cat /proc/meminfo | head -n 1; cat /proc/meminfo >copy; wc -l <copy
		busybox cat /proc/meminfo | wc -l; tail -n 1 /proc/meminfo; stat -c %s copy | wc -l'
	same "sent" "MemTotal: 65536 kB $(wc -l </proc/meminfo) $(wc -l </proc/meminfo) $(tail -n 1 /proc/meminfo | awk '{ print $1 }')" \
		"$(head -n 4 "$T.stdout" | awk 'NR == 4 { print $1; next } { $1 = $1; print }' | xargs)"
	in_view memory=64m -- python3 -c '
import os
for i in range(3):
    fd = os.open("/proc/meminfo", os.O_RDONLY)
    size, sent = os.fstat(fd).st_size, b""
    out = os.memfd_create("x")
    while os.sendfile(out, fd, None, 100) > 0:
        pass
    print(os.lseek(out, 0, os.SEEK_CUR) == size > 1000, os.pread(out, 9, 0))
    os.close(fd)'
	same "sent" "True b'MemTotal:' True b'MemTotal:' True b'MemTotal:'" "$(xargs -d '\n' <"$T.stdout")"
}

case_nothing_can_be_written() {
	# shellcheck disable=SC2016 # it is expanded inside
	in_view pids-limit=100 -- sh -c '
		! { echo 1 >/proc/meminfo; } 2>/dev/null && ! chmod 777 /proc/meminfo 2>/dev/null
		stat -c %a:%u:%g:%s /proc/meminfo'
	same "attributes" "444:0:0:0" "$(cat "$T.stdout")"
}

case_many_open_files_are_refused_some_time() {
	needs python3
	in_view pids-limit=100 -- python3 -c '
import os, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
files, error = [], 0
try:
    for i in range(19000):
        files.append(os.open("/proc/cpuinfo", os.O_RDONLY))
        os.read(files[-1], 10)
except OSError as problem:
    error = problem.errno
print(error, len(files) > 500)
for fd in files:
    os.close(fd)
# Closing is told later.
import time
time.sleep(1)
print(open("/proc/cpuinfo").read().startswith("processor"))'
	same "error" "12 True True" "$(tr '\n' ' ' <"$T.stdout" | sed 's/ $//')"
}

case_rootless() {
	in_view rootless=1 pids-limit=100 memory=64m -- sh -c 'cat /proc/self/uid_map; free -k; cat /proc/uptime'
	same "free's total" 65536 "$(awk '/^Mem:/ { print $2 }' "$T.stdout")"
}

case_the_server_dies() {
	# shellcheck disable=SC2016 # it is expanded inside
	in_view pids-limit=100 -- sh -c 'exec 3</proc/meminfo; head -c 5 <&3 >/dev/null
		kill -9 $PROC_VIEW_PID; sleep 0.5
		! cat <&3; ! cat /proc/uptime; umount /proc/uptime && grep -c . /proc/uptime'
	same "output" 1 "$(cat "$T.stdout")"
	same "errors" 2 "$(grep -c "not connected" "$T.stderr")"
}

run_cases "$@"
