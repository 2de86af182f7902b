#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copies that are not synced one by one: marked until they are on disk, copied again after a crash, and never torn at
# any moment at which the machine might stop.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

CASE_SECONDS=240
FILES=300

marks() {
	find "$1/upper/.wh..wh.cowfs/unsynced" -mindepth 1 | wc -l
}

no_marks() {
	[ "$(marks "$1")" = 0 ]
}

make_lower() {
	local i
	mkdir -p lower/dir mnt
	for ((i = 0; i < FILES; i++)); do
		head -c $((i * 97 + 1)) /dev/urandom >"lower/dir/$i"
	done
	chown -R 1:1 lower
}

# An ext4 file system has a journal, whatever the one below lacks.
mount_on_disk() {
	new_file_system 64 disk -O has_journal
	mkdir -p disk/upper
	mount_union lower disk/upper mnt
}

# Until `tracer` ends nothing is settled behind our back, however slow the machine is.
hold_marks() {
	needs strace
	strace -f -qq -e trace=syncfs -e inject=syncfs:error=EIO -o /dev/null -p "$(daemon_pid mnt)" &
	tracer=$!
	note_process "$tracer"
	wait_until is_traced "$(daemon_pid mnt)"
}

is_traced() {
	grep -q '^TracerPid:.*[1-9]' "/proc/$1/status"
}

die() {
	kill -9 "$(daemon_pid mnt)"
	umount -l mnt
}

# For the mount after it: the dead daemon's locks must have gone.
mount_again() {
	mount_union lower disk/upper mnt
}

same_data_in() {
	local file
	for file in lower/dir/*; do
		cmp "$file" "$1/${file##*/}"
	done
}

same_data() {
	same_data_in mnt/dir
}

case_marked_until_on_disk() {
	make_lower
	mount_on_disk
	hold_marks
	chown -R 2:2 mnt/dir
	same "marks" "$FILES" "$(marks disk)"
	same "marks counted" "$FILES" "$(stat_number mnt unsynced_files)"
	same_data
	sleep 3
	same "marks while the disk fails" "$FILES" "$(marks disk)"
	kill "$tracer"
	wait_until no_marks disk
	same_data
}

case_marks_are_gone_after_umount() {
	make_lower
	mount_on_disk
	chmod -R go-rwx mnt/dir
	umount_union mnt
	wait_until no_marks disk
	same_data_in disk/upper/dir
}

case_no_sync_for_each_copy() {
	local syncs
	needs strace
	make_lower
	mount_on_disk
	strace -f -qq -e trace=fsync,fdatasync,syncfs -o "$T.trace" -p "$(daemon_pid mnt)" &
	note_process $!
	wait_until is_traced "$(daemon_pid mnt)"
	chown -R 2:2 mnt/dir
	umount_union mnt
	wait
	syncs=$(grep -c 'sync' "$T.trace")
	at_most "syncs for $FILES files" 6 "$syncs"
}

# Data that is about to change must be on disk first, or a crash would bring back the old.
case_settled_before_a_change() {
	make_lower
	mount_on_disk
	hold_marks
	chmod 600 mnt/dir/1 mnt/dir/2 mnt/dir/3 mnt/dir/4
	same "marks" 4 "$(marks disk)"
	echo more >>mnt/dir/1
	same "marks after a write" 3 "$(marks disk)"
	truncate -s 1 mnt/dir/2
	same "marks after a truncation" 2 "$(marks disk)"
	sync mnt/dir/3
	same "marks after a sync" 1 "$(marks disk)"
	rm mnt/dir/4
	same "marks after a removal" 0 "$(marks disk)"
	# Copied up in order to be written: never marked.
	echo more >>mnt/dir/5
	same "marks" 0 "$(marks disk)"
	die
	mount_again
	same "tail" more "$(tail -c 5 mnt/dir/1)"
	same "size" 1 "$(stat -c %s mnt/dir/2)"
	absent mnt/dir/4
	same "tail" more "$(tail -c 5 mnt/dir/5)"
}

# Nor when the daemon has been made to forget the file meanwhile.
case_settled_though_forgotten() {
	make_lower
	mount_on_disk
	hold_marks
	chmod 600 mnt/dir/{1..4}
	same "marks" 4 "$(marks disk)"
	drop_caches 2
	echo more >>mnt/dir/1
	sync mnt/dir/1
	rm mnt/dir/2
	truncate -s 1 mnt/dir/3
	same "marks after changes" 1 "$(marks disk)"
	die
	mount_again
	same "tail" more "$(tail -c 5 mnt/dir/1)"
	absent mnt/dir/2
	same "size" 1 "$(stat -c %s mnt/dir/3)"
	cmp lower/dir/4 mnt/dir/4
}

case_copied_again_after_a_crash() {
	local before
	make_lower
	mount_on_disk
	hold_marks
	chown -R 2:3 mnt/dir
	chmod 640 mnt/dir/200
	mv mnt/dir/201 mnt/moved
	before=$(cd mnt && find . -printf '%p %m %U:%G %s %T@\n' | sort)
	die
	# What a crash may leave of data that was never synced.
	truncate -s 0 disk/upper/dir/200 disk/upper/dir/299
	dd if=/dev/zero of=disk/upper/moved bs=100 count=3 conv=notrunc status=none
	touch -r lower/dir/200 disk/upper/dir/200
	touch -r lower/dir/299 disk/upper/dir/299
	touch -r lower/dir/201 disk/upper/moved
	mount_again
	same "tree" "$before" "$(cd mnt && find . -printf '%p %m %U:%G %s %T@\n' | sort)"
	cmp lower/dir/201 mnt/moved
	mv mnt/moved mnt/dir/201
	same_data
	same "marks" 0 "$(marks disk)"
}

case_garbage_for_marks() {
	make_lower
	mount_on_disk
	umount_union mnt
	ln -s nonsense disk/upper/.wh..wh.cowfs/unsynced/1f
	ln -s 1:2 disk/upper/.wh..wh.cowfs/unsynced/zz
	ln -s ffffffffffffffff:1 disk/upper/.wh..wh.cowfs/unsynced/ffffffffffffffff
	mkdir disk/upper/.wh..wh.cowfs/unsynced/2
	mount_again
	same_data
	chmod 600 mnt/dir/1
	same_data
}

case_lower_layer_is_another() {
	make_lower
	mount_on_disk
	hold_marks
	chmod 600 mnt/dir/1 mnt/dir/2
	die
	cp -a lower other
	mount_union other disk/upper mnt 2>"$T.said"
	grep -q '2 copies made just before a crash may be incomplete' "$T.said"
}

# A disk that takes its time at the end of a mount must not make the next one fail.
case_next_mount_waits_for_the_disk() {
	make_lower
	mount_on_disk
	needs strace
	strace -f -qq -e trace=syncfs -e inject=syncfs:delay_enter=8000000 -o /dev/null -p "$(daemon_pid mnt)" &
	note_process $!
	wait_until is_traced "$(daemon_pid mnt)"
	chown -R 2:2 mnt/dir
	umount mnt
	mount_again
	no_marks disk
	same_data
}

# Takes what would be on the disk now, again and again: a copy of a file within btrfs is of one moment.
take_snapshots() {
	local i
	for ((i = 0; i < 40; i++)); do
		cp --reflink=always store/disk "store/$i"
		sleep 0.1
	done
}

# What the disk held at that moment, mounted as after a power failure.
judge_snapshot() {
	local file
	mount -o loop "store/$1" after
	mount_union lower after/upper mnt
	for file in lower/dir/*; do
		cmp -s "$file" "mnt/dir/${file##*/}" || fail "snapshot $1: ${file##*/} is torn"
	done
	changed=$((changed + $(find mnt/dir -type f -uid 2 | wc -l)))
	umount_union mnt
	umount after
}

case_no_moment_shows_a_torn_copy() {
	local i changed=0
	needs mkfs.btrfs
	make_lower
	truncate -s 600M "$T.btrfs"
	mkfs.btrfs -q "$T.btrfs" 2>/dev/null
	mkdir store disk after
	mount -o loop "$T.btrfs" store 2>/dev/null || skip "no btrfs to be had"
	truncate -s 64M store/disk
	mkfs.ext4 -q -F -O has_journal store/disk
	mount -o loop,commit=1 store/disk disk
	mkdir disk/upper
	sync -f disk
	mount_union lower disk/upper mnt
	take_snapshots &
	for ((i = 0; i < FILES; i++)); do
		chown 2:2 "mnt/dir/$i"
		sleep 0.01
	done
	wait $!
	umount_union mnt
	umount disk
	for ((i = 0; i < 40; i++)); do
		judge_snapshot "$i"
	done
	say "$changed copies seen in 40 snapshots"
	different "copies" 0 "$changed"
}

run_cases "$@"
