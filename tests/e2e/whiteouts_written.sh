#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What deletions leave in the upper layer, in both dialects, and what others make of it.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

# The names of a directory of the upper without our state directory.
upper_names() {
	find "$1" -mindepth 1 -maxdepth 1 ! -name .wh..wh.cowfs -printf '%f\n' | sort | tr '\n' ' '
}

make_lower() {
	mkdir -p lower/dir/sub upper mnt
	echo 1 >lower/file
	echo 2 >lower/dir/inner
	echo 3 >lower/dir/sub/deep
}

is_device_zero() {
	same "$1" "character special file 0 0" "$(stat -c '%F %t %T' "$1")"
}

case_aufs_file() {
	make_lower
	mount_simple
	rm mnt/file
	absent mnt/file
	remount_simple
	absent mnt/file
	same "upper" ".wh.file " "$(upper_names upper)"
	same "whiteout" "regular empty file" "$(stat -c %F upper/.wh.file)"
}

case_aufs_directory() {
	make_lower
	mount_simple
	rm -r mnt/dir
	absent mnt/dir
	same "upper" ".wh.dir " "$(upper_names upper)"
	remount_simple
	absent mnt/dir
}

case_overlay_file() {
	make_lower
	mount_simple -o whiteout=overlay
	rm mnt/file
	rm -r mnt/dir
	is_device_zero upper/file
	is_device_zero upper/dir
	same "upper" "dir file " "$(upper_names upper)"
	remount_simple -o whiteout=overlay
	absent mnt/file mnt/dir
}

# What was only ever in the upper needs no whiteout.
case_upper_only_leaves_nothing() {
	make_lower
	mount_simple
	echo new >mnt/new
	mkdir -p mnt/newdir/sub
	rm mnt/new
	rm -r mnt/newdir
	same "upper" "" "$(upper_names upper)"
	echo changed >mnt/file
	rm mnt/file
	same "upper" ".wh.file " "$(upper_names upper)"
}

# Issue 478 of a peer: a directory made again showed what the old one had held.
recreate() {
	make_lower
	mount_simple -o "whiteout=$1"
	rm -r mnt/dir
	mkdir mnt/dir
	same "new directory" "" "$(ls -A mnt/dir)"
	echo new >mnt/dir/new
	same "new directory" "new" "$(ls -A mnt/dir)"
	remount_simple -o "whiteout=$1"
	same "after remount" "new" "$(ls -A mnt/dir)"
	absent mnt/dir/inner mnt/dir/sub
	rm -r mnt/dir
	absent mnt/dir
	remount_simple -o "whiteout=$1"
	absent mnt/dir
}

case_recreated_directory_aufs() {
	recreate aufs
	mount | grep -q "$T/mnt"
}

case_recreated_directory_overlay() {
	recreate overlay
}

case_recreated_under_other_types() {
	make_lower
	mount_simple
	rm mnt/file
	mkdir mnt/file
	echo x >mnt/file/x
	rm -r mnt/dir
	echo now a file >mnt/dir
	remount_simple
	same "directory in a file's place" x "$(ls -A mnt/file)"
	same "file in a directory's place" "now a file" "$(cat mnt/dir)"
	rm mnt/dir
	mkdir mnt/dir
	same "directory again" "" "$(ls -A mnt/dir)"
}

# `.wh.` before it would be longer than a name may be.
long_name() {
	local long
	long=$(printf 'x%.0s' {1..255})
	mkdir -p lower upper mnt
	echo data >"lower/$long"
	mkdir "lower/${long:1}y"
	mount_simple -o "whiteout=$1"
	rm "mnt/$long"
	rmdir "mnt/${long:1}y"
	same "names" "" "$(ls -A mnt)"
	remount_simple -o "whiteout=$1"
	same "after remount" "" "$(ls -A mnt)"
	echo again >"mnt/$long"
	mkdir "mnt/${long:1}y"
	remount_simple -o "whiteout=$1"
	same "made again" again "$(cat "mnt/$long")"
	same "names" 2 "$(find mnt -mindepth 1 -maxdepth 1 | wc -l)"
}

case_long_names_aufs() {
	long_name aufs
}

case_long_names_overlay() {
	long_name overlay
}

# Work in it and then use the upper as the topmost lower: the same tree.
change_everything() {
	local dir=$1
	rm "$dir/file"
	echo new >"$dir/dir/inner"
	mv "$dir/dir/sub" "$dir/moved"
	mkdir "$dir/dir/sub"
	rm -r "$dir/gone"
	mkdir "$dir/gone"
	echo x >"$dir/gone/fresh"
	ln "$dir/dir/inner" "$dir/linked"
	ln -s target "$dir/symlink"
	chmod 700 "$dir/kept"
	setfattr -n user.mine -v value "$dir/kept"
}

make_big_lower() {
	make_lower
	mkdir -p lower/gone/a/b lower/kept
	echo 4 >lower/gone/a/b/c
	echo 5 >lower/kept/k
}

upper_as_lower() {
	make_big_lower
	mount_simple -o "$1"
	change_everything mnt
	# A walk must not leave things that only look finished.
	remember_tree mnt
	remount_simple -o "$1"
	tree_is_unchanged mnt
	umount_union mnt
	mount_union "upper:lower" mnt
	tree_is_unchanged mnt
	umount_union mnt
	mkdir upper2
	mount_union "upper:lower" upper2 mnt
	tree_is_unchanged mnt
	rm -r mnt/moved mnt/gone
	mkdir mnt/gone
	same "deleted again" "" "$(ls -A mnt/gone)"
}

case_upper_as_lower_aufs() {
	upper_as_lower whiteout=aufs
}

case_upper_as_lower_overlay() {
	upper_as_lower whiteout=overlay
}

case_upper_as_lower_copying() {
	upper_as_lower whiteout=aufs,redirect=copy
}

# Container images: unpacked by the rules of OCI the upper makes the same tree.
case_upper_is_an_oci_layer() {
	make_big_lower
	mount_simple -o redirect=copy
	change_everything mnt
	describe_tree mnt | grep -v '^\./\? d' >"$T.merged"
	umount_union mnt
	rm -r upper/.wh..wh.cowfs
	cp -a lower unpacked
	apply_oci upper unpacked
	describe_tree unpacked | grep -v '^\./\? d' | diff - "$T.merged" || fail "unpacked it is another tree"
}

# apply_oci LAYER TREE: whiteouts first, then the rest.
apply_oci() {
	local name
	(cd "$1" && find . -name '.wh.*' -printf '%h %f\n') | while read -r where name; do
		if [ "$name" = .wh..wh..opq ]; then
			[ ! -d "$2/$where" ] || find "$2/$where" -mindepth 1 -delete
		else
			rm -rf "${2:?}/$where/${name#.wh.}"
		fi
	done
	(cd "$1" &&
		tar --format=posix --xattrs --exclude='.wh.*' -cf - .) |
		tar -C "$2" --xattrs --xattrs-include='user.*' -xpf -
}

# What we write with whiteout=overlay the kernel's overlayfs reads.
case_kernel_overlayfs_reads_it() {
	make_big_lower
	mkdir mnt2 work
	mount_simple -o whiteout=overlay,redirect=copy,workdir=work
	change_everything mnt
	remember_tree mnt
	umount_union mnt
	# It knows nothing of our attributes, and would show them.
	find upper ! -type l -exec setfattr -x trusted.cowfs.origin {} + 2>/dev/null || true
	mount -t overlay overlay -o ro,lowerdir=upper:lower mnt 2>/dev/null ||
		skip "the kernel has no overlayfs"
	tree_is_unchanged mnt
}

# And the reverse: an upper written by the kernel goes on under us.
case_kernel_overlayfs_wrote_it() {
	make_big_lower
	mkdir work
	mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work,redirect_dir=off mnt 2>/dev/null ||
		skip "the kernel has no overlayfs"
	rm mnt/file
	rm -r mnt/gone
	mkdir mnt/gone
	echo x >mnt/gone/fresh
	mv mnt/dir/inner mnt/inner
	remember_tree mnt
	umount mnt
	mount_simple -o whiteout=overlay
	tree_is_unchanged mnt
	rm mnt/inner
	mkdir mnt/dir/inner
	same "names" "inner sub" "$(find mnt/dir -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | xargs)"
}

# Nothing left that only looks like content, and work directories empty.
case_state_directory() {
	make_lower
	mount_simple
	rm mnt/file
	mv mnt/dir mnt/moved
	same "state is hidden" "moved" "$(ls -A mnt)"
	refused "no such file" ls mnt/.wh..wh.cowfs
	umount_union mnt
	same "one state directory" ".wh..wh.cowfs" "$(find upper -name '.wh..wh.cowfs' -printf '%f')"
	same "no unfinished work" "" "$(find upper/.wh..wh.cowfs/work -mindepth 1 2>/dev/null)"
}

# Container engines want nothing of ours in the upper.
case_workdir_takes_the_state() {
	make_lower
	mkdir work
	mount_simple -o workdir=work,redirect=copy
	rm mnt/file
	echo x >mnt/dir/inner
	umount_union mnt
	same "upper" ".wh.file dir " "$(upper_names upper)"
	absent upper/.wh..wh.cowfs
}

run_cases "$@"
