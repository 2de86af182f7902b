#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Files that have lost their name but not their users.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

# The same file three times: in a lower, in the upper, and copied up.
make_three() {
	mkdir -p lower
	echo lower content >lower/lower
	echo lower content >lower/copied
	mount_simple
	echo lower content >mnt/upper
	chmod 600 mnt/copied
}

on_each() {
	local name
	make_three
	for name in lower upper copied; do
		say "$1 $name"
		open_files "$1" "mnt/$name"
	done
}

case_unlinked() {
	on_each use_unlinked
	same "names" "" "$(ls -A mnt)"
	remount_simple
	same "names" "" "$(ls -A mnt)"
	same "lower" "lower content" "$(cat lower/lower)"
}

case_unlinked_and_made_again() {
	on_each use_unlinked_and_made_again
	same "content" "another file" "$(cat mnt/lower)"
}

case_unlinked_mapping() {
	on_each use_unlinked_mapping
}

case_renamed_over() {
	local name
	make_three
	for name in lower upper copied; do
		echo in its place >mnt/new
		open_files use_renamed_over mnt/new "mnt/$name"
		same "content" "in its place" "$(cat "mnt/$name")"
	done
}

case_renamed_over_by_a_lower_file() {
	mkdir -p lower
	echo in its place >lower/new
	echo lower content >lower/file
	mount_simple
	open_files use_renamed_over mnt/new mnt/file
	remount_simple
	same "content" "in its place" "$(cat mnt/file)"
	same "names" file "$(ls -A mnt)"
}

case_renamed() {
	local name
	make_three
	for name in lower upper copied; do
		open_files use_renamed "mnt/$name" "mnt/new-$name"
	done
}

case_removed_directory() {
	mkdir -p lower/lower
	mount_simple
	mkdir mnt/upper
	open_files use_removed_directory mnt/lower
	open_files use_removed_directory mnt/upper
	remount_simple
	same "names" "" "$(ls -A mnt)"
}

case_unnamed_file() {
	local status=0
	mkdir -p lower/dir
	mount_simple
	open_files tmpfile_linked mnt/dir mnt/dir/named || status=$?
	[ "$status" != 77 ] || skip "this FUSE library knows no O_TMPFILE"
	same "status" 0 "$status"
	umount_union mnt
	same "upper" unnamed "$(cat upper/dir/named)"
}

# Nothing of them stays behind, not even in the state directory.
case_nothing_is_left() {
	make_three
	(
		exec 3<mnt/lower 4<>mnt/upper
		rm mnt/lower mnt/upper
		echo x >&4
	)
	umount_union mnt
	same "work" "" "$(find upper/.wh..wh.cowfs/work -mindepth 1)"
	same "upper" ".wh.lower copied" "$(find upper -mindepth 1 -name .wh..wh.cowfs -prune -o -mindepth 1 -printf '%f\n' | sort | xargs)"
}

# A program that runs while its file is replaced, as a package manager does.
case_replaced_while_running() {
	mkdir lower
	cp /bin/sleep lower/sleep
	mount_simple
	mnt/sleep 30 &
	note_process $!
	cp /bin/true mnt/new
	mv mnt/new mnt/sleep
	mnt/sleep
	drop_caches 3
	kill -0 $!
}

case_removed_lower_directory() {
	mkdir -p lower/dir/inner
	mount_simple
	exec 3<mnt/dir 4<mnt/dir/inner
	rmdir mnt/dir/inner mnt/dir
	chmod 711 /proc/self/fd/4 /proc/self/fd/3
	chown 5:6 /proc/self/fd/4
	same "mode" 711 "$(stat -L -c %a /proc/self/fd/3)"
	same "owner" "711 5:6" "$(stat -L -c '%a %u:%g' /proc/self/fd/4)"
	drop_caches 3
	same "owner" "711 5:6" "$(stat -L -c '%a %u:%g' /proc/self/fd/4)"
	absent mnt/dir
	exec 3<&- 4<&-
	umount_union mnt
	same "work" "" "$(find upper/.wh..wh.cowfs/work -mindepth 1)"
}

run_cases "$@"
