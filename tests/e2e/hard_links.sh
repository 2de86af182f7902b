#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Names that are linked in a lower layer stay one file.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

make_lower() {
	mkdir -p lower/dir
	echo content >lower/a
	ln lower/a lower/b
	ln lower/a lower/dir/c
}

# one_file LINKS NAME...: the names show one file with so many links.
one_file() {
	local links=$1 first=$2 name
	shift
	for name; do
		same "$name" "$(stat -c '%i %s %Y %a' "$first") $links" "$(stat -c '%i %s %Y %a %h' "$name")"
		cmp "$first" "$name"
	done
}

case_untouched() {
	make_lower
	mount_simple
	one_file 3 mnt/a mnt/b mnt/dir/c
}

case_written_through_one_name() {
	make_lower
	mount_simple
	echo more >>mnt/b
	same "content" $'content\nmore' "$(cat mnt/a)"
	one_file 3 mnt/a mnt/b mnt/dir/c
	remount_simple
	one_file 3 mnt/a mnt/b mnt/dir/c
	same "content" $'content\nmore' "$(cat mnt/dir/c)"
	echo again >>mnt/dir/c
	one_file 3 mnt/a mnt/b mnt/dir/c
	same "content" $'content\nmore\nagain' "$(cat mnt/a)"
	same "lower" content "$(cat lower/a)"
}

case_chmod_through_one_name() {
	make_lower
	mount_simple
	chmod 600 mnt/dir/c
	one_file 3 mnt/a mnt/b mnt/dir/c
	remount_simple
	one_file 3 mnt/a mnt/b mnt/dir/c
	same "mode" 600 "$(stat -c %a mnt/b)"
}

case_one_more_name() {
	make_lower
	mount_simple
	ln mnt/a mnt/d
	one_file 4 mnt/a mnt/b mnt/dir/c mnt/d
	remount_simple
	one_file 4 mnt/a mnt/b mnt/dir/c mnt/d
	echo more >>mnt/d
	one_file 4 mnt/a mnt/b mnt/dir/c mnt/d
}

case_one_name_less() {
	make_lower
	mount_simple
	rm mnt/a
	one_file 2 mnt/b mnt/dir/c
	remount_simple
	one_file 2 mnt/b mnt/dir/c
	echo more >>mnt/b
	one_file 2 mnt/b mnt/dir/c
	rm mnt/b
	one_file 1 mnt/dir/c
	remount_simple
	one_file 1 mnt/dir/c
	same "content" $'content\nmore' "$(cat mnt/dir/c)"
}

case_all_names_gone() {
	make_lower
	mount_simple
	echo more >>mnt/a
	rm mnt/a mnt/b mnt/dir/c
	same "names" "dir" "$(ls -A mnt)"
	remount_simple
	same "names" "dir" "$(ls -A mnt)"
	absent mnt/dir/c
	umount_union mnt
	same "index" "" "$(find upper/.wh..wh.cowfs/index -type f -size +100c 2>/dev/null)"
}

case_renamed() {
	make_lower
	mount_simple
	mv mnt/a mnt/renamed
	one_file 3 mnt/renamed mnt/b mnt/dir/c
	mv mnt/dir mnt/moved
	one_file 3 mnt/renamed mnt/b mnt/moved/c
	remount_simple
	echo more >>mnt/moved/c
	one_file 3 mnt/renamed mnt/b mnt/moved/c
}

# A rename onto another name of the same file does nothing (CVE-2016-6197).
case_rename_onto_own_link() {
	make_lower
	mount_simple
	open_files rename_only mnt/a mnt/b
	one_file 3 mnt/a mnt/b mnt/dir/c
	echo more >>mnt/a
	open_files rename_only mnt/a mnt/dir/c
	one_file 3 mnt/a mnt/b mnt/dir/c
	remount_simple
	one_file 3 mnt/a mnt/b mnt/dir/c
}

case_renamed_over() {
	make_lower
	echo other >lower/other
	mount_simple
	mv mnt/other mnt/b
	one_file 2 mnt/a mnt/dir/c
	same "content" other "$(cat mnt/b)"
	remount_simple
	one_file 2 mnt/a mnt/dir/c
}

case_links_of_links() {
	mkdir lower
	ln -s target lower/link
	ln lower/link lower/same
	mkfifo lower/fifo
	ln lower/fifo lower/fifo2
	mount_simple
	chown -h 1:2 mnt/link
	chmod 600 mnt/fifo2
	remount_simple
	same "links" "$(stat -c '%i 2 1:2' mnt/link)" "$(stat -c '%i %h %u:%g' mnt/same)"
	same "fifos" "$(stat -c '%i 2 600' mnt/fifo)" "$(stat -c '%i %h %a' mnt/fifo2)"
}

# In several lowers and the upper at once.
case_layers() {
	mkdir -p top bottom upper mnt
	echo top >top/x
	ln top/x top/y
	echo bottom >bottom/x
	ln bottom/x bottom/z
	mount_union top:bottom upper mnt
	same "hidden name" "top top bottom" "$(cat mnt/x mnt/y mnt/z | xargs)"
	different "inodes" "$(stat -c %i mnt/x)" "$(stat -c %i mnt/z)"
	echo more >>mnt/z
	same "content" "top top bottom more" "$(cat mnt/x mnt/y mnt/z | xargs)"
}

case_upper_as_lower() {
	make_lower
	mount_simple
	echo more >>mnt/b
	rm mnt/dir/c
	remember_tree mnt
	umount_union mnt
	mount_union upper:lower mnt
	tree_is_unchanged mnt
	one_file 2 mnt/a mnt/b
}

# mount_alike A B: two file systems whose roots have the same number and were born in the same tick.
mount_alike() {
	local tries
	for tries in $(seq 200); do
		mount -t tmpfs tmpfs "$1"
		mount -t tmpfs tmpfs "$2"
		[ "$(stat -c '%i %w' "$1")" != "$(stat -c '%i %w' "$2")" ] || return 0
		umount "$1" "$2"
	done
	skip "of $tries pairs of file systems none was made in one tick"
}

case_layers_born_alike() {
	mkdir a b upper mnt
	mount_alike a b
	echo a >a/one
	ln a/one a/two
	echo b >b/three
	ln b/three b/four
	same "numbers" "$(stat -c %i a/one)" "$(stat -c %i b/three)"
	mount_union a:b upper mnt
	echo more >>mnt/one
	echo other >>mnt/three
	different "inodes" "$(stat -c %i mnt/one)" "$(stat -c %i mnt/three)"
	stat -c %i mnt/* >before
	same "content" "a more a more b other b other" "$(cat mnt/one mnt/two mnt/three mnt/four | xargs)"
	umount_union mnt
	mount_union a:b upper mnt
	same "content again" "a more a more b other b other" "$(cat mnt/one mnt/two mnt/three mnt/four | xargs)"
	same "inodes again" "$(cat before)" "$(stat -c %i mnt/*)"
}

# tar and others keep files together by inode number and link count.
case_tar_keeps_them() {
	make_lower
	mount_simple
	echo more >>mnt/a
	tar -C mnt -cf archive.tar .
	mkdir unpacked
	tar -C unpacked -xf archive.tar
	one_file 3 unpacked/a unpacked/b unpacked/dir/c
}

run_cases "$@"
