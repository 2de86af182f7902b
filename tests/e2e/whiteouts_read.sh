#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Deletions that layers carry, in every dialect and mixed.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

names_of() {
	# shellcheck disable=SC2012 # names are simple here
	ls -A "$1" | tr '\n' ' '
}

make_bottom() {
	mkdir -p bottom/dir/sub bottom/other mnt upper top
	echo 1 >bottom/file
	echo 2 >bottom/dir/inner
	echo 3 >bottom/dir/sub/deep
	echo 4 >bottom/keep
}

case_aufs() {
	make_bottom
	touch top/.wh.file top/.wh.other
	mkdir -p top/dir
	touch top/dir/.wh..wh..opq top/dir/new
	mkdir top/.wh..wh.plnk
	touch top/.wh..wh.aufs
	mount_union top:bottom upper mnt
	same "names" "dir keep " "$(names_of mnt)"
	same "opaque directory" "new " "$(names_of mnt/dir)"
	absent mnt/file mnt/other mnt/.wh.file mnt/.wh..wh.plnk mnt/.wh..wh.aufs mnt/dir/.wh..wh..opq
}

case_overlay() {
	make_bottom
	mknod top/file c 0 0
	mknod top/other c 0 0
	mkdir top/dir
	setfattr -n trusted.overlay.opaque -v y top/dir
	touch top/dir/new
	mount_union top:bottom upper mnt
	same "names" "dir keep " "$(names_of mnt)"
	same "opaque directory" "new " "$(names_of mnt/dir)"
	absent mnt/file mnt/other
	same "attributes" "" "$(getfattr -h -d -m - mnt/dir)"
}

case_user_overlay() {
	make_bottom
	mkdir top/dir
	setfattr -n user.overlay.opaque -v y top/dir
	mount_union top:bottom upper mnt
	same "opaque directory" "" "$(names_of mnt/dir)"
	same "attributes" "" "$(getfattr -h -d -m - mnt/dir)"
}

case_fuse_overlayfs() {
	make_bottom
	mknod top/file c 0 0
	mkdir top/dir
	setfattr -n user.fuseoverlayfs.opaque -v y top/dir
	mount_union top:bottom upper mnt
	same "names" "dir keep other " "$(names_of mnt)"
	same "opaque directory" "" "$(names_of mnt/dir)"
}

case_attribute_whiteouts() {
	make_bottom
	touch top/file
	setfattr -n trusted.overlay.whiteout -v y top/file
	setfattr -n trusted.overlay.opaque -v x top
	mount_union top:bottom upper mnt
	same "names" "dir keep other " "$(names_of mnt)"
	absent mnt/file
}

# An empty file is only a whiteout with the attribute, and a device only with number 0:0.
case_what_is_no_whiteout() {
	make_bottom
	touch top/file
	mknod top/keep c 1 3
	echo x >top/.whx
	mount_union top:bottom upper mnt
	same "names" ".whx dir file keep other " "$(names_of mnt)"
	same "size" 0 "$(stat -c %s mnt/file)"
	same "type" "character special file" "$(stat -c %F mnt/keep)"
}

# One dialect in each of six layers, the deletions of one being undone by the next.
case_mixed_stack() {
	make_bottom
	mkdir a b c d
	touch a/.wh.file b/.wh.keep
	mknod c/file c 0 0
	echo again >b/file
	mkdir -p d/dir c/dir a/dir
	setfattr -n trusted.overlay.opaque -v y d/dir
	touch d/dir/from-d c/dir/from-c a/dir/from-a c/dir/.wh.from-d
	mount_union a:b:c:d:bottom upper mnt
	same "names" "dir other " "$(names_of mnt)"
	same "merged" "from-a from-c " "$(names_of mnt/dir)"
	umount_union mnt
	mount_union b:c:d:bottom upper mnt
	same "names" "dir file other " "$(names_of mnt)"
	same "content" again "$(cat mnt/file)"
}

# A whiteout beside an object of its name deletes what lies below, not the object.
case_whiteout_beside() {
	make_bottom
	mkdir top/dir
	touch top/.wh.dir top/dir/new top/.wh.file
	echo new >top/file
	mount_union top:bottom upper mnt
	same "directory" "new " "$(names_of mnt/dir)"
	same "content" new "$(cat mnt/file)"
	umount_union mnt
	mkdir -p over/dir
	touch over/dir/over
	mount_union over:top:bottom upper mnt
	same "directory with a layer above" "new over " "$(names_of mnt/dir)"
}

# A file between two directories ends their merging.
case_type_changes() {
	make_bottom
	mkdir -p over/dir over/file
	echo file >top/dir
	touch over/dir/over over/file/over
	mount_union over:top:bottom upper mnt
	same "directory over file over directory" "over " "$(names_of mnt/dir)"
	same "directory over file" "over " "$(names_of mnt/file)"
	umount_union mnt
	mount_union top:bottom upper mnt
	same "file over directory" file "$(cat mnt/dir)"
}

case_long_names() {
	local long
	long=$(printf 'x%.0s' {1..255})
	make_bottom
	touch "bottom/$long"
	mknod "top/$long" c 0 0
	mount_union top:bottom upper mnt
	absent "mnt/$long"
}

case_reserved_names_are_hidden() {
	make_bottom
	touch bottom/.wh.gone bottom/.wh..wh.orph
	mount_union bottom upper mnt
	same "names" "dir file keep other " "$(names_of mnt)"
	refused "no such file" stat mnt/.wh.gone
	refused "not permitted" touch mnt/.wh.new
	refused "not permitted" mkdir mnt/.wh.new
	refused "not permitted" ln -s x mnt/.wh.new
	refused "not permitted" ln mnt/file mnt/.wh.new
	refused "not permitted" mv mnt/file mnt/.wh.new
	refused "not permitted" mkfifo mnt/.wh..wh..opq
	echo fine >mnt/.wh
	echo fine >mnt/.whiteout
}

run_cases "$@"
