#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Directories of 200,000 entries: what n entries cost must grow with n, not with its square.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

CASE_SECONDS=240

# Clock ticks of the daemon's own work so far: what others do on the machine does not count.
daemon_ticks() {
	awk '{ print $14 + $15 }' "/proc/$(daemon_pid mnt)/stat"
}

# measured COMMAND...: sets ticks and messages to what it cost.
measured() {
	local before_ticks before_messages
	before_ticks=$(daemon_ticks) before_messages=$(stat_number mnt messages_total)
	"$@"
	ticks=$(($(daemon_ticks) - before_ticks))
	messages=$(($(stat_number mnt messages_total) - before_messages))
	say "$*: $ticks ticks, $messages messages"
}

# Twice as many entries may cost three times as much (and a little for small numbers).
is_linear() {
	at_most "$1: ticks for twice as many" $((3 * $2 + 30)) "$3"
}

# On memory: what the disk costs is of no interest here.
on_tmpfs() {
	mkdir disk
	mount -t tmpfs -o nr_inodes=0 tmpfs disk
	cd disk
}

case_creating() {
	local once
	undisturbed
	on_tmpfs
	mkdir -p lower
	mount_simple
	mkdir mnt/once mnt/twice
	measured many_files create mnt/once 100000
	once=$ticks
	at_most "messages a file" 3 $((messages / 100000))
	measured many_files create mnt/twice 200000
	is_linear "creating" "$once" "$ticks"
	same "entries" 200000 "$(many_files count mnt/twice)"
}

case_removing() {
	local once
	undisturbed
	on_tmpfs
	mkdir -p upper/once upper/twice
	many_files create upper/once 50000
	many_files create upper/twice 100000
	mount_simple
	measured many_files remove mnt/once 50000
	once=$ticks
	measured many_files remove mnt/twice 100000
	is_linear "removing" "$once" "$ticks"
	same "entries" 0 "$(many_files count mnt/twice)"
}

case_lower() {
	local once
	undisturbed
	on_tmpfs
	mkdir -p lower/once lower/twice
	many_files create lower/once 50000
	many_files create lower/twice 100000
	mount_simple
	measured many_files stat mnt/once 50000
	once=$ticks
	measured many_files stat mnt/twice 100000
	is_linear "looking at each" "$once" "$ticks"
	same "entries" 100000 "$(many_files count mnt/twice)"
	# Deleting a lower file makes a whiteout, and must not read the directory again.
	measured many_files remove mnt/once 25000
	once=$ticks
	measured many_files remove mnt/twice 50000
	is_linear "deleting" "$once" "$ticks"
	same "entries" 50000 "$(many_files count mnt/twice)"
	remount_simple
	same "entries" 50000 "$(many_files count mnt/twice)"
}

case_merged() {
	on_tmpfs
	mkdir -p top/dir bottom/dir upper/dir mnt
	many_files create top/dir 100000
	many_files create bottom/dir 150000
	many_files create upper/dir 200000
	mount_union top:bottom upper mnt
	same "entries" 200000 "$(many_files count mnt/dir)"
	same "names" 200000 "$(find mnt/dir -type f -printf '%f\n' | sort -u | wc -l)"
}

# One name in a huge directory that nobody has listed.
case_first_lookup() {
	on_tmpfs
	mkdir -p lower/dir
	many_files create lower/dir 200000
	mount_simple
	measured stat -c %n mnt/dir/file-0100000
	at_most "ticks" 100 "$ticks"
}

run_cases "$@"
