#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The Debian packages: made from this tree, installed in a Debian root, used there, removed.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119,SC2016
. "$(dirname "$0")/lib.sh"

CASE_SECONDS=400
: "${abs_top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"

# in_root COMMAND...: there, with what a mount needs.
in_root() {
	chroot root env PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "$@"
}

# The names of the packages that ours depend on.
dependencies_of_ours() {
	local package

	for package in debs/*.deb; do
		# shellcheck disable=SC2016 # dpkg-deb's own words
		dpkg-deb --show --showformat '${Depends},' "$package"
	done | tr , '\n' | sed 's/(.*//; s/ //g' | grep -vE '^(cowfs|)$' | sort -u
}

make_root() {
	local status=0 dependencies
	dependencies=$(dependencies_of_ours)
	# shellcheck disable=SC2086 # a list of words
	bash "$(dirname "$self")/debian_root.sh" "$T/root" bash coreutils dash diffutils dpkg findutils grep libc-bin mount sed tar \
		$dependencies >"$T.said" 2>&1 || status=$?
	[ "$status" != 77 ] || skip "$(tail -n 1 "$T.said")"
	[ "$status" = 0 ] || sed 's/^/# /' "$T.said"
	same "status of making a root" 0 "$status"
	mount --bind /dev root/dev
	mount -t proc proc root/proc
}

use_it() {
	mkdir root/srv/lower root/srv/upper root/srv/mnt
	echo below >root/srv/lower/file
	in_root mount -t fuse.cowfs -o lowerdir=/srv/lower,upperdir=/srv/upper cowfs /srv/mnt
	in_root sh -c 'echo above >/srv/mnt/file; rm /srv/mnt/file; cowfs stat /srv/mnt >/dev/null'
	in_root cowfs umount /srv/mnt
	[ -e root/srv/upper/.wh.file ] || fail "what was deleted left no whiteout"
	same "the lower layer" below "$(cat root/srv/lower/file)"
}

case_packages_are_installed_used_and_removed() {
	needs dpkg-buildpackage dpkg-deb scdoc

	"$abs_top_srcdir/tools/deb" "$T/debs" >/dev/null || fail "tools/deb failed"
	make_root
	mkdir -p root/srv
	cp debs/*.deb root/srv/
	in_root sh -c 'dpkg --install /srv/*.deb' >said 2>&1 || {
		sed 's/^/# /' said
		fail "the packages could not be installed"
	}
	same "version" "cowfs $(sed -n 's/^AC_INIT(\[cowfs\], \[\(.*\)\])$/\1/p' "$abs_top_srcdir/configure.ac")" \
		"$(in_root cowfs --version | head -n 1)"
	in_root cowrun --version >/dev/null
	in_root fuse-overlayfs --version | grep -q '^fuse-overlayfs: version' || fail "it is no fuse-overlayfs"
	use_it
	in_root dpkg --purge cowfs-fuse-overlayfs cowrun cowfs >said 2>&1 || fail "$(cat said)"
	same "what is left" '' "$(find root/usr \( -name '*cowfs*' -o -name '*cowrun*' -o -name fuse-overlayfs \))"
}

run_cases "$@"
