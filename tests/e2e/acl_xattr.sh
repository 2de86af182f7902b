#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# POSIX ACLs and extended attributes: kept to the byte, inherited, hidden where they are a layer's own.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

as_user() {
	setpriv --reuid "$1" --regid "$2" --clear-groups "${@:3}"
}

acl_of() {
	getfacl -cpEn "$1" | grep -v '^$' | xargs
}

case_lower_acl_is_shown_and_obeyed() {
	needs setfacl
	mkdir -p lower
	echo secret >lower/file
	chmod 600 lower/file
	setfacl -m u:1000:r lower/file
	mount_simple
	same "acl" "user::rw- user:1000:r-- group::--- mask::r-- other::---" "$(acl_of mnt/file)"
	same "allowed" secret "$(as_user 1000 1000 cat mnt/file)"
	refused "permission denied" as_user 1001 1001 cat mnt/file
	refused "permission denied" as_user 1000 1000 sh -c 'echo x >>mnt/file'
}

case_copy_up_keeps_it() {
	needs setfacl
	mkdir -p lower/dir
	touch lower/file
	setfacl -m u:1000:rw,g:50:r lower/file
	setfacl -m d:u:1000:rwx lower/dir
	describe_tree lower | grep -a acl >"$T.before" || true
	mount_simple
	echo more >>mnt/file
	touch mnt/dir/new
	same "file" "user::rw- user:1000:rw- group::r-- group:50:r-- mask::rw- other::r--" "$(acl_of mnt/file)"
	remount_simple
	same "file" "user::rw- user:1000:rw- group::r-- group:50:r-- mask::rw- other::r--" "$(acl_of mnt/file)"
	same "directory" "$(acl_of lower/dir)" "$(acl_of mnt/dir)"
}

case_set_and_remove() {
	needs setfacl
	mkdir -p lower
	touch lower/file
	chmod 640 lower/file
	mount_simple
	setfacl -m u:1000:rwx mnt/file
	same "mode shows the mask" 670 "$(stat -c %a mnt/file)"
	chmod 600 mnt/file
	same "chmod sets the mask" "user::rw- user:1000:rwx group::r-- mask::--- other::---" "$(acl_of mnt/file)"
	refused "permission denied" as_user 1000 1000 cat mnt/file
	setfacl -b mnt/file
	same "removed" "user::rw- group::--- other::---" "$(acl_of mnt/file)"
	setfacl -b mnt/file
	remount_simple
	same "removed" "user::rw- group::--- other::---" "$(acl_of mnt/file)"
}

# Compared with the disk's own doing, for every kind of object and umask.
make_below_default() {
	(
		cd "$1"
		umask "$2"
		touch file
		mkdir directory
		mkfifo fifo
		ln -s x link
		mkdir directory/below
		touch directory/below/file
	)
}

acls_below() {
	(
		cd "$1"
		find . -mindepth 1 -printf '%p %m\n' | sort
		find . -mindepth 1 ! -type l | sort | xargs getfacl -pn
	)
}

case_default_acl_is_inherited() {
	local umask
	needs setfacl
	for umask in 0 022 077; do
		mkdir -p "lower/$umask" "plain/$umask" mnt
		chmod 2775 "lower/$umask" "plain/$umask"
		setfacl -m d:u:1000:rwx,d:g::rx,d:o::- "lower/$umask" "plain/$umask"
	done
	mount_simple
	for umask in 0 022 077; do
		make_below_default "plain/$umask" "$umask"
		make_below_default "mnt/$umask" "$umask"
	done
	acls_below plain >"$T.plain"
	acls_below mnt | diff "$T.plain" - | head -n 20
	acls_below mnt | cmp "$T.plain" -
	remount_simple
	acls_below mnt | cmp "$T.plain" -
}

# CVE-2016-1575: a setgid directory with an ACL is copied up as it is, and no more than that.
case_setgid_directory_with_acl() {
	needs setfacl
	mkdir -p lower/dir
	chown 0:2000 lower/dir
	chmod 2750 lower/dir
	setfacl -m u:1000:rwx,d:u:1000:rwx lower/dir
	mount_simple
	as_user 1000 1000 touch mnt/dir/file
	same "directory" "$(acl_of lower/dir)" "$(acl_of mnt/dir)"
	same "mode" "$(stat -c '%a %u:%g' lower/dir)" "$(stat -c '%a %u:%g' mnt/dir)"
	umount_union mnt
	same "in the upper" "$(acl_of lower/dir)" "$(acl_of upper/dir)"
	same "file" "1000:2000" "$(stat -c %u:%g upper/dir/file)"
}

case_noacl() {
	needs setfacl
	mkdir -p lower
	touch lower/file
	mount_simple -o noacl
	refused "not supported" setfacl -m u:1000:rwx mnt/file
}

# --- attributes ---

case_user_attributes_are_kept_to_the_byte() {
	mkdir -p lower/dir
	touch lower/file
	setfattr -n user.binary -v 0x00ff0a000d20 lower/file
	setfattr -n user.empty lower/file
	setfattr -n user.dir -v "of a directory" lower/dir
	mount_simple
	chmod 600 mnt/file
	touch mnt/dir/new
	setfattr -n user.own -v 0x0001 mnt/file
	remount_simple
	same "binary" 0x00ff0a000d20 "$(getfattr -e hex -n user.binary mnt/file | sed -n 's/user.binary=//p')"
	same "names" "user.binary user.empty user.own" "$(getfattr mnt/file | grep -v '^#' | xargs)"
	same "directory" "of a directory" "$(getfattr --only-values -n user.dir mnt/dir)"
}

case_large_and_many() {
	local i value
	mkdir -p lower
	touch lower/file
	mount_simple
	value=$(printf 'v%.0s' {1..1500})
	setfattr -n user.large -v "$value" mnt/file
	same "large" "$value" "$(getfattr --only-values -n user.large mnt/file)"
	for i in {1..30}; do
		setfattr -n "user.n$i" -v "$i" mnt/file
	done
	same "many" 31 "$(getfattr mnt/file | grep -c '^user')"
	for i in {1..30}; do
		setfattr -x "user.n$i" mnt/file
	done
	same "left" 1 "$(getfattr mnt/file | grep -c '^user')"
	refused "no such attribute" setfattr -x user.n1 mnt/file
	refused "no such attribute" getfattr -n user.n1 mnt/file
}

# The bookkeeping of every peer, and ours: neither shown nor settable, and not copied up.
hidden_names="trusted.overlay.opaque user.overlay.opaque trusted.overlay.redirect trusted.overlay.metacopy
	user.fuseoverlayfs.opaque user.fuseoverlayfs.origin trusted.cowfs.origin user.cowfs.redirect
	user.containers.override_stat"

case_bookkeeping_is_hidden() {
	local name
	mkdir -p lower/dir
	touch lower/file
	for name in $hidden_names; do
		setfattr -n "$name" -v n lower/file
	done
	setfattr -n user.visible -v yes lower/file
	mount_simple
	same "names" "user.visible" "$(getfattr -m - mnt/file | grep -v '^#' | xargs)"
	for name in $hidden_names; do
		refused "no such attribute" getfattr -n "$name" mnt/file
		refused "not permitted" setfattr -n "$name" -v y mnt/file
		refused "not permitted" setfattr -n "$name" -v y mnt/dir
	done
	chmod 600 mnt/file
	same "names" "user.visible" "$(getfattr -m - mnt/file | grep -v '^#' | xargs)"
	umount_union mnt
	same "in the upper" "user.visible" "$(getfattr -m - upper/file | grep -v '^#\|cowfs' | xargs)"
}

# They are never set through a link: neither out of the layer nor back into the mount.
case_links_are_not_followed() {
	mkdir -p lower
	touch outside
	ln -s "$T/outside" lower/out
	ln -s "$T/mnt/other" lower/back
	touch lower/other
	mount_simple
	setfattr -h -n trusted.x -v link mnt/out
	setfattr -h -n trusted.x -v link mnt/back
	same "link" link "$(getfattr -h --only-values -n trusted.x mnt/out)"
	same "target" "" "$(getfattr -d -m - outside)"
	same "target" "" "$(getfattr -d -m - mnt/other)"
	refused "not permitted" setfattr -h -n user.x -v y mnt/out
	setfattr -n trusted.x -v through mnt/back
	same "followed by the kernel" through "$(getfattr --only-values -n trusted.x mnt/other)"
	remount_simple
	same "link" link "$(getfattr -h --only-values -n trusted.x mnt/back)"
}

# Where others change the layers, that a file had no attributes is not remembered.
case_attributes_given_underneath() {
	mkdir lower
	echo x >lower/file
	mount_simple -o timeout=0
	same "attributes" "" "$(getfattr mnt/file)"
	setfattr -n user.late -v yes lower/file
	same "attribute" yes "$(getfattr --only-values -n user.late mnt/file)"
	setfattr -x user.late lower/file
	same "attributes" "" "$(getfattr mnt/file)"
}

case_noxattr() {
	mkdir -p lower
	touch lower/file
	setfattr -n user.x -v y lower/file
	mount_simple -o noxattr
	refused "not supported" getfattr -m - mnt/file
	refused "not supported" setfattr -n user.x -v z mnt/file
	chmod 600 mnt/file
	rm mnt/file
	absent mnt/file
}

run_cases "$@"
