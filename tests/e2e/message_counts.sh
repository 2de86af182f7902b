#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How many messages the kernel sends: they are what a FUSE file system costs.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

# Reading a file or a directory makes the kernel ask for its access time once more: warm is what has been done twice.
warm_up() {
	"$@" >/dev/null
	"$@" >/dev/null
}

# A file's RELEASE comes some time after its close(2).
message_count() {
	sleep 0.03
	stat_number mnt messages_total
}

# Waits until `cowfs stat` alone costs the same twice; sets counted and its cost.
settle() {
	local first second tries
	for ((tries = 0; tries < 50; tries++)); do
		first=$(message_count)
		second=$(message_count)
		counted=$(message_count)
		cost=$((counted - second))
		[ "$cost" != $((second - first)) ] || return 0
	done
	fail "the union never came to rest"
}

# messages_of COMMAND...: sets messages to how many it took, not counting what `cowfs stat` itself takes. The command
# must not fail, or else it counts nothing.
messages_of() {
	local counted cost
	settle
	"$@" >/dev/null
	messages=$(($(message_count) - counted - cost))
	say "$*: $messages messages"
}

make_lower() {
	local i
	undisturbed
	mkdir -p lower upper mnt
	for i in {1..10}; do
		mkdir -p "lower/d$i/sub"
		touch "lower/d$i/"{1..20} "lower/d$i/sub/"{1..20}
	done
	echo content >lower/file
	ln -s file lower/link
	mkdir -p top/d1 top/d2/sub
	touch top/d1/top top/d2/sub/top
	mount_union "$@" top:lower upper mnt
}

case_warm_stat() {
	make_lower
	file_calls stat mnt/file mnt/d1/1 mnt/d2/sub/2
	messages_of file_calls stat mnt/file mnt/d1/1 mnt/d2/sub/2
	same "messages" 0 "$messages"
}

case_warm_open_read_close() {
	make_lower
	warm_up file_calls read mnt/file mnt/d1/1
	messages_of file_calls read mnt/file mnt/d1/1
	same "messages" 0 "$messages"
	echo changed >mnt/file
	warm_up file_calls read mnt/file
	messages_of file_calls read mnt/file
	same "messages after a write" 0 "$messages"
}

case_warm_readdir() {
	make_lower
	warm_up file_calls list mnt mnt/d1
	messages_of file_calls list mnt mnt/d1
	same "messages" 0 "$messages"
}

case_warm_walk() {
	make_lower
	warm_up file_calls walk mnt
	messages_of file_calls walk mnt
	same "messages" 0 "$messages"
}

case_warm_readlink() {
	make_lower
	warm_up readlink mnt/link
	messages_of readlink mnt/link
	same "messages" 0 "$messages"
}

case_cold_walk() {
	local directories entries
	make_lower
	mkdir lower/large
	(cd lower/large && seq 1000 | xargs touch)
	umount_union mnt
	mount_union top:lower upper mnt
	directories=$(find lower top -type d -printf '%P\n' | sort -u | wc -l)
	entries=$(find lower top -printf '%P\n' | sort -u | wc -l)
	say "$directories directories, $entries entries"
	messages_of file_calls walk mnt
	at_most "messages" $((2 * directories + entries / 100)) "$messages"
	umount_union mnt
	mount_union top:lower upper mnt
	messages_of file_calls names mnt
	at_most "messages for the names only" $((2 * directories + entries / 100)) "$messages"
}

case_cached_negative_lookup() {
	make_lower
	messages_of file_calls stat mnt/absent mnt/d1/absent
	at_most "messages at first" 3 "$messages"
	messages_of file_calls stat mnt/absent mnt/d1/absent
	same "messages" 0 "$messages"
	rm mnt/file
	file_calls stat mnt/file
	messages_of file_calls stat mnt/file
	same "messages for a deleted name" 0 "$messages"
}

case_small_file() {
	make_lower
	file_calls create mnt/d1/first
	messages_of file_calls create mnt/d1/new{0..9}
	at_most "messages for ten" 50 "$messages"
	same "size" 1000 "$(stat -c %s mnt/d1/new9)"
}

case_removing_a_lower_file() {
	make_lower
	file_calls list mnt/d1
	messages_of unlink mnt/d1/1
	at_most "messages" 4 "$messages"
}

# The kernel caches no attributes: each question of an engine that commits is a message.
case_looking_for_attributes() {
	make_lower
	file_calls walk mnt
	messages_of file_calls look mnt/d1/{1..20}
	at_most "messages for twenty files" 40 "$messages"
}

# Copying a file up does not make the kernel ask for its directory again.
changing_lower_files() {
	make_lower
	file_calls walk mnt
	chmod 600 mnt/d1/1
	messages_of chmod 600 mnt/d1/{2..11}
	at_most "messages for ten modes" 12 "$messages"
	# The kernel asks each file for capabilities.
	messages_of chown 5:5 mnt/d1/{12..16}
	at_most "messages for five owners" 12 "$messages"
	messages_of file_calls append mnt/d1/{17..20}
	at_most "messages for four first writes" 10 "$messages"
}

case_changing_lower_files() {
	changing_lower_files
}

# Where a directory grows with each name in it.
case_changing_lower_files_on_a_tmpfs() {
	mkdir memory
	mount -t tmpfs tmpfs memory
	cd memory
	changing_lower_files
	umount_union mnt
}

write_in_place() {
	dd if=/dev/zero of=mnt/d1/first bs=100 count=1 conv=notrunc status=none
}

# Opening and closing cost nothing; the data go in as few messages as they fit.
case_writing() {
	make_lower
	head -c 1000000 /dev/zero >mnt/d1/first
	messages_of write_in_place
	at_most "messages" 3 "$messages"
	messages_of dd if=/dev/zero of=mnt/d1/first bs=1M count=10 conv=notrunc status=none
	at_most "messages for 10 MiB" 60 "$messages"
}

case_large_read() {
	make_lower
	head -c 10000000 /dev/urandom >lower/large
	messages_of file_calls read mnt/large
	at_most "messages for 10 MB" 100 "$messages"
	warm_up file_calls read mnt/large
	messages_of file_calls read mnt/large
	same "messages when warm" 0 "$messages"
}

case_deleting_a_tree() {
	make_lower
	ls -lR mnt/d3 >/dev/null
	messages_of rm -rf mnt/d3
	# 40 files and two directories: a message each, a few for the directories, and the forgetting.
	at_most "messages" 140 "$messages"
}

# Another mount's files change underneath: then they are asked for again, as often as wanted.
case_timeout() {
	make_lower -o timeout=0
	cat mnt/file >/dev/null
	messages_of file_calls read mnt/file
	different "messages" 0 "$messages"
	rm lower/file
	echo changed >lower/file
	echo more >lower/appeared
	same "content" changed "$(cat mnt/file)"
	same "new file" more "$(cat mnt/appeared)"
	rm lower/appeared
	absent mnt/appeared
}

case_timeout_of_a_second() {
	make_lower -o timeout=1
	stat mnt/file mnt/d1 >/dev/null
	chmod 600 lower/file
	touch lower/d1/appeared
	sleep 1.2
	same "mode" 600 "$(stat -c %a mnt/file)"
	same "new file" 1 "$(find mnt/d1 -name appeared | wc -l)"
}

run_cases "$@"
