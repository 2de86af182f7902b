#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who answers: one thread that follows a single caller, or several for several callers; and that nobody waits for the one.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

make_files() {
	mkdir -p lower/dir
	many_files create lower/dir 3000
}

# How often the follower has its turn depends on what else the machine does: the numbers below leave room for that.
needs_speed() {
	[ -z "${COWFS_SANITIZERS-}" ] || skip "a sanitizer makes it too slow to keep its turn"
}

# Messages that the pool got from the follower: one by one, or by taking over when the disk was slow.
given_to_pool() {
	echo $(($(stat_number mnt left) + $(stat_number mnt stalled)))
}

case_one_caller() {
	needs_speed
	make_files
	mount_simple
	file_calls walk mnt
	chmod -R g+w mnt/dir
	at_least "messages of the follower" 500 "$(stat_number mnt followed)"
}

# Each changes other bits of the same files, so that the messages keep coming while both are at it.
change_in_parallel() {
	local first second
	chmod -R "$1" mnt/dir &
	first=$!
	chmod -R "$2" mnt/dir &
	second=$!
	wait "$first" "$second"
}

case_several_callers() {
	local others
	needs_speed
	make_files
	mount_simple
	file_calls walk mnt
	change_in_parallel g+w o+w
	change_in_parallel g-w o-w
	others=$(($(stat_number mnt messages_total) - $(stat_number mnt followed)))
	at_least "messages of other threads" 500 "$others"
}

# After a crowd it is one caller's turn again.
case_one_after_several() {
	local before tries
	case_several_callers
	before=$(stat_number mnt followed)
	for tries in {1..5}; do
		chmod -R u-w mnt/dir
		chmod -R u+w mnt/dir
		[ $(($(stat_number mnt followed) - before)) -lt 500 ] || return 0
		say "not after $((6000 * tries)) messages"
	done
	fail "it was never the follower's turn again"
}

# Whoever reads a large file has several messages under way.
case_streams_are_for_several() {
	local others
	needs_speed
	undisturbed
	mkdir lower
	head -c 20000000 /dev/urandom >lower/large
	mount_simple
	cmp lower/large mnt/large
	others=$(($(stat_number mnt messages_total) - $(stat_number mnt followed)))
	at_least "messages of other threads" 100 "$others"
}

# Where a caller from another pid namespace runs cannot be known.
case_callers_without_a_number() {
	local others
	make_files
	mkdir upper mnt
	unshare --pid --fork --kill-child "$COWFS" mount -f lower upper mnt &
	note_process $!
	wait_until is_mounted mnt
	chmod -R g+w mnt/dir
	others=$(($(stat_number mnt messages_total) - $(stat_number mnt followed)))
	at_least "messages of other threads" 2500 "$others"
}

case_switched_off() {
	make_files
	mount_simple -o follow=0
	chmod -R g+w mnt/dir
	same "messages of the follower" 0 "$(stat_number mnt followed)"
}

case_syncs_are_left_to_others() {
	local i
	needs_speed
	mkdir lower
	mount_simple
	for i in {1..20}; do
		echo "$i" >"mnt/new$i"
		sync "mnt/new$i"
	done
	at_least "times left to others" 1 "$(given_to_pool)"
}

case_large_copies_are_left_to_others() {
	local i
	needs_speed
	mkdir lower
	for i in {1..5}; do
		head -c 2000000 /dev/urandom >"lower/large$i"
	done
	cp -p lower/large5 copy
	mount_simple
	for i in {1..5}; do
		chmod 600 "mnt/large$i"
	done
	at_least "times left to others" 1 "$(given_to_pool)"
	echo more >>mnt/large5
	echo more >>copy
	cmp copy mnt/large5
}

# A large lower file with setuid, first changed by one who may not keep that: the flag of the message goes with it.
case_privileges_of_large_files() {
	mkdir lower
	head -c 2000000 /dev/urandom >lower/large
	chmod 4777 lower/large
	mount_simple
	chmod 755 .
	setpriv --reuid 1234 --regid 1234 --clear-groups sh -c 'echo more >>mnt/large'
	same "mode" 777 "$(stat -c %a mnt/large)"
}

# The upper's file system stands still: whoever wants to change something waits, nobody else does.
case_nobody_waits_for_another() {
	local writer i
	make_files
	new_file_system 64 disk
	needs fsfreeze
	mkdir disk/upper mnt
	mount_union lower disk/upper mnt
	file_calls walk mnt
	stat mnt/dir/file-0000001 >/dev/null
	fsfreeze -f disk
	mkdir mnt/new 2>/dev/null &
	writer=$!
	note_process "$writer"
	sleep 0.1
	for i in {1..30}; do
		timeout 20 stat "mnt/dir/absent$i" >/dev/null 2>&1 && fail "absent$i is there"
		[ "$?" = 1 ] || fail "another's change held up a lookup"
	done
	fsfreeze -u disk
	wait "$writer"
	[ -d mnt/new ]
	at_least "times it kept somebody waiting" 1 "$(stat_number mnt stalled)"
}

# All processors are busy with what is more important: it is slower, but goes on.
case_busy_processors() {
	local i
	make_files
	mount_simple
	for ((i = 0; i < 2 * $(nproc); i++)); do
		(while :; do :; done) &
		note_process $!
	done
	timeout 60 chmod -R g+w mnt/dir
	same "mode" 664 "$(stat -c %a mnt/dir/file-0000001)"
}

# Processors that the daemon was not given are not for it.
case_given_processors() {
	local task
	needs taskset
	[ "$(nproc)" -gt 1 ] || skip "there is one processor only"
	make_files
	mkdir upper mnt
	taskset -c 0 "$COWFS" mount lower upper mnt
	taskset -c 1 chmod -R g+w mnt/dir
	taskset -c 0 chmod -R o+w mnt/dir
	for task in /proc/"$(daemon_pid mnt)"/task/*; do
		same "processors of ${task##*/}" 0 "$(awk '/^Cpus_allowed_list/ { print $2 }' "$task/status")"
	done
}

case_killed_while_following() {
	make_files
	mount_simple
	file_calls walk mnt &
	note_process $!
	sleep 0.05
	kill -TERM "$(daemon_pid mnt)"
	wait_until is_not_mounted mnt
}

run_cases "$@"
