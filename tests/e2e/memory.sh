#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What 200,000 known files cost the daemon, and that it gives it back.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

CASE_SECONDS=240

kilobytes() {
	awk '/VmRSS/ { print $2 }' "/proc/$(daemon_pid mnt)/status"
}

descriptors() {
	find "/proc/$(daemon_pid mnt)/fd" -type l | wc -l
}

# A tree of 200,000 files in 2,000 directories, half of them merged.
make_tree() {
	local i
	mkdir disk
	mount -t tmpfs -o nr_inodes=0 tmpfs disk
	cd disk
	mkdir -p lower upper mnt
	for ((i = 0; i < 2000; i++)); do
		mkdir -p "lower/$((i / 50))/$i"
		(cd "lower/$((i / 50))/$i" && touch "file-number-"{1..100})
	done
	mkdir -p top
	for ((i = 0; i < 1000; i++)); do
		mkdir -p "top/$((i / 50))/$i"
	done
}

case_walking_200000_files() {
	local before after inodes again
	undisturbed
	make_tree
	mount_union top:lower upper mnt
	before=$(kilobytes)
	find mnt -ls >/dev/null
	after=$(kilobytes)
	inodes=$(stat_number mnt inodes)
	say "$before kB before, $after kB after, $inodes inodes"
	if [ "$inodes" -lt 100000 ]; then
		at_least "messages of forgotten inodes" 1 "$(stat_number mnt forget)"
		skip "the kernel forgets while it walks, which leaves little to measure"
	fi
	at_most "kilobytes after the walk" 65536 "$after"
	at_most "bytes an inode, listings not counted" 200 \
		$((((after - before) * 1024 - $(stat_number mnt listing_bytes)) / inodes))
	at_most "descriptors" 255 "$(descriptors)"
	# Forgetting gives it back.
	drop_caches 2
	wait_until few_inodes
	at_most "kilobytes after all was forgotten" $((after * 7 / 10)) "$(kilobytes)"
	find mnt -ls >/dev/null
	drop_caches 2
	find mnt -ls >/dev/null
	again=$(kilobytes)
	at_most "kilobytes after two walks more" $((after * 12 / 10)) "$again"
	at_most "descriptors" 255 "$(descriptors)"
}

few_inodes() {
	[ "$(stat_number mnt inodes)" -lt 100 ]
}

# Files that come and go leave nothing behind.
case_churn() {
	local before i
	mkdir -p lower/dir
	mount_simple -o volatile
	for i in 1 2; do
		mkdir mnt/churn
		many_files create mnt/churn 20000
		rm -rf mnt/churn
	done
	drop_caches 2
	before=$(kilobytes)
	for i in 1 2 3; do
		mkdir mnt/churn
		many_files create mnt/churn 20000
		rm -rf mnt/churn
	done
	drop_caches 2
	wait_until few_inodes
	at_most "kilobytes after 60,000 files more" $((before + before / 4 + 5000)) "$(kilobytes)"
	at_most "descriptors" 255 "$(descriptors)"
}

# Many open files: the daemon needs no descriptor for each.
case_open_files() {
	mkdir -p lower/many
	many_files create lower/many 3000
	mount_simple
	many_files open mnt/many 3000 &
	note_process $!
	wait $!
	many_files create mnt/many 100
	at_most "descriptors" 255 "$(descriptors)"
}

run_cases "$@"
