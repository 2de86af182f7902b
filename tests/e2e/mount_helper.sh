#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Mounted by mount(8), by lines of fstab(5), and under the names that others call cowfs by; the generic options.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

make_layers() {
	make_two_layers
	mkdir work bin
	ln -s "$COWFS" bin/cowfs
	ln -s "$COWFS" bin/fuse-overlayfs
	ln -s "$COWFS" bin/mount.cowfs
	ln -s "$COWFS" bin/mount.fuse.cowfs
	layers=lowerdir=$T/a:$T/b,upperdir=$T/upper
}

# mount(8) looks for its helpers in /sbin only. In a mount namespace of our own that is another one: what was there,
# without helpers that are installed, and with those named.
lay_over_sbin() {
	local sbin name
	sbin=$(readlink -f /sbin)
	mkdir old-sbin sbin
	mount --bind "$sbin" old-sbin
	cp -as "$T/old-sbin/." sbin
	rm -f sbin/mount.cowfs sbin/mount.fuse.cowfs
	for name; do
		ln -s "$COWFS" "sbin/$name"
	done
	mount --bind sbin "$sbin"
}

# shown WHAT: options, type, source or super options of mnt, as mountinfo has them.
shown() {
	awk -v at="$T/mnt" -v what="$1" '
		$5 == at {
			for (i = 7; $i != "-"; i++);
			shown["options"] = $6
			shown["type"] = $(i + 1)
			shown["source"] = $(i + 2)
			shown["super options"] = $(i + 3)
			print shown[what]
		}' /proc/self/mountinfo
}

# has WHAT OPTION...
has() {
	local list option
	list=$(shown "$1")
	shift
	for option; do
		[[ ,$list, == *,$option,* ]] || fail "$option is not in <$list>"
	done
}

# has_not WHAT OPTION...
has_not() {
	local list option
	list=$(shown "$1")
	shift
	for option; do
		[[ ,$list, != *,$option,* ]] || fail "$option is in <$list>"
	done
}

works() {
	same "content" "a b" "$(cat mnt/file mnt/only-b | xargs)"
	echo new >mnt/new
	umount mnt
	wait_until test -e upper/new
	same "new" new "$(cat upper/new)"
	rm upper/new
}

# --- mount -t --------------------------------------------------------------------------------------

by_type() {
	make_layers
	lay_over_sbin mount.fuse.cowfs mount.cowfs
	mount -t fuse.cowfs a-name "$T/mnt" -o "$layers,workdir=$T/work"
	same "type" fuse.cowfs "$(shown type)"
	same "source" a-name "$(shown source)"
	has options rw
	has_not options nosuid nodev noexec
	works
	mount -t cowfs a-name "$T/mnt" -o "$layers,workdir=$T/work"
	same "type" fuse.cowfs "$(shown type)"
	works
	mount -t fuse.cowfs a-name "$T/mnt" -o "lowerdir=$T/a:$T/b"
	same "content" "a b" "$(cat mnt/file mnt/only-b | xargs)"
	refused "read-only" touch mnt/new
	umount mnt
}

case_by_type() {
	in_namespaces by_type
}

generic_options() {
	make_layers
	lay_over_sbin mount.fuse.cowfs
	mount -t fuse.cowfs a-name "$T/mnt" -o "$layers,nosuid,nodev,noexec,noatime"
	has options rw nosuid nodev noexec noatime
	cp /bin/true mnt/program
	refused "denied" mnt/program
	rm mnt/program
	works
	mount -t fuse.cowfs a-name "$T/mnt" -o "$layers,ro"
	has options ro
	refused "read-only" touch mnt/new
	umount mnt
	mount -r -t fuse.cowfs a-name "$T/mnt" -o "$layers"
	has options ro
	umount mnt
	mount -t fuse.cowfs a-name "$T/mnt" -o "$layers,sync,dirsync"
	has "super options" sync dirsync
	works
}

case_generic_options() {
	in_namespaces generic_options
}

remounting() {
	make_layers
	lay_over_sbin mount.fuse.cowfs
	mount -t fuse.cowfs a-name "$T/mnt" -o "$layers,nosuid"
	mount -o remount,ro "$T/mnt"
	has options ro nosuid
	refused "read-only" touch mnt/new
	mount -t fuse.cowfs -o "remount,rw,noexec,$layers" a-name "$T/mnt"
	has options rw nosuid noexec
	works
	mount -t fuse.cowfs a-name "$T/mnt" -o "$layers,ro"
	refused "can only be read" mount -o remount,rw "$T/mnt"
	bin/cowfs mount -o remount,ro,nodev "$T/mnt"
	has options ro nodev
	umount mnt
	refused "is not where a cowfs union is mounted" bin/cowfs mount -o remount,ro "$T/mnt"
}

case_remount() {
	in_namespaces remounting
}

nothing_is_mounted() {
	make_layers
	lay_over_sbin mount.fuse.cowfs
	# -f is "fake".
	mount -f -t fuse.cowfs a-name "$T/mnt" -o "$layers"
	same "mounted" "" "$(shown type)"
	refused "$T/absent" mount -t fuse.cowfs a-name "$T/mnt" -o "lowerdir=$T/absent,upperdir=$T/upper"
	same "mounted" "" "$(shown type)"
	refused "timeout" mount -t fuse.cowfs a-name "$T/mnt" -o "$layers,timeout=soon"
	same "mounted" "" "$(shown type)"
	same "upper" "" "$(ls -A upper)"
}

case_nothing_is_mounted() {
	in_namespaces nothing_is_mounted
}

unknown_option() {
	make_layers
	lay_over_sbin mount.fuse.cowfs
	mount -t fuse.cowfs a-name "$T/mnt" -o "$layers,user_id=0" 2>"$T.said"
	grep -q "user_id.* no effect" "$T.said"
	works
}

case_unknown_option() {
	in_namespaces unknown_option
}

# --- fstab -----------------------------------------------------------------------------------------

fstab_line() {
	make_layers
	lay_over_sbin mount.fuse.cowfs mount.cowfs
	echo "one $T/mnt fuse.cowfs $layers,noauto,user,nofail 0 0" >fstab
	mount -T fstab "$T/mnt" 2>"$T.said"
	same "said" "" "$(cat "$T.said")"
	same "source" one "$(shown source)"
	# What `user` stands for.
	has options nosuid nodev noexec
	works
	echo "two $T/mnt cowfs $layers,_netdev,x-systemd.automount,nodev,comment=mine 0 0" >fstab
	mount --fstab fstab "$T/mnt" 2>"$T.said"
	same "said" "" "$(cat "$T.said")"
	same "source" two "$(shown source)"
	has options nodev
	has_not options nosuid noexec
	works
}

case_fstab_line() {
	in_namespaces fstab_line
}

# What is mounted is known again by its line, so it is not mounted once more.
mount_all() {
	make_layers
	mkdir other
	lay_over_sbin mount.fuse.cowfs
	{
		echo "one $T/mnt fuse.cowfs $layers,ro 0 0"
		echo "none $T/other fuse.cowfs $layers,noauto 0 0"
	} >fstab
	mount -a -T fstab
	mount -a -T fstab
	same "mounts" 1 "$(grep -c " $T/mnt " /proc/self/mountinfo)"
	has options ro
	is_not_mounted other
	umount mnt
	# A name with a space.
	mkdir "mnt/a b"
	printf '%s\n' "one $T/mnt/a\\040b fuse.cowfs lowerdir=$T/a:$T/b 0 0" >fstab
	mount -a -T fstab
	same "content" a "$(cat "mnt/a b/file")"
	umount "mnt/a b"
}

case_mount_all() {
	in_namespaces mount_all
}

# --- names -----------------------------------------------------------------------------------------

case_name_fuse_overlayfs() {
	make_layers
	PATH=$T/bin:$PATH fuse-overlayfs -o "$layers,workdir=$T/work" "$T/mnt"
	same "type" fuse.fuse-overlayfs "$(shown type)"
	same "source" fuse-overlayfs "$(shown source)"
	works
}

case_names_of_helpers() {
	local name
	make_layers
	for name in mount.cowfs mount.fuse.cowfs; do
		# As mount(8) calls them, with switches that mean nothing here.
		PATH=$T/bin:$PATH "$name" a-name "$T/mnt" -n -s -o "rw,$layers,workdir=$T/work,dev,suid"
		same "type" fuse.cowfs "$(shown type)"
		same "source" a-name "$(shown source)"
		works
		PATH=$T/bin:$PATH "$name" a-name "$T/mnt" -f -o "$layers"
		is_not_mounted mnt
	done
}

# fuse3's own helper runs `cowfs SOURCE MOUNTPOINT -o OPTIONS`, with a PATH of its own.
name_in_mount_fuse() {
	make_layers
	[ -e /sbin/mount.fuse ] || skip "/sbin/mount.fuse is not installed"
	lay_over_sbin cowfs
	mount -t fuse.cowfs a-name "$T/mnt" -o "$layers,nodev"
	same "type" fuse.cowfs "$(shown type)"
	same "source" a-name "$(shown source)"
	has options nodev
	works
	mount -t fuse "cowfs#a-name" "$T/mnt" -o "$layers"
	works
	# As containerd calls what mounts for its snapshotter.
	PATH=/sbin:/usr/bin:/bin "$(command -v mount.fuse3 || echo /sbin/mount.fuse3)" overlay "$T/mnt" -o "$layers,workdir=$T/work,dev,suid" -t cowfs
	same "type" fuse.cowfs "$(shown type)"
	same "source" overlay "$(shown source)"
	works
}

case_name_in_mount_fuse() {
	in_namespaces name_in_mount_fuse
}

case_name_of_the_source() {
	make_layers
	bin/cowfs mount a:b upper mnt
	same "source" cowfs "$(shown source)"
	umount mnt
	bin/cowfs mount -o fsname=my-union,nosuid,nodev,noexec,noatime a:b upper mnt
	same "source" my-union "$(shown source)"
	has options nosuid nodev noexec noatime
	cp /bin/true mnt/true
	refused "denied" mnt/true
	rm mnt/true
	works
}

run_cases "$@"
