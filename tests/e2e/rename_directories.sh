#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Renames, above all of directories: lower, merged, upper; with every flag; never EXDEV.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

make_layers() {
	mkdir -p top/merged/sub bottom/merged/sub bottom/lower/a/b upper mnt
	echo top >top/merged/top
	echo bottom >bottom/merged/bottom
	echo deep >bottom/merged/sub/deep
	echo hidden >bottom/merged/hidden
	touch top/merged/.wh.hidden
	echo x >bottom/lower/a/b/x
	echo file >bottom/file
}

mount_layers() {
	mount_union -o "$options" top:bottom upper mnt
}

remount_layers() {
	umount_union mnt
	mount_layers
}

start() {
	options=$1
	make_layers
	mount_layers
}

# content_of DIRECTORY: its files and what is in them.
content_of() {
	(cd "$1" && find . -type f -printf '%P\n' | sort | while read -r file; do echo "$file" && cat "$file"; done | xargs)
}

merged_content="bottom bottom sub/deep deep top top"

lower_directory() {
	start "$1"
	mv mnt/lower mnt/moved
	absent mnt/lower
	same "content" "a/b/x x" "$(content_of mnt/moved)"
	remount_layers
	absent mnt/lower
	same "content" "a/b/x x" "$(content_of mnt/moved)"
}

case_lower_on() {
	lower_directory redirect=on
}

case_lower_copy() {
	lower_directory redirect=copy
}

case_lower_overlay() {
	lower_directory whiteout=overlay
}

merged_directory() {
	start "$1"
	echo upper >mnt/merged/upper
	mkdir -p mnt/other/place
	mv mnt/merged mnt/other/place/moved
	absent mnt/merged
	same "content" "$merged_content upper upper" "$(content_of mnt/other/place/moved)"
	remount_layers
	absent mnt/merged mnt/other/place/moved/hidden
	same "content" "$merged_content upper upper" "$(content_of mnt/other/place/moved)"
	# And on: back again, deeper, twice.
	mv mnt/other mnt/again
	mv mnt/again/place/moved mnt/merged
	rm mnt/merged/bottom
	remount_layers
	same "content" "sub/deep deep top top upper upper" "$(content_of mnt/merged)"
	absent mnt/other mnt/again/place/moved
}

case_merged_on() {
	merged_directory redirect=on
}

case_merged_copy() {
	merged_directory redirect=copy
}

case_merged_overlay() {
	merged_directory whiteout=overlay,redirect=on
}

# What takes the old name shows nothing of the old directory.
case_old_name_used_again() {
	start redirect=on
	mv mnt/merged mnt/moved
	mkdir mnt/merged
	same "new directory" "" "$(ls -A mnt/merged)"
	mkdir mnt/merged/sub
	same "new directory below" "" "$(ls -A mnt/merged/sub)"
	remount_layers
	same "new directory" sub "$(ls -A mnt/merged)"
	same "new directory below" "" "$(ls -A mnt/merged/sub)"
	same "moved" "$merged_content" "$(content_of mnt/moved)"
}

case_into_another_moved_directory() {
	start redirect=on
	mv mnt/lower/a mnt/merged/sub/a
	mv mnt/merged mnt/lower/m
	same "content" "bottom bottom sub/a/b/x x sub/deep deep top top" "$(content_of mnt/lower/m)"
	remount_layers
	same "deep" deep "$(cat mnt/lower/m/sub/deep)"
	same "x" x "$(cat mnt/lower/m/sub/a/b/x)"
	mv mnt/lower/m/sub mnt/top-level
	remount_layers
	same "deep" deep "$(cat mnt/top-level/deep)"
	same "x" x "$(cat mnt/top-level/a/b/x)"
}

# Writing below a moved directory copies up to where it is now.
case_write_below_moved() {
	start redirect=on
	mv mnt/lower mnt/moved
	echo more >>mnt/moved/a/b/x
	chmod 700 mnt/moved/a
	echo new >mnt/moved/a/new
	remount_layers
	same "content" "a/b/x x more a/new new" "$(content_of mnt/moved)"
	same "mode" 700 "$(stat -c %a mnt/moved/a)"
	rm -r mnt/moved
	remount_layers
	absent mnt/moved mnt/lower
}

case_onto_empty_directory() {
	start redirect=on
	mkdir -p mnt/empty
	open_files rename_only mnt/merged mnt/empty
	same "content" "$merged_content" "$(content_of mnt/empty)"
	rm mnt/lower/a/b/x
	open_files rename_only mnt/empty mnt/lower/a/b
	remount_layers
	same "content" "$merged_content" "$(content_of mnt/lower/a/b)"
}

case_refusals() {
	start redirect=on
	refused "not empty" open_files rename_only mnt/lower mnt/merged
	refused "not a directory" open_files rename_only mnt/lower mnt/file
	refused "is a directory" open_files rename_only mnt/file mnt/lower
	refused "invalid" open_files rename_only mnt/lower mnt/lower/a/b/c
	same "content" "$merged_content" "$(content_of mnt/merged)"
}

exchange() {
	start "$1"
	rename_flags exchange mnt/merged mnt/lower
	same "content" "a/b/x x" "$(content_of mnt/merged)"
	same "content" "$merged_content" "$(content_of mnt/lower)"
	rename_flags exchange mnt/lower mnt/file
	same "content" file "$(cat mnt/lower)"
	remount_layers
	same "content" "$merged_content" "$(content_of mnt/file)"
	same "content" "a/b/x x" "$(content_of mnt/merged)"
	refused "no such file" rename_flags exchange mnt/file mnt/absent
}

case_exchange_on() {
	exchange redirect=on
}

case_exchange_copy() {
	exchange redirect=copy
}

case_noreplace() {
	start redirect=on
	refused "exists" rename_flags noreplace mnt/file mnt/merged
	refused "exists" rename_flags noreplace mnt/merged mnt/lower
	rename_flags noreplace mnt/merged mnt/free
	same "content" "$merged_content" "$(content_of mnt/free)"
}

# The whiteout that it leaves is no entry of the union.
case_whiteout() {
	start redirect=on
	echo new >mnt/new
	rename_flags whiteout mnt/file mnt/file2
	rename_flags whiteout mnt/new mnt/new2
	rename_flags whiteout mnt/lower mnt/lower2
	absent mnt/file mnt/new mnt/lower
	same "content" "file new" "$(cat mnt/file2 mnt/new2 | xargs)"
	remount_layers
	absent mnt/file mnt/new mnt/lower
	same "content" "a/b/x x" "$(content_of mnt/lower2)"
	refused "invalid" rename_flags whiteout+exchange mnt/file2 mnt/new2
}

# Link counts of the parents, where they are counted, follow (unless they say 1: uncounted).
case_parent_links() {
	mkdir -p lower upper mnt
	mount_union lower upper mnt
	mkdir -p mnt/a/x mnt/a/y mnt/b
	same "before" "4 2" "$(stat -c %h mnt/a mnt/b | xargs)"
	mv mnt/a/x mnt/b/x
	same "after" "3 3" "$(stat -c %h mnt/a mnt/b | xargs)"
	rename_flags exchange mnt/a/y mnt/b/x
	same "exchanged" "3 3" "$(stat -c %h mnt/a mnt/b | xargs)"
	rmdir mnt/b/x
	same "removed" "3 2" "$(stat -c %h mnt/a mnt/b | xargs)"
}

# A shell inside a directory that moves, and a tree that moves while somebody walks in it.
case_working_directory_moves() {
	start redirect=on
	(
		cd mnt/lower/a/b
		mv "$T/mnt/lower" "$T/mnt/moved"
		same "content" x "$(cat x)"
		same "physical" "$T/mnt/moved/a/b" "$(pwd -P)"
		echo more >>x
		echo new >../new
	)
	same "content" "a/b/x x more a/new new" "$(content_of mnt/moved)"
}

# The upper of before as a lower: with timeout=, what its redirect leads to is no change that others made,
# and who stands in the directory stays there.
case_moved_in_a_lower_with_timeout() {
	start redirect=on
	mv mnt/merged mnt/moved
	umount_union mnt
	mkdir newer
	mount_union -o timeout=0 upper:top:bottom newer mnt
	(
		cd mnt/moved
		stat "$T/mnt/moved/sub/deep" >/dev/null
		ls "$T/mnt" >/dev/null
		same "directory" "$T/mnt/moved" "$(readlink "/proc/$BASHPID/cwd")"
	)
	mkdir mnt/moved/new
	same "content" "$merged_content" "$(content_of mnt/moved)"
}

case_many_times() {
	local i
	start redirect=on
	for i in {1..100}; do
		mv mnt/merged "mnt/m$i"
		mv "mnt/m$i" mnt/merged
	done
	remount_layers
	same "content" "$merged_content" "$(content_of mnt/merged)"
	same "names" "file lower merged" "$(find mnt -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | xargs)"
}

# A whiteout that is a file is one only in a directory that says so: it may not take the old name's place.
case_over_a_whiteout_that_is_a_file() {
	mkdir -p lower/from/directory upper mnt
	touch upper/name
	setfattr -n trusted.overlay.whiteout -v y upper/name
	setfattr -n trusted.overlay.opaque -v x upper
	mount_simple -o whiteout=overlay,redirect=copy
	mv -T mnt/from/directory mnt/name
	absent mnt/from/directory
	same "names" "from name" "$(find mnt -mindepth 1 -printf '%f\n' | sort | xargs)"
	remount_simple -o whiteout=overlay,redirect=copy
	same "names" "from name" "$(find mnt -mindepth 1 -printf '%f\n' | sort | xargs)"
}

run_cases "$@"
