# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A Debian to work in, for tests that have sourced lib.sh.
#
# The root is made once by debian_root.sh and kept as a tar archive in $COWFS_CACHE if that is set, else in the build
# directory. Where no mirror can be reached it comes from this machine's packages.

# Sets archive; skips the case when there can be none. Another version of debian_root.sh makes another archive.
find_debian_archive() {
	local status=0 maker name cache=${COWFS_CACHE:-$abs_top_builddir}
	needs dpkg dpkg-deb
	[ -d "$cache" ] || fail "COWFS_CACHE is not a directory"
	maker=$(dirname "${BASH_SOURCE[0]}")/debian_root.sh
	name=debian-root-$(dpkg --print-architecture)-$(sha256sum <"$maker" | head -c 12)
	archive=$cache/$name.tar
	# Whoever else wants it waits until it is there.
	exec 9>"$cache/$name.lock"
	flock 9
	if [ ! -e "$archive" ]; then
		bash "$maker" "$T/new-root" >"$T.said" 2>&1 || status=$?
		[ "$status" != 77 ] || skip "$(tail -n 1 "$T.said")"
		[ "$status" = 0 ] || sed 's/^/# /' "$T.said"
		same "status of making a root" 0 "$status"
		tar -C new-root --format=posix --xattrs --xattrs-include='*' -cf "$archive.new" .
		mv "$archive.new" "$archive"
		rm -rf new-root
	fi
	exec 9>&-
}

# make_package NAME: a package of 200 files with scripts, root/debs/NAME.deb, so that installing it needs no mirror.
make_package() {
	local i
	mkdir -p "package/DEBIAN" "package/usr/bin" "package/usr/share/$1" package/etc
	cat >package/DEBIAN/control <<-END
		Package: $1
		Version: 1.0
		Architecture: all
		Maintainer: nobody <nobody@localhost>
		Description: something to install
	END
	printf '#!/bin/sh\nset -e\nln -sf %s /usr/bin/%s-link\n' "$1" "$1" >package/DEBIAN/postinst
	printf '#!/bin/sh\nset -e\nrm -f /usr/bin/%s-link\n' "$1" >package/DEBIAN/prerm
	echo "/etc/$1.conf" >package/DEBIAN/conffiles
	echo setting >"package/etc/$1.conf"
	printf '#!/bin/sh\necho "Hello, world!"\n' >"package/usr/bin/$1"
	chmod 755 package/DEBIAN/p* "package/usr/bin/$1"
	for ((i = 1; i <= 200; i++)); do
		head -c $((i * 37)) /dev/urandom >"package/usr/share/$1/file$i"
	done
	dpkg-deb --root-owner-group --build package "root/debs/$1.deb" >/dev/null
	rm -r package
}
