#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How many messages what costs. A message costs twenty times as much as a system call, so these numbers
# are the speed; they are the same on every machine.
#
# "Warm" is from the third time on: whoever first reads a file or directory moves its access
# time as far as the kernel knows, so that the second time it asks for the attributes once more.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

total() {
	stat_number mnt messages_total
}

# costs WHAT LIMIT COMMAND...: the command sends at most so many messages.
costs() {
	local what=$1 limit=$2 before own
	shift 2
	before=$(total)
	own=$(($(total) - before)) # of asking
	before=$(total)
	"$@" >"$T.said"
	at_most "$what" "$limit" $(($(total) - before - own))
}

warm_costs_nothing() {
	local what=$1
	shift
	"$@" >/dev/null
	"$@" >/dev/null
	costs "$what" 0 "$@"
}

# Two lower layers with the same directory, a few files in each.
make_lowers() {
	mkdir -p top/dir lower/dir
	echo top >top/dir/a
	echo lower >lower/dir/b
	echo file >lower/file
}

mount_lowers() {
	mkdir -p upper mnt
	mount_union top:lower upper mnt
}

case_warm_stat() {
	undisturbed
	make_lowers
	mount_lowers
	warm_costs_nothing "stat" file_calls stat mnt/file mnt/dir mnt/dir/a mnt/dir/b
}

case_warm_open_read_close() {
	undisturbed
	make_lowers
	mount_lowers
	warm_costs_nothing "open, read, close" file_calls read mnt/file mnt/dir/a mnt/dir/b
	warm_costs_nothing "and stat again" file_calls stat mnt/file mnt/dir/a mnt/dir/b
	echo more >>mnt/file
	warm_costs_nothing "after copy-up" file_calls read mnt/file
}

case_warm_readdir() {
	undisturbed
	make_lowers
	mount_lowers
	warm_costs_nothing "listing" file_calls list mnt mnt/dir
}

case_absent_names() {
	undisturbed
	make_lowers
	mount_lowers
	costs "absent names, once" 3 file_calls stat mnt/absent mnt/dir/none
	costs "absent names, again" 0 file_calls stat mnt/absent mnt/dir/none
}

case_cold_walk() {
	local directories entries i j
	undisturbed
	for ((i = 0; i < 20; i++)); do
		mkdir -p "lower/d$i/e" "top/d$i"
		for ((j = 0; j < 50; j++)); do
			: >"lower/d$i/e/file$j"
			: >"top/d$i/other$j"
		done
	done
	mkdir lower/large
	many_files create lower/large 3000
	mount_lowers
	# The root, 20 directories with 50 files and one with 50 more, and a large one.
	directories=42 entries=5041
	costs "cold walk" $((2 * directories + entries / 100)) file_calls walk mnt
	same "what it saw" "$directories $entries" "$(cat "$T.said")"
}

case_small_files() {
	undisturbed
	make_lowers
	mount_lowers
	file_calls create mnt/dir/first
	costs "creating, writing and closing ten small files" 50 \
		file_calls create mnt/dir/new{0..9}
}

case_removing() {
	undisturbed
	make_lowers
	mount_lowers
	file_calls list mnt/dir
	# LOOKUP is answered from the listing just read; FORGET follows on its own.
	costs "removing a lower file" 4 unlink mnt/dir/b
}

run_cases "$@"
