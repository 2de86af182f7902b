#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Holes, fallocate, copy_file_range, file flags, statfs, statx.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

make_sparse() {
	truncate -s 4M "$1"
	head -c 4096 /dev/urandom | dd of="$1" bs=1M seek=1 conv=notrunc status=none
	head -c 4096 /dev/urandom | dd of="$1" bs=1M seek=3 conv=notrunc status=none
	sync "$1"
}

case_seek_holes_and_data() {
	mkdir -p lower
	make_sparse lower/file
	mount_simple
	seek_and_allocate seek mnt/file
	chmod 600 mnt/file
	seek_and_allocate seek mnt/file
	make_sparse mnt/new
	seek_and_allocate seek mnt/new
	remount_simple
	seek_and_allocate seek mnt/file
	seek_and_allocate seek mnt/new
}

make_full() {
	head -c 65536 /dev/zero | tr '\0' x >"$1"
}

case_fallocate() {
	make_full probe
	fallocate --zero-range --length 4096 probe || skip "this file system has no FALLOC_FL_ZERO_RANGE"
	mkdir -p lower
	make_full lower/file
	mount_simple
	make_full mnt/new
	seek_and_allocate collapse mnt/file
	seek_and_allocate allocate mnt/file
	seek_and_allocate allocate mnt/new
	same "lower" 65536 "$(stat -c %s lower/file)"
	cp mnt/file copy
	umount_union mnt
	cmp upper/file copy
}

copy_between() {
	printf '%5000s0123456789' '' >"$1"
	echo target >"$2"
}

case_copy_file_range() {
	mkdir -p lower
	copy_between lower/from lower/to
	mount_simple
	copy_between mnt/from2 mnt/to2
	seek_and_allocate copy mnt/from mnt/to
	seek_and_allocate copy mnt/from2 mnt/to2
	echo x >mnt/to3
	seek_and_allocate copy mnt/from mnt/to3
	seek_and_allocate copy_dirty mnt/from mnt/dirty
	remount_simple
	same "dirty" abcdefghij "$(cat mnt/dirty)"
	same "from" abcdefghij "$(tail -c 10 mnt/from)"
	same "lower" 0123456789 "$(tail -c 10 lower/from)"
}

case_copy_file_range_between_devices() {
	mkdir -p tmp mnt upper
	mount -t tmpfs tmpfs tmp
	mkdir tmp/lower
	copy_between tmp/lower/from tmp/lower/to
	mount_union tmp/lower upper mnt
	echo x >mnt/to2
	seek_and_allocate copy mnt/from mnt/to2
	seek_and_allocate copy mnt/from mnt/to
}

case_flags() {
	mkdir -p lower/dir
	echo x >lower/file
	mount_simple
	echo x >mnt/new
	seek_and_allocate flags mnt/new
	seek_and_allocate flags mnt/file
	seek_and_allocate flags mnt/dir
	lsattr -d mnt mnt/file mnt/dir >/dev/null
	chattr +d mnt/file
	lsattr mnt/file | grep -q '^[a-zA-Z-]*d'
	remount_simple
	lsattr mnt/file | grep -q '^[a-zA-Z-]*d'
	chattr -d mnt/file
}

case_flags_change_the_change_time() {
	local before
	mkdir lower
	mount_simple
	mkdir mnt/dir
	echo x >mnt/file
	for name in file dir; do
		before=$(stat -c %z "mnt/$name")
		sleep 0.05
		chattr +d "mnt/$name"
		[ "$before" != "$(stat -c %z "mnt/$name")" ] || fail "$name: the change time is still $before"
	done
}

# read_long_after FILE: the year of its last access, when that was in 2001 and it is read now.
read_long_after() {
	touch -a -d 2001-02-03 "$1"
	cat "$1" >/dev/null
	date -d "@$(stat -c %X "$1")" +%Y
}

case_access_times() {
	local year
	mkdir lower
	echo lower >lower/file
	echo probe >probe
	[ "$(read_long_after probe)" != 2001 ] || skip "this file system keeps no access times"
	year=$(date +%Y)
	touch -a -d 2001-02-03 lower/file
	mount_simple
	cat mnt/file >/dev/null
	echo upper >mnt/new
	same "new" "$year" "$(read_long_after mnt/new)"
	remount_simple
	same "opened again" "$year" "$(read_long_after mnt/new)"
	umount_union mnt
	[[ $COWFS_TEST_OPTIONS != *io=passthrough* ]] || skip "with io=passthrough the kernel reads by itself"
	mount_union -o noatime lower upper mnt
	same "noatime" 2001 "$(read_long_after mnt/new)"
	echo upper >mnt/newer
	same "noatime, created" 2001 "$(read_long_after mnt/newer)"
	echo more >>mnt/file
	same "noatime, copied up" 2001 "$(read_long_after mnt/file)"
	umount_union mnt
	same "lower" 2001 "$(date -d "@$(stat -c %X lower/file)" +%Y)"
}

case_immutable_file() {
	local status=0
	mkdir -p lower
	echo x >lower/file
	mount_simple
	seek_and_allocate immutable mnt/file || status=$?
	[ "$status" != 77 ] || skip "immutable files are not supported"
	same "status" 0 "$status"
	absent mnt/file
}

case_append_only_file() {
	mkdir lower
	echo one >lower/file
	mount_simple
	echo new >mnt/new
	chattr +a mnt/file mnt/new || skip "append-only files are not supported"
	echo two >>mnt/file
	echo two >>mnt/new
	refused "not permitted" dd of=mnt/file if=/dev/zero bs=1 count=1 conv=notrunc
	refused "not permitted" truncate -s 0 mnt/new
	remount_simple
	echo three >>mnt/file
	same "content" "one two three new two" "$(cat mnt/file mnt/new | xargs)"
	refused "not permitted" rm -f mnt/file
	chattr -a mnt/file mnt/new
	rm mnt/file mnt/new
}

case_statfs() {
	mkdir -p lower
	mount_simple
	seek_and_allocate statfs mnt upper
	same "longest name" 255 "$(stat -f -c %l mnt)"
	touch "mnt/$(printf 'x%.0s' {1..255})"
	refused "too long" touch "mnt/$(printf 'x%.0s' {1..256})"
	refused "too long" stat "mnt/$(printf 'x%.0s' {1..256})"
}

# Where the FUSE library can pass it on; a birth time that is shown must be right.
case_birth_time() {
	local birth
	mkdir -p lower
	echo x >lower/file
	mount_simple
	birth=$(stat -c %W mnt/file)
	[ "$birth" != 0 ] || skip "this FUSE library has no statx"
	same "birth" "$(stat -c %W lower/file)" "$birth"
}

case_times() {
	mkdir -p lower
	echo x >lower/file
	mount_simple
	touch -d '2033-01-02 03:04:05.987654321 UTC' mnt/file
	touch -a -d '1999-01-02 03:04:05.000000001 UTC' mnt/file
	remount_simple
	same "mtime" "$(date -d '2033-01-02 03:04:05 UTC' +%s).987654321" "$(date -r mnt/file +%s.%N)"
	same "atime" "$(date -d '1999-01-02 03:04:05 UTC' +%s)" "$(stat -c %X mnt/file)"
	# Dirty pages that are written later must not move an explicit time.
	echo more >>mnt/file
	touch -d '2001-02-03 04:05:06.5 UTC' mnt/file
	sync
	same "mtime" 981173106.500000000 "$(date -r mnt/file +%s.%N)"
	remount_simple
	same "mtime" 981173106.500000000 "$(date -r mnt/file +%s.%N)"
}

run_cases "$@"
