#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Other ways than the default: messages over io_uring, and data that the kernel reads and writes itself.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

restore_switch() {
	echo "$switch_was" >"$switch"
}

# allow_uring VALUE: the kernel's switch, for the whole machine, until the case ends.
allow_uring() {
	[ "$(id -u)" = 0 ] || skip "only root may use the kernel's switch"
	mkdir -p "$T/sys"
	mountpoint -q "$T/sys" || mount -t sysfs sysfs "$T/sys"
	switch=$T/sys/module/fuse/parameters/enable_uring
	[ -e "$switch" ] || skip "this kernel has no FUSE over io_uring"
	if [ -z "${switch_was-}" ]; then
		switch_was=$(cat "$switch")
		trap restore_switch EXIT
	fi
	echo "$1" >"$switch"
}

needs_uring() {
	mkdir -p "$T/probe/lower" "$T/probe/mnt"
	mount_union -o io_uring "$T/probe/lower" "$T/probe/mnt" 2>"$T/probe/stderr"
	umount_union "$T/probe/mnt"
	! grep -q 'older than' "$T/probe/stderr" || skip "$(cat "$T/probe/stderr")"
}

# What a union must be able to do, in short.
work() {
	local i
	mkdir lower
	echo lower >lower/file
	head -c 3000000 /dev/urandom >lower/big
	mount_simple "$@"
	cmp lower/big mnt/big
	exec 3<mnt/file
	echo more >>mnt/file
	same "earlier descriptor" "lower more" "$(xargs <&3)"
	exec 3<&-
	cp mnt/big mnt/copy
	cmp lower/big mnt/copy
	for ((i = 0; i < 200; i++)); do
		mkdir "mnt/d$i"
		echo "$i" >"mnt/d$i/file"
	done
	find mnt -type f -print0 | xargs -0 -P 4 -n 20 sha256sum >"$T/sums"
	same "files" 203 "$(wc -l <"$T/sums")"
	truncate -s 5M mnt/copy
	rm -r mnt/d*
	umount_union mnt
	same "what is left" "copy file" "$(cd upper && find . -maxdepth 1 -type f -printf '%f\n' | sort | xargs)"
}

case_uring_serves() {
	allow_uring Y
	needs_uring
	mkdir -p lower upper mnt
	mount_simple -o io_uring -v >"$T/said"
	grep -qx over_io_uring "$T/said"
	"$COWFS" stat --json mnt | grep -q over_io_uring
	umount_union mnt
	rmdir lower
	work -o io_uring
}

# A daemon that is told to end, and one that is killed, with requests waiting at the rings.
case_uring_ends() {
	local pid
	allow_uring Y
	needs_uring
	mount_simple -o io_uring
	pid=$(daemon_pid mnt)
	kill "$pid"
	wait_until process_is_gone "$pid"
	is_not_mounted mnt
	mount_simple -o io_uring
	pid=$(daemon_pid mnt)
	kill -9 "$pid"
	wait_until process_is_gone "$pid"
	umount mnt
}

case_uring_switched_off() {
	allow_uring N
	needs_uring
	mount_simple -o io_uring 2>"$T/said"
	grep -q "io_uring is not used.*enable_uring" "$T/said"
	echo x >mnt/file
	same "content" x "$(cat upper/file)"
}

# Whatever can be had: the mount goes on, and says what it is without.
case_uring_or_a_sentence() {
	mount_simple -v -o io_uring >"$T/said" 2>&1
	grep -q -e '^over_io_uring$' -e '^cowfs: io_uring is not used: ' "$T/said"
}

# --- io=passthrough --------------------------------------------------------------------------------

# Mounts, and skips the case where the mode cannot be had.
mount_passing() {
	mount_simple -o io=passthrough "$@" 2>"$T/said"
	if grep -q "is not used" "$T/said"; then
		skip "$(cat "$T/said")"
	fi
}

# messages KIND: how many the daemon has had.
messages() {
	stat_number mnt "$1"
}

case_passing_by() {
	mount_passing -v >"$T/agreed"
	grep -qx passthrough "$T/agreed"
	"$COWFS" stat --json mnt | grep -q '"io": *"passthrough"'
	head -c 3000000 /dev/urandom >source
	dd if=source of=mnt/file bs=64k status=none
	cmp source mnt/file
	same "writes that reached us" 0 "$(messages write)"
	same "reads that reached us" 0 "$(messages read)"
	cmp source upper/file
	# At once, without a sync: it is the same page cache.
	echo end >>mnt/file
	same "upper" end "$(tail -c 4 upper/file)"
	same "size" 3000004 "$(stat -c %s mnt/file)"
	umount_union mnt
}

# Whoever has a lower file open sees what is written later, as ever, until it is closed and opened again.
case_passing_after_copy_up() {
	mkdir lower
	echo lower >lower/file
	mount_passing
	exec 3<mnt/file
	echo first >>mnt/file
	exec 4<mnt/file
	echo second >>mnt/file
	same "opened before" "lower first second" "$(xargs <&3)"
	same "opened between" "lower first second" "$(xargs <&4)"
	same "passed by while it was open below" 0 "$(stat_number mnt opens_passed)"
	exec 3<&- 4<&-
	wait_until passes_by mnt/file
	echo third >>mnt/file
	same "opened after" "lower first second third" "$(xargs <mnt/file)"
	same "lower" lower "$(cat lower/file)"
	same "upper" "lower first second third" "$(xargs <upper/file)"
}

# A file's RELEASE comes some time after its close(2).
passes_by() {
	local before
	before=$(stat_number mnt opens_passed)
	: <"$1"
	[ "$(stat_number mnt opens_passed)" -gt "$before" ]
}

case_passing_sizes_and_times() {
	local before
	mount_passing
	echo 1 >mnt/file
	exec 3>>mnt/file
	exec 4<>mnt/file
	echo 22 >&3
	same "size while open" 5 "$(stat -c %s mnt/file)"
	truncate -s 2 mnt/file
	echo 333 >&3
	same "appended after truncation" "1 333" "$(xargs <mnt/file)"
	before=$(stat -c %.9Y mnt/file)
	sleep 0.02
	echo 4444 >&4
	different "time of change" "$before" "$(stat -c %.9Y mnt/file)"
	exec 3>&- 4>&-
	same "time below" "$(stat -c %.9Y upper/file)" "$(stat -c %.9Y mnt/file)"
	same "size below" "$(stat -c %s upper/file)" "$(stat -c %s mnt/file)"
	sync mnt/file
	dd if=/dev/zero of=mnt/direct bs=4096 count=3 oflag=direct status=none 2>/dev/null ||
		say "no O_DIRECT here"
	fallocate -l 9000 mnt/file
	same "allocated" 9000 "$(stat -c %s mnt/file)"
}

case_passing_mappings() {
	needs python3
	mount_passing
	head -c 8192 /dev/zero >mnt/file
	same "size" 8192 "$(stat -c %s mnt/file)"
	python3 - <<'END'
import mmap, os, time
fd = os.open("mnt/file", os.O_RDWR)
view = mmap.mmap(fd, 8192)
first = os.stat("mnt/file").st_mtime_ns
time.sleep(0.02)
view[5000] = 65
assert os.stat("mnt/file").st_mtime_ns != first, "a change through a mapping moves the time"
assert open("mnt/file", "rb").read()[5000] == 65
assert open("upper/file", "rb").read()[5000] == 65
os.close(fd)
os.unlink("mnt/file")
view[5001] = 66
assert view[5000:5002] == b"AB"
END
}

# Both at once.
case_passing_and_uring() {
	allow_uring Y
	needs_uring
	mount_passing -o io_uring
	head -c 300000 /dev/urandom >source
	cp source mnt/file
	cmp source mnt/file
	same "writes that reached us" 0 "$(messages write)"
	"$COWFS" stat --json mnt | grep -q over_io_uring
}

# What others write loses setuid, though we do not see it written.
case_passing_clears_setuid() {
	needs setpriv
	chmod 755 .
	mount_passing -o allow_other
	echo x >mnt/file
	chmod 6777 mnt/file
	echo y >>mnt/file
	same "mode after root's write" 6777 "$(stat -c %a mnt/file)"
	setpriv --reuid 1000 --clear-groups sh -c 'echo y >>mnt/file'
	same "mode" 777 "$(stat -c %a mnt/file)"
	same "mode below" 777 "$(stat -c %a upper/file)"
	# It was opened before it had any.
	wait_until passes_by mnt/file
	exec 3>>mnt/file
	chmod 6777 mnt/file
	setpriv --reuid 1000 --clear-groups sh -c 'echo y >&3'
	same "mode, opened before" 777 "$(stat -c %a mnt/file)"
	same "mode below" 777 "$(stat -c %a upper/file)"
}

# Two mounts that cannot be written read one page cache, and leave no trace below.
case_passing_read_only() {
	mkdir -p lower mnt
	head -c 100000 /dev/urandom >lower/file
	touch -a -d 2001-01-01 lower/file
	mount_union -o io=passthrough lower mnt 2>"$T/said"
	! grep -q "is not used" "$T/said" || skip "$(cat "$T/said")"
	cmp <(cat mnt/file) <(cat mnt/file)
	same "reads that reached us" 0 "$(messages read)"
	same "time of access" 2001 "$(stat -c %x lower/file | cut -d - -f 1)"
}

# Whoever may not have it is told, and has the other mode.
case_passing_denied() {
	mkdir -p lower upper mnt
	unshare --user --map-root-user --mount true || skip "no user namespace"
	export COWFS
	# shellcheck disable=SC2016 # the shell in there expands it
	unshare --user --map-root-user --mount sh -ec '
		"$COWFS" mount -o io=passthrough lower upper mnt 2>said
		echo x >mnt/file
		"$COWFS" stat --json mnt >told'
	grep -q '"io": *"cached"' told
	grep -q "^cowfs: io=passthrough is not used: " said
	same "content" x "$(cat upper/file)"
}

# io=auto: where nothing can be written and pages are shared, without a word where it cannot be had.
case_auto() {
	local can=cached
	mkdir -p lower upper mnt
	mount_union -o io=passthrough lower mnt 2>"$T/said"
	grep -q "is not used" "$T/said" || can=passthrough
	umount_union mnt
	mount_union -o io=auto lower mnt 2>"$T/said"
	same "mode of a mount that cannot be written" "\"$can\"" "$("$COWFS" stat --json mnt | grep -o '"io": *"[a-z]*"' | cut -d : -f 2 | tr -d ' ')"
	umount_union mnt
	mount_union -o io=auto lower upper mnt 2>>"$T/said"
	"$COWFS" stat --json mnt | grep -q '"io": *"cached"' || fail "a mount that can be written passes by"
	umount_union mnt
	mount_union -o io=auto,timeout=1 lower mnt 2>>"$T/said"
	"$COWFS" stat --json mnt | grep -q '"io": *"cached"' || fail "what others change is passed by"
	same "words" "" "$(cat "$T/said")"
}

# again SCRIPT [CASE...]: one of the other scripts in this mode.
again() {
	mount_passing
	umount_union mnt
	COWFS_TEST_OPTIONS=io=passthrough bash "$(dirname "$self")/$1.sh" "${@:2}" >"$T/report" 2>&1 ||
		fail "$(grep -v '^ok' "$T/report" | tail -n 30)"
	grep -q '^ok' "$T/report" || fail "nothing was tested: $(cat "$T/report")"
}

case_passing_copy_up() {
	again copy_up
}

case_passing_hard_links() {
	again hard_links
}

case_passing_unlinked_open_files() {
	again unlinked_open_files
}

case_passing_parallel() {
	again parallel
}

case_passing_seek_and_allocate() {
	again seek_and_allocate
}

# Random operations, on the mount and on a plain directory.
case_passing_model() {
	again model_mounted with_caches_dropped
}

run_cases "$@"
