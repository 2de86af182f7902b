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

# grows_linearly ACTION COUNT [PREPARATION]: ACTION on twice as many entries may cost three times as much (and a
# little for small numbers). A neighbour can make anything slow once, so it is judged by the best of three, each in
# directories of its own: mnt/once-N and mnt/twice-N, which PREPARATION makes ready for ACTION.
grows_linearly() {
	local action=$1 count=$2 prepare=${3-} try once

	for try in 1 2 3; do
		mkdir -p "mnt/once-$try" "mnt/twice-$try"
		[ -z "$prepare" ] || "$prepare" "$try" "$count"
		measured many_files "$action" "mnt/once-$try" "$count"
		once=$ticks
		measured many_files "$action" "mnt/twice-$try" $((2 * count))
		[ "$ticks" -gt $((3 * once + 30)) ] || return 0
		say "not linear in try $try"
	done
	fail "$action: twice as many entries cost more than three times as much"
}

# On memory: what the disk costs is of no interest here.
on_tmpfs() {
	mkdir disk
	mount -t tmpfs -o nr_inodes=0 tmpfs disk
	cd disk
}

case_creating() {
	undisturbed
	on_tmpfs
	mkdir -p lower
	mount_simple
	grows_linearly create 100000
	at_most "messages a file" 3 $((messages / 200000))
	same "entries" 200000 "$(many_files count mnt/twice-1)"
}

# Directories with files made through the union.
with_files() {
	many_files create "mnt/once-$1" "$2"
	many_files create "mnt/twice-$1" $((2 * $2))
}

case_removing() {
	undisturbed
	on_tmpfs
	mkdir -p lower
	mount_simple
	grows_linearly remove 40000 with_files
	same "entries" 0 "$(many_files count mnt/twice-1)"
}

# Directories of a lower layer for each try.
make_lower_files() {
	local try
	for try in 1 2 3; do
		mkdir -p "lower/once-$try" "lower/twice-$try"
		many_files create "lower/once-$try" 50000
		many_files create "lower/twice-$try" 100000
	done
}

case_lower() {
	undisturbed
	on_tmpfs
	make_lower_files
	mount_simple
	grows_linearly stat 50000
	same "entries" 100000 "$(many_files count mnt/twice-1)"
	# Deleting a lower file makes a whiteout, and must not read the directory again.
	grows_linearly remove 25000
	same "entries" 50000 "$(many_files count mnt/twice-1)"
	remount_simple
	same "entries" 50000 "$(many_files count mnt/twice-1)"
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
