#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# machine.sh DIRECTORY: makes what the guest boots from, there:
#   vmlinuz      the kernel of linux-image-cloud-amd64
#   root.ext4    a Debian with systemd, that kernel's modules and what our programs need; not our programs
#   initrd       finds the root, puts over it what the second disk holds (a tar), and starts it
#
# All of Debian's packages, by mmdebstrap, from the mirror that this machine's apt knows; nothing is installed on this
# machine. Exit status 77 with a sentence where that cannot be had.
set -eu

directory=$1
packages="acl attr busybox-static dbus dbus-user-session fuse3 iproute2 kmod libarchive13 libcap2-bin libfuse3-3 libjson-c5 libncursesw6
	libpam-systemd libseccomp2 libssl3 libxxhash0 mount passwd procps systemd systemd-sysv uidmap util-linux"
# Without documents, which are half of it.
slim=(--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*'
	--dpkgopt='path-exclude=/usr/share/doc/*')
# In this order: what the initrd needs to see its disks.
modules=(virtio virtio_ring virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk)

cannot() {
	echo "$*"
	exit 77
}

# The kernel's package is unpacked beside the root, not installed: its scripts would make an initrd of their own.
make_root() {
	local mirror suite

	# shellcheck disable=SC2016 # apt's own variables
	read -r mirror suite < <(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' \
		'Created-By: Packages' 'Component: main' | grep -v 'security\|updates\|backports') ||
		cannot "apt knows no Debian mirror on this machine"
	export work
	# shellcheck disable=SC2016,SC2086 # for mmdebstrap's shell; a list of words
	timeout 300 mmdebstrap --variant=minbase --mode=root "${slim[@]}" \
		--include="$(echo $packages | tr -s ' \t\n' ',' | sed 's/,$//')" \
		--customize-hook='cd "$work" && export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" &&
			apt-get -q download "$(apt-cache depends linux-image-cloud-amd64 |
				sed -n "s/.*Depends: \(linux-image-[0-9].*\)/\1/p")"' \
		"$suite" "$work/root" "deb $mirror $suite main" >"$work/said" 2>&1 ||
		cannot "mmdebstrap could not make a root: $(grep '^E: ' "$work/said" | tail -n 1)"
}

take_kernel() {
	dpkg-deb --extract "$work"/linux-image-*.deb "$work/kernel"
	mv "$work"/kernel/boot/vmlinuz-* "$work/new/vmlinuz"
	version=$(ls "$work/kernel/lib/modules")
	mkdir -p "$work/root/lib/modules"
	mv "$work/kernel/lib/modules/$version" "$work/root/lib/modules/"
	chroot "$work/root" depmod "$version"
}

# An ordinary user with subordinate ids; no password, no terminal and no timers to wait for.
configure_root() {
	chroot "$work/root" useradd --create-home --uid 1000 --shell /bin/bash person
	echo person:200000:65536 | tee "$work/root/etc/subuid" >"$work/root/etc/subgid"
	echo guest >"$work/root/etc/hostname"
	: >"$work/root/etc/machine-id"
	chroot "$work/root" systemctl --quiet set-default multi-user.target
	chroot "$work/root" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
		fstrim.timer getty@tty1.service serial-getty@ttyS0.service systemd-tmpfiles-clean.timer
}

make_initrd() {
	local name initrd=$work/initrd

	mkdir -p "$initrd"/{bin,dev,modules,proc,root,sys}
	cp "$work/root/bin/busybox" "$initrd/bin/"
	for name in "${modules[@]}"; do
		find "$work/root/lib/modules" -name "$name.ko" -exec cp {} "$initrd/modules/" \;
	done
	cat >"$initrd/init" <<-INIT
		#!/bin/busybox sh
		busybox mount -t devtmpfs dev /dev
		for name in ${modules[*]}; do
			[ ! -e /modules/\$name.ko ] || busybox insmod /modules/\$name.ko
		done
		busybox mount -t ext4 -o noatime /dev/vda /root && busybox tar -x -f /dev/vdb -C /root
		busybox mount --move /dev /root/dev
		exec busybox switch_root /root /sbin/init
	INIT
	chmod 755 "$initrd/init"
	(cd "$initrd" && find . | busybox cpio -o -H newc 2>/dev/null) >"$work/new/initrd"
}

make_disk() {
	truncate -s 2G "$work/new/root.ext4"
	mke2fs -q -t ext4 -O ^has_journal -E lazy_itable_init=1,nodiscard -d "$work/root" "$work/new/root.ext4"
}

mkdir -p "$directory"
work=$(mktemp -d "$directory/.work.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
mkdir "$work/new"
make_root
take_kernel
configure_root
make_initrd
make_disk
mv "$work"/new/* "$directory/"
