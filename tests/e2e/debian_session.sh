#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A real Debian root, split into an AUFS style, an overlay style and a plain layer: mounted, entered, worked in,
# mounted again, everything in its place.
#
# The root is made once by mmdebstrap from the mirror that this machine's apt uses, and kept as a tar archive in
# $COWFS_CACHE (/var/cache/cowfs), else in the build directory.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119,SC2016
. "$(dirname "$0")/lib.sh"

CASE_SECONDS=800

# Packages of the root, and those that are installed from files in the session, so that it needs no network.
packages=gcc,libc6-dev,git,python3,ca-certificates
session_packages="hello tree"

cache_directory() {
	local cache=${COWFS_CACHE:-/var/cache/cowfs}
	if [ -d "$cache" ] && [ -w "$cache" ]; then
		echo "$cache"
	else
		echo "$abs_top_builddir"
	fi
}

# The Debian mirror and suite of this machine's apt.
find_mirror() {
	# shellcheck disable=SC2016 # apt expands them
	apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
		awk '$1 == "Debian" && $4 == "main" && $3 !~ /-/ { print $2, $3; exit }'
}

# The archive, made if need be; prints nothing and skips the case when it cannot be.
make_archive() {
	local mirror suite
	read -r mirror suite < <(find_mirror) || true
	[ -n "${mirror-}" ] || skip "apt has no Debian mirror on this machine"
	archive=$(cache_directory)/debian-$suite-session.tar
	[ ! -e "$archive" ] || return 0
	needs mmdebstrap
	# The hook runs in the new root: archives for the session go there, too.
	mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" \
		--aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Retries "2"' \
		--customize-hook="chroot \"\$1\" sh -c 'mkdir /debs && cd /debs && apt-get download $session_packages'" \
		"$suite" "$archive.new.tar" "$mirror" >"$T.mmdebstrap" 2>&1 || {
		rm -f "$archive.new.tar"
		tail -n 5 "$T.mmdebstrap" | sed 's/^/# /'
		skip "mmdebstrap could not make a Debian root from $mirror"
	}
	mv "$archive.new.tar" "$archive"
}

# split ROOT: into bottom, middle (AUFS) and top (overlay), each with things that the layer above deletes.
split_root() {
	mkdir -p bottom middle/usr top/var/lib upper mnt
	cp -a --reflink=auto "$1/." bottom
	# What was in the way and is not any more.
	mkdir -p bottom/usr/lib/old-library/sub bottom/opt bottom/usr/share/old middle/opt/old
	echo stale >bottom/usr/lib/old-library/sub/file
	echo stale >bottom/stale-file
	mkdir -p bottom/opt/old/deep
	echo stale >bottom/opt/old/deep/file
	# The middle one: /usr/share as it should be, and whiteouts as .wh.
	rm -rf middle/usr
	mkdir -p middle/usr/lib
	mv bottom/usr/share middle/usr/share
	mkdir -p bottom/usr/share/stale
	echo stale >bottom/usr/share/stale/file
	rm -rf middle/usr/share/old
	touch middle/.wh.stale-file middle/usr/lib/.wh.old-library middle/opt/.wh.old middle/usr/share/.wh..wh..opq
	rmdir middle/opt/old
	# The top one: /etc and the packages' state, and whiteouts as the kernel's overlayfs has them.
	mv bottom/etc top/etc
	mv bottom/var/lib/dpkg top/var/lib/dpkg
	mkdir -p bottom/var/lib/dpkg bottom/etc
	echo stale >bottom/var/lib/dpkg/status
	echo stale >bottom/var/lib/dpkg/stale
	echo stale >bottom/etc/stale
	setfattr -n trusted.overlay.opaque -v y top/var/lib/dpkg
	mknod top/etc/stale c 0 0
	copy_attributes "$1"
}

# A directory shows the attributes of the topmost layer that has it.
copy_attributes() {
	local layer directory
	for layer in bottom middle top; do
		(cd "$layer" && find . -depth -type d) | while read -r directory; do
			[ -d "$1/$directory" ] || continue
			chown --reference="$1/$directory" "$layer/$directory"
			chmod --reference="$1/$directory" "$layer/$directory"
			touch --reference="$1/$directory" "$layer/$directory"
		done
	done
}

mount_root() {
	mount_union top:middle:bottom upper mnt
	mount -t proc proc mnt/proc
	mount --bind /dev mnt/dev
}

inside() {
	timeout 300 chroot mnt env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"
}

# --- the session ---

install_and_remove() {
	say "apt-get and dpkg"
	inside sh -euc 'apt-get install -y /debs/*.deb >/root/apt.log 2>&1 || { tail /root/apt.log; exit 1; }'
	same "hello" "Hello, world!" "$(inside hello)"
	inside dpkg --verify hello tree
	inside dpkg -r tree >/dev/null
	absent mnt/usr/bin/tree
	inside dpkg -P tree >/dev/null
	inside sh -euc 'dpkg -i /debs/tree_*.deb >/dev/null'
	inside tree -L 1 / >/dev/null
	# One that was there from the start, in three layers.
	inside sh -euc 'dpkg --purge --force-depends ca-certificates >/dev/null 2>&1'
	absent mnt/usr/share/ca-certificates/mozilla mnt/usr/sbin/update-ca-certificates
	inside dpkg --audit
}

compile() {
	say "gcc"
	cat >mnt/root/program.c <<'END'
#include <stdio.h>
#include <math.h>
int main(void) { printf("%.0f\n", pow(6, 2) + 6); return 0; }
END
	inside gcc -O2 -o /root/program /root/program.c -lm
	same "program" 42 "$(inside /root/program)"
	inside strip /root/program
	same "program" 42 "$(inside /root/program)"
}

use_git() {
	say "git"
	inside sh -euc '
		git config --global user.email nobody@invalid
		git config --global user.name Nobody
		git config --global init.defaultBranch main
		cp -r /usr/include /root/repository
		cd /root/repository
		git init -q
		git add .
		git commit -q -m first
		rm -rf linux
		mv asm-generic renamed
		git add -A
		git commit -q -m second
		git gc -q
		git fsck --full
		git checkout -q HEAD~1
		test -e linux/fuse.h
		git checkout -q main
		test ! -e linux/fuse.h
		test -z "$(git status --porcelain)"'
}

use_python() {
	say "python3"
	inside python3 -m compileall -q -f /usr/lib/python3.* >/dev/null 2>&1 || true
	inside python3 - <<'END'
import mmap, os, shutil, sqlite3, tempfile
database = sqlite3.connect("/root/database")
database.execute("pragma journal_mode=wal")
database.execute("create table numbers (number integer primary key, text text)")
for i in range(20):
    with database:
        database.executemany("insert into numbers values (?, ?)", [(i * 1000 + j, "x" * j) for j in range(200)])
with database:
    database.execute("delete from numbers where number % 3 = 0")
database.execute("vacuum")
assert database.execute("pragma integrity_check").fetchone() == ("ok",)
database.close()
shutil.copytree("/usr/lib/python3", "/root/copy", symlinks=True)
with tempfile.NamedTemporaryFile(dir="/var/tmp") as file:
    file.truncate(10000)
    with mmap.mmap(file.fileno(), 10000) as map:
        map[5000:5005] = b"hello"
    assert os.pread(file.fileno(), 5, 5000) == b"hello"
END
}

remove_and_change() {
	say "rm -rf, chown -R, mv"
	inside rm -rf /usr/share/man /usr/share/locale
	absent mnt/usr/share/man mnt/usr/share/locale
	inside chown -R 1000:1000 /usr/share/perl5
	inside sh -euc 'mv /usr/share/zoneinfo /usr/share/zones 2>/dev/null || mv /usr/share/perl5 /usr/share/perl6'
	inside sh -euc 'cp -a /etc /root/etc; diff -r --no-dereference /etc /root/etc'
	inside tar -C /usr/lib -cf /root/lib.tar git-core
	inside tar -C /root -xf /root/lib.tar
	inside diff -r --no-dereference /usr/lib/git-core /root/git-core
}

verify() {
	same "hello" "Hello, world!" "$(inside hello)"
	inside dpkg --verify hello tree
	inside dpkg --audit
	same "program" 42 "$(inside /root/program)"
	inside git -C /root/repository fsck --full
	same "status" "" "$(inside git -C /root/repository status --porcelain)"
	inside python3 -c 'import sqlite3; assert sqlite3.connect("/root/database").execute("pragma integrity_check").fetchone() == ("ok",)'
	absent mnt/usr/share/man mnt/usr/share/locale mnt/stale-file mnt/opt/old mnt/etc/stale mnt/var/lib/dpkg/stale
	inside diff -r --no-dereference /usr/lib/git-core /root/git-core
}

# The tree that was there before the union was mounted again.
shows_the_same() {
	describe_tree mnt >"$T.after"
	diff "$T.before" "$T.after" | head -n 20
	cmp "$T.before" "$T.after"
}

session() {
	local layer
	make_archive
	mkdir -p root
	tar -C root --xattrs --xattrs-include='*' -xpf "$archive"
	rm -rf root/dev/*
	mkdir -p root/opt root/proc root/dev
	split_root "$T/root"
	for layer in bottom middle top; do
		remember_tree "$layer"
	done
	mount_union top:middle:bottom upper mnt
	say "the layers make the root that they were made of"
	describe_tree root >"$T.before"
	shows_the_same
	umount mnt
	mount_root
	install_and_remove
	compile
	use_git
	use_python
	remove_and_change
	verify
	umount mnt/proc mnt/dev
	describe_tree mnt >"$T.before"
	umount mnt
	mount_union top:middle:bottom upper mnt
	shows_the_same
	mount -t proc proc mnt/proc
	mount --bind /dev mnt/dev
	verify
	umount mnt/proc mnt/dev
	# Looking at a repository and a database has written a little.
	describe_tree mnt >"$T.before"
	umount mnt
	say "the upper as a layer"
	mkdir upper2
	mount_union upper:top:middle:bottom upper2 mnt
	shows_the_same
	umount mnt
	for layer in bottom middle top; do
		tree_is_unchanged "$layer"
	done
}

case_session() {
	in_namespaces session
}

run_cases "$@"
