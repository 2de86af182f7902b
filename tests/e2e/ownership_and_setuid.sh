#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who owns what is made, and when setuid, setgid and capabilities go.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

# as_user UID GID COMMAND...
as_user() {
	setpriv --reuid "$1" --regid "$2" --clear-groups "${@:3}"
}

mode_of() {
	stat -c '%a %u:%g' "$1"
}

case_new_objects_belong_to_the_caller() {
	mkdir -p lower/open upper mnt
	chmod 777 lower/open
	mount_simple
	as_user 1234 2345 sh -c 'umask 027; cd mnt/open; touch f; mkdir d; ln -s x l; mkfifo p; ln f h'
	same "file" "640 1234:2345" "$(mode_of mnt/open/f)"
	same "directory" "750 1234:2345" "$(mode_of mnt/open/d)"
	same "link" "777 1234:2345" "$(mode_of mnt/open/l)"
	same "fifo" "640 1234:2345" "$(mode_of mnt/open/p)"
	remount_simple
	same "file" "640 1234:2345" "$(mode_of mnt/open/f)"
	same "in the upper" "1234:2345" "$(stat -c %u:%g upper/open/d)"
}

case_umask_counts_once() {
	mkdir -p lower
	mount_simple
	(umask 0 && mkfifo -m 666 mnt/p0 && touch mnt/f0 && mkdir mnt/d0)
	(umask 077 && touch mnt/f77 && mkdir mnt/d77 && mknod mnt/p77 p)
	same "fifo" 666 "$(stat -c %a mnt/p0)"
	same "file" 666 "$(stat -c %a mnt/f0)"
	same "directory" 777 "$(stat -c %a mnt/d0)"
	same "file" 600 "$(stat -c %a mnt/f77)"
	same "directory" 700 "$(stat -c %a mnt/d77)"
	same "fifo" 600 "$(stat -c %a mnt/p77)"
}

case_permission_is_checked() {
	mkdir -p lower/private lower/open
	echo secret >lower/private/file
	echo public >lower/open/file
	chmod 700 lower/private
	chmod 777 lower/open
	chmod 644 lower/open/file
	mount_simple
	refused "permission denied" as_user 1234 2345 cat mnt/private/file
	refused "permission denied" as_user 1234 2345 sh -c 'echo x >>mnt/open/file'
	refused "permission denied" as_user 1234 2345 touch mnt/new
	refused "not permitted" as_user 1234 2345 chmod 777 mnt/open/file
	refused "not permitted" as_user 1234 2345 chown 1234 mnt/open/file
	refused "permission denied\|not permitted" as_user 1234 2345 rm -rf mnt/private
	as_user 1234 2345 rm -f mnt/open/file
	absent mnt/open/file
}

case_sticky_directory() {
	mkdir -p lower/tmp
	echo root >lower/tmp/root
	chmod 1777 lower/tmp
	mount_simple
	as_user 1000 1000 touch mnt/tmp/mine
	refused "not permitted" as_user 1000 1000 rm -f mnt/tmp/root
	refused "not permitted" as_user 1001 1001 rm -f mnt/tmp/mine
	as_user 1000 1000 rm mnt/tmp/mine
}

case_setgid_directory() {
	mkdir -p lower/shared/sub
	chown 0:2000 lower/shared
	chmod 2777 lower/shared
	mount_simple
	as_user 1000 1000 sh -c 'cd mnt/shared && touch file && mkdir dir && mkfifo fifo && ln -s x link'
	same "file" "1000:2000" "$(stat -c %u:%g mnt/shared/file)"
	same "directory" "2755 1000:2000" "$(mode_of mnt/shared/dir)"
	same "fifo" "1000:2000" "$(stat -c %u:%g mnt/shared/fifo)"
	same "link" "1000:2000" "$(stat -c %u:%g mnt/shared/link)"
	chmod 777 mnt/shared/dir
	as_user 1000 1000 mkdir mnt/shared/dir/below
	same "below" "2755 1000:2000" "$(mode_of mnt/shared/dir/below)"
	# A setgid program may not be made for a group that one is not in.
	as_user 1000 1000 sh -c 'cp /bin/true mnt/shared/program && chmod 2755 mnt/shared/program'
	same "program" "755 1000:2000" "$(mode_of mnt/shared/program)"
	# The copy of a setgid directory is one, too.
	remount_simple
	same "directory" "2777 0:2000" "$(mode_of mnt/shared)"
}

# make_programs DIRECTORY: one to each way of changing it.
make_programs() {
	local name
	for name in write append truncate shrink fallocate chown_user chown_group mapping root; do
		cp /bin/true "$1/$name"
		chown 1000:1000 "$1/$name"
		chmod 6777 "$1/$name"
		setcap cap_net_raw+ep "$1/$name"
	done
	cp /bin/true "$1/capability"
	setcap cap_net_raw+ep "$1/capability"
	chmod 777 "$1/capability"
}

# What a change by somebody else leaves of mode and capability.
cleared() {
	same "mode after $1" 777 "$(stat -c %a "mnt/$1")"
	same "capability after $1" "" "$(getcap "mnt/$1")"
}

clear_them() {
	needs setcap
	mkdir -p lower
	make_programs lower
	mount_simple
	[ "$1" = lower ] || touch -c mnt/*
	same "before" "6777 mnt/write cap_net_raw=ep" "$(stat -c %a mnt/write) $(getcap mnt/write)"
	as_user 2000 2000 dd if=/dev/zero of=mnt/write bs=10 count=1 conv=notrunc status=none
	as_user 2000 2000 sh -c 'echo x >>mnt/append'
	as_user 2000 2000 sh -c ': >mnt/truncate'
	as_user 2000 2000 truncate -s 10 mnt/shrink
	as_user 2000 2000 fallocate -l 1M mnt/fallocate
	as_user 2000 2000 sh -c 'echo x >>mnt/capability'
	cleared write
	cleared append
	cleared truncate
	cleared shrink
	cleared fallocate
	cleared capability
	chown 0 mnt/chown_user
	cleared chown_user
	chgrp 0 mnt/chown_group
	cleared chown_group
	# Somebody with CAP_FSETID keeps the bits; the capability goes even so.
	echo x >>mnt/root
	same "mode after root's write" 6777 "$(stat -c %a mnt/root)"
	same "capability after root's write" "" "$(getcap mnt/root)"
	remount_simple
	cleared write
	cleared shrink
	cleared chown_group
	same "mode after root's write" 6777 "$(stat -c %a mnt/root)"
	same "lower" "6777" "$(stat -c %a lower/write)"
}

case_changes_of_lower_files_clear_them() {
	clear_them lower
}

case_changes_of_upper_files_clear_them() {
	clear_them upper
}

# chmod, chown to the same... and copy-up for a rename or a link keep what was there.
case_copy_up_keeps_them() {
	needs setcap
	mkdir -p lower
	make_programs lower
	mount_simple
	chmod 6755 mnt/write
	ln mnt/append mnt/linked
	mv mnt/shrink mnt/renamed
	setfattr -n user.x -v y mnt/root
	same "chmod" "6755 mnt/write cap_net_raw=ep" "$(stat -c %a mnt/write) $(getcap mnt/write)"
	same "link" "6777 mnt/linked cap_net_raw=ep" "$(stat -c %a mnt/linked) $(getcap mnt/linked)"
	same "rename" "6777 mnt/renamed cap_net_raw=ep" "$(stat -c %a mnt/renamed) $(getcap mnt/renamed)"
	same "attribute" "6777 mnt/root cap_net_raw=ep" "$(stat -c %a mnt/root) $(getcap mnt/root)"
	remount_simple
	same "rename" "6777 mnt/renamed cap_net_raw=ep" "$(stat -c %a mnt/renamed) $(getcap mnt/renamed)"
}

case_setuid_works() {
	mkdir -p lower
	cp /usr/bin/id lower/id
	chmod 4755 lower/id
	mount_simple
	same "effective user" 0 "$(as_user 1000 1000 mnt/id -u)"
	umount_union mnt
	mount_simple -o nosuid
	same "effective user with nosuid" 1000 "$(as_user 1000 1000 mnt/id -u)"
}

# CVE-2023-0386: what belongs to an id that is not in the map is shown without its setuid bit and
# is not copied up with it.
case_unmapped_owner_loses_setuid() {
	needs setcap
	mkdir -p lower
	cp /bin/true lower/program
	chown 5000000:5000000 lower/program
	chmod 6755 lower/program
	mount_simple -o uidmapping=0:0:65536,gidmapping=0:0:65536
	same "shown" "755 65534:65534" "$(mode_of mnt/program)"
	chmod u+w mnt/program 2>/dev/null || true
	echo x >>mnt/program 2>/dev/null || true
	umount_union mnt
	[ ! -e upper/program ] || same "in the upper" "755" "$(stat -c %a upper/program)"
	[ ! -e upper/program ] || different "owner in the upper" 0 "$(stat -c %u upper/program)"
}

# CVE-2021-3493, CVE-2023-2640: attributes given through the union are checked as everywhere.
case_privileged_attributes_are_refused() {
	mkdir -p lower/open
	chmod 777 lower/open
	mount_simple
	as_user 1000 1000 cp /bin/true mnt/open/program
	refused "not permitted" as_user 1000 1000 setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 mnt/open/program
	refused "not permitted" as_user 1000 1000 setfattr -n trusted.x -v y mnt/open/program
	same "attributes" "" "$(getfattr -d -m - mnt/open/program)"
}

case_id_maps() {
	mkdir -p lower upper mnt
	touch lower/root lower/user
	chown 100000:100000 lower/root lower
	chown 101000:101000 lower/user
	mount_simple -o uidmapping=:0:100000:65536 2>/dev/null && umount_union mnt
	mount_simple -o uidmapping=100000:0:65536,gidmapping=100000:0:65536
	same "root" "0:0" "$(stat -c %u:%g mnt/root)"
	same "user" "1000:1000" "$(stat -c %u:%g mnt/user)"
	touch mnt/new
	chown 33:33 mnt/user
	refused "too large\|invalid" chown 70000 mnt/user
	umount_union mnt
	same "new" "100000:100000" "$(stat -c %u:%g upper/new)"
	same "chowned" "100033:100033" "$(stat -c %u:%g upper/user)"
}

# With the leading colon that engines pass.
case_id_maps_of_engines() {
	mkdir -p lower upper mnt
	touch lower/file
	chown 5:6 lower/file
	mount_simple -o uidmapping=:0:100000:65536,gidmapping=:0:200000:65536
	same "file" "100005:200006" "$(stat -c %u:%g mnt/file)"
	chown 100007:200008 mnt/file
	umount_union mnt
	same "in the upper" "7:8" "$(stat -c %u:%g upper/file)"
}

# Podman as root with --uidmap: the lower layers are on id-mapped mounts, and the same map comes as an option.
id_mapped_layers() {
	local status=0 namespace
	needs setfacl getfacl
	mkdir -p lower upper mnt mapped
	echo x >lower/file
	chown 5:6 lower/file
	setfacl -m u:7:r lower/file
	cp /bin/true lower/setuid
	chmod 4755 lower/setuid
	unshare --user sleep 100 &
	namespace=$!
	wait_until grep -q sleep "/proc/$namespace/comm"
	echo '0 100000 65536' >"/proc/$namespace/uid_map"
	echo '0 100000 65536' >"/proc/$namespace/gid_map"
	"$abs_top_builddir/tests/e2e/id_mapped_mount" lower mapped "/proc/$namespace/ns/user" || status=$?
	[ "$status" != 2 ] || skip "ids of mounts cannot be mapped here"
	same "exit status" 0 "$status"
	kill "$namespace"
	same "through the mount" "100005:100006" "$(stat -c %u:%g mapped/file)"
	"$COWFS" mount -o "lowerdir=mapped,upperdir=upper,uidmapping=:0:100000:65536,gidmapping=:0:100000:65536" mnt
	# The engine takes it away at once.
	umount -l mapped
	same "lower" "100005:100006" "$(stat -c %u:%g mnt/file)"
	same "setuid" 4755 "$(stat -c %a mnt/setuid)"
	same "acl" user:100007:r-- "$(getfacl -n mnt/file 2>/dev/null | grep 'user:1')"
	echo y >>mnt/file
	same "copied up" "100005:100006" "$(stat -c %u:%g mnt/file)"
	same "acl copied up" user:100007:r-- "$(getfacl -n mnt/file 2>/dev/null | grep 'user:1')"
	# Root of the machine is not in the map.
	ln -s target mnt/link
	mkdir mnt/dir
	touch mnt/new
	chown -h 100000:100000 mnt/link
	same "given away" "100000:100000" "$(stat -c %u:%g mnt/link)"
	umount_union mnt
	same "disk" "5:6 0:0 65534:65534 65534:65534" "$(stat -c %u:%g upper/file upper/link upper/dir upper/new | xargs)"
	same "acl on disk" user:7:r-- "$(getfacl -n upper/file 2>/dev/null | grep 'user:7')"
}

case_id_mapped_layers() {
	in_namespaces id_mapped_layers
}

case_squash() {
	mkdir -p lower
	touch lower/file
	chown 5:6 lower/file
	mount_simple -o squash_to_root
	same "root" "0:0" "$(stat -c %u:%g mnt/file)"
	umount_union mnt
	mount_simple -o squash_to_uid=11,squash_to_gid=12
	same "ids" "11:12" "$(stat -c %u:%g mnt/file)"
}

run_cases "$@"
