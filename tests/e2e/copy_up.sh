#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The first change of a lower file: what is seen, what is kept, what stays untouched.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

make_lower() {
	mkdir -p lower/dir
	echo lower content >lower/file
	echo lower content >lower/dir/inner
	chmod 644 lower/file
	touch -d '2001-02-03 04:05:06.123456789' lower/file lower/dir/inner lower/dir lower
	remember_tree lower
}

case_descriptor_and_mapping_see_later_writes() {
	make_lower
	mount_simple
	open_files see_writes mnt/file
	umount_union mnt
	same "upper" UPPER "$(cat upper/file)"
	tree_is_unchanged lower
}

case_descriptor_sees_writes_after_chmod() {
	make_lower
	mount_simple
	open_files see_writes_after_chmod mnt/file
	umount_union mnt
	tree_is_unchanged lower
}

case_written_mapping_reaches_the_upper() {
	make_lower
	mount_simple
	open_files write_mapping mnt/file
	umount_union mnt
	same "upper" "UPPER content" "$(cat upper/file)"
	tree_is_unchanged lower
}

case_private_mapping_reaches_nobody() {
	make_lower
	mount_simple
	open_files private_mapping mnt/file
	same "union" "lower content" "$(cat mnt/file)"
	absent upper/file
	tree_is_unchanged lower
}

case_append() {
	make_lower
	mount_simple
	open_files append_twice mnt/file
	tree_is_unchanged lower
}

case_direct_io() {
	make_lower
	mount_simple
	open_files direct mnt/file
	tree_is_unchanged lower
}

# Reading, listing and a refused change copy nothing.
case_reading_copies_nothing() {
	make_lower
	mount_simple
	cat mnt/file mnt/dir/inner >/dev/null
	find mnt -ls >/dev/null
	getfattr -R -d -m - mnt
	(exec 3<>mnt/file)
	same "upper" "" "$(find upper -mindepth 1 -name .wh..wh.cowfs -prune -o -mindepth 1 -print)"
	tree_is_unchanged lower
}

# Every kind of change, each on a file of its own: what it does not change it keeps.
case_what_is_kept() {
	local name
	mkdir -p lower
	for name in chmod chown setfattr link append; do
		echo "content of $name" >"lower/$name"
		chmod 2751 "lower/$name"
		chown 12:34 "lower/$name"
		chmod 2751 "lower/$name"
		setfattr -n user.kept -v 'to the byte' "lower/$name"
		setfattr -n trusted.kept -v 'as well' "lower/$name"
		touch -d '2001-02-03 04:05:06.123456789' "lower/$name"
	done
	remember_tree lower
	mount_simple
	chmod 600 mnt/chmod
	chown 0:0 mnt/chown
	setfattr -n user.new -v x mnt/setfattr
	ln mnt/link mnt/linked
	echo more >>mnt/append
	remount_simple
	for name in chmod chown setfattr link; do
		same "mtime after $name" 2001-02-03T04:05:06.1234567890 "$(find mnt/$name -printf '%TY-%Tm-%TdT%TT')"
		same "content after $name" "content of $name" "$(cat "mnt/$name")"
	done
	for name in chmod chown setfattr link append; do
		same "user attribute after $name" 'to the byte' "$(getfattr --only-values -n user.kept "mnt/$name")"
		same "trusted attribute after $name" 'as well' "$(getfattr --only-values -n trusted.kept "mnt/$name")"
	done
	same "mode after setfattr" "2751 12:34" "$(stat -c '%a %u:%g' mnt/setfattr)"
	same "mode after link" "2751 12:34" "$(stat -c '%a %u:%g' mnt/linked)"
	same "owner after chmod" "600 12:34" "$(stat -c '%a %u:%g' mnt/chmod)"
	tree_is_unchanged lower
}

# The parents that a copy-up makes are as they were, too.
case_parents_are_kept() {
	mkdir -p lower/a/b/c
	echo x >lower/a/b/c/file
	chmod 1770 lower/a
	chown 5:6 lower/a/b
	chmod 555 lower/a/b/c
	setfattr -n user.kept -v yes lower/a/b
	touch -d '2001-02-03 04:05:06.123456789' lower/a/b/c lower/a/b lower/a
	describe_tree lower | grep -v '/file' >"$T.before"
	mount_simple
	chmod 600 mnt/a/b/c/file
	remount_simple
	describe_tree mnt | grep -v '/file' | diff "$T.before" - | sed 's/^/# /'
	describe_tree mnt | grep -v '/file' | cmp "$T.before" -
}

change_time() {
	stat --cached=never -c %z "$1"
}

# Nothing has changed in a directory when a file in it was copied up.
# It does as long as the kernel knows the directory, which we therefore keep open.
case_directory_shows_no_change() {
	local before now
	mkdir -p lower/dir
	touch lower/dir/{a,b,c,d}
	mount_simple
	exec 7<mnt/dir
	before=$(change_time mnt/dir)
	chmod 600 mnt/dir/a
	same "change time after one copy-up" "$before" "$(change_time mnt/dir)"
	echo more >>mnt/dir/b
	same "change time after another" "$before" "$(change_time mnt/dir)"
	touch mnt/dir/new
	now=$(change_time mnt/dir)
	different "change time after a creation" "$before" "$now"
	chown 5 mnt/dir/c
	same "change time after a third" "$now" "$(change_time mnt/dir)"
	chmod 700 mnt/dir
	different "change time after a change of mode" "$now" "$(change_time mnt/dir)"
	now=$(change_time mnt/dir)
	chown 5 mnt/dir/d
	same "change time after a fourth" "$now" "$(change_time mnt/dir)"
	mv mnt/dir mnt/moved
	different "change time after a move" "$now" "$(change_time mnt/moved)"
	exec 7<&-
}

case_holes() {
	mkdir lower
	truncate -s 64M lower/sparse
	echo middle | dd of=lower/sparse bs=1 seek=32M conv=notrunc status=none
	mount_simple
	chmod 600 mnt/sparse
	echo end | dd of=mnt/sparse bs=1 seek=60M conv=notrunc status=none
	same "middle" middle "$(dd if=mnt/sparse bs=1 skip=32M count=6 status=none)"
	umount_union mnt
	at_most "kilobytes on disk" 200 "$(du -k upper/sparse | cut -f 1)"
	same "size" 67108864 "$(stat -c %s upper/sparse)"
}

case_more_than_4_gigabytes() {
	mkdir lower
	truncate -s 5G lower/big
	echo high | dd of=lower/big bs=1 seek=4500M conv=notrunc status=none
	mount_simple
	same "before" high "$(dd if=mnt/big bs=1 skip=4500M count=5 status=none)"
	echo new | dd of=mnt/big bs=1 seek=4600M conv=notrunc status=none
	same "after" high "$(dd if=mnt/big bs=1 skip=4500M count=5 status=none)"
	same "new" new "$(dd if=mnt/big bs=1 skip=4600M count=4 status=none)"
	same "size" 5368709120 "$(stat -c %s mnt/big)"
	truncate -s 6G mnt/big
	umount_union mnt
	same "size in the upper" 6442450944 "$(stat -c %s upper/big)"
	at_most "kilobytes on disk" 1000 "$(du -k upper/big | cut -f 1)"
}

case_truncation_copies_little() {
	mkdir lower
	head -c 50000000 /dev/urandom >lower/big
	mount_simple
	: >mnt/big
	same "size" 0 "$(stat -c %s mnt/big)"
	umount_union mnt
	same "size in the upper" 0 "$(stat -c %s upper/big)"
}

# What is written lands in the upper to the byte, whatever the kernel's writeback does.
case_overwriting_is_exact() {
	mkdir lower
	head -c 3000000 /dev/urandom >lower/file
	head -c 1234567 /dev/urandom >new
	mount_simple
	cp new mnt/file
	dd if=new of=mnt/file bs=4097 seek=301 conv=notrunc status=none
	cp new expected
	dd if=new of=expected bs=4097 seek=301 conv=notrunc status=none
	cmp mnt/file expected
	umount_union mnt
	cmp upper/file expected
}

case_fifo_and_symlink_and_device() {
	mkdir lower
	mkfifo lower/fifo
	ln -s target lower/link
	mknod lower/null c 1 3
	touch -h -d '2001-02-03 04:05:06.5' lower/fifo lower/link lower/null
	mount_simple
	chmod 600 mnt/fifo mnt/null
	chown -h 7:8 mnt/link
	remount_simple
	same "fifo" "fifo 600" "$(stat -c '%F %a' mnt/fifo)"
	same "link" "7:8 target" "$(stat -c '%u:%g' mnt/link) $(readlink mnt/link)"
	same "device" "character special file 1 3" "$(stat -c '%F %t %T' mnt/null)"
	same "mtime" "2001-02-03 04:05:06.500000000" "$(stat -c %y mnt/link | cut -d ' ' -f 1-2)"
}

run_cases "$@"
