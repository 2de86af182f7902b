#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Inode numbers: constant, unique, and the same wherever they are told.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

make_lower() {
	mkdir -p "$1/dir/sub"
	echo "$1" >"$1/file"
	echo "$1" >"$1/dir/inner"
	ln -s target "$1/link"
	mkfifo "$1/fifo"
}

numbers() {
	find "$1" -mindepth 1 -printf '%P %i\n' | sort
}

remember_numbers() {
	numbers mnt >"$T.numbers"
}

# By name: those that were there keep theirs.
numbers_are_kept() {
	numbers mnt | join "$T.numbers" - | awk '$2 != $3 { print "# " $0; bad = 1 } END { exit bad }' ||
		fail "$1: inode numbers have changed"
}

# No number twice (nothing is hard-linked here), and `ls -i`, which reads directories, agrees.
numbers_are_good() {
	same "numbers told twice" "" "$(find mnt -printf '%i\n' | sort | uniq -d)"
	readdir_tool agree mnt
	find mnt -mindepth 1 -type d -print0 | xargs -0 -r -n 1 readdir_tool agree
	same "devices" 1 "$(find mnt -printf '%D\n' | sort -u | wc -l)"
}

change_everything() {
	chmod 700 mnt/dir mnt/dir/sub mnt/file mnt/fifo
	chown -h 1:1 mnt/link
	echo more >>mnt/dir/inner
	echo more >>mnt/file
}

keep_numbers() {
	remember_numbers
	numbers_are_good
	drop_caches 3
	numbers_are_kept "dropped caches"
	change_everything
	numbers_are_kept "copy-up"
	drop_caches 3
	numbers_are_kept "copy-up and dropped caches"
	numbers_are_good
	"$@"
	numbers_are_kept "remount"
	numbers_are_good
	echo new >mnt/new
	mkdir mnt/newdir
	numbers_are_good
	remember_numbers
	"$@"
	numbers_are_kept "remount with new files"
}

case_one_device() {
	make_lower lower
	mount_simple
	keep_numbers remount_simple
}

remount_devices() {
	umount_union mnt
	mount_union tmp/lower:lower:ext/lower upper mnt
}

# Small file systems that all give the same few numbers.
case_several_devices() {
	mkdir -p tmp upper mnt
	make_lower lower
	mount -t tmpfs tmpfs tmp
	make_lower tmp/lower
	new_file_system 16 ext
	make_lower ext/lower
	mkdir ext/lower/only-ext tmp/lower/only-tmp lower/only-here
	touch {ext/lower/only-ext,tmp/lower/only-tmp,lower/only-here}/{1,2,3,4,5,6,7,8,9}
	mount_union tmp/lower:lower:ext/lower upper mnt
	keep_numbers remount_devices
}

remount_tmpfs() {
	umount_union mnt
	mount_union lower tmp/upper mnt
}

# The upper elsewhere than the lowers: what is copied up gets another number on disk.
case_upper_on_another_device() {
	mkdir -p tmp mnt
	make_lower lower
	mount -t tmpfs tmpfs tmp
	mkdir tmp/upper
	mount_union lower tmp/upper mnt
	keep_numbers remount_tmpfs
}

case_renames_keep_them() {
	local file dir inner
	make_lower lower
	mount_simple
	file=$(stat -c %i mnt/file) dir=$(stat -c %i mnt/dir) inner=$(stat -c %i mnt/dir/inner)
	mv mnt/file mnt/file2
	mv mnt/dir mnt/dir2
	same "file, directory, file below" "$file $dir $inner" "$(stat -c %i mnt/file2 mnt/dir2 mnt/dir2/inner | xargs)"
	remount_simple
	same "after remount" "$file $dir $inner" "$(stat -c %i mnt/file2 mnt/dir2 mnt/dir2/inner | xargs)"
}

case_directory_with_redirect_copy_keeps_them() {
	local numbers
	make_lower lower
	mount_simple -o redirect=copy
	numbers=$(stat -c %i mnt/dir mnt/dir/inner mnt/dir/sub | xargs)
	mv mnt/dir mnt/dir2
	same "moved" "$numbers" "$(stat -c %i mnt/dir2 mnt/dir2/inner mnt/dir2/sub | xargs)"
	remount_simple -o redirect=copy
	same "after remount" "$numbers" "$(stat -c %i mnt/dir2 mnt/dir2/inner mnt/dir2/sub | xargs)"
}

# A new file must not be taken for the one that was there.
case_made_again_is_another() {
	local file
	make_lower lower
	mount_simple
	exec 3<mnt/file
	file=$(stat -c %i mnt/file)
	rm mnt/file
	echo again >mnt/file
	different "number of a file made again" "$file" "$(stat -c %i mnt/file)"
}

# `..` of a merged directory, and of one that was moved.
case_dot_and_dot_dot() {
	make_lower lower
	mount_simple
	readdir_tool dots mnt/dir
	readdir_tool dots mnt/dir/sub
	mkdir mnt/elsewhere
	mv mnt/dir/sub mnt/elsewhere/sub
	readdir_tool dots mnt/elsewhere/sub
	drop_caches 3
	readdir_tool dots mnt/elsewhere/sub
}

run_cases "$@"
