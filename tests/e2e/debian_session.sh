#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A real Debian root, split into an AUFS style, an overlay style and a plain layer: mounted, entered, worked in,
# mounted again, everything in its place.
#
# jail: the machine's network
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119,SC2016
. "$(dirname "$0")/lib.sh"
# shellcheck source=debian_lib.sh
. "$(dirname "$0")/debian_lib.sh"

CASE_SECONDS=800

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
	inside sh -euc 'apt-get -o APT::Sandbox::User=root install -y /debs/*.deb >/root/apt.log 2>&1 ||
		{ tail /root/apt.log; exit 1; }'
	same "hello" "Hello, world!" "$(inside hello-union-link)"
	inside dpkg --verify hello-union other-union
	inside dpkg -r other-union >/dev/null 2>&1
	absent mnt/usr/bin/other-union mnt/usr/bin/other-union-link mnt/usr/share/other-union
	same "setting" setting "$(cat mnt/etc/other-union.conf)"
	inside dpkg -P other-union >/dev/null 2>&1
	absent mnt/etc/other-union.conf
	inside dpkg -i /debs/other-union.deb >/dev/null
	same "other" "Hello, world!" "$(inside other-union)"
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
	inside sh -euc 'python3 -m compileall -q -f /usr/lib/python3.*'
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
shutil.copytree(os.path.dirname(os.__file__), "/root/copy", symlinks=True)
with tempfile.NamedTemporaryFile(dir="/tmp") as file:
    file.truncate(10000)
    with mmap.mmap(file.fileno(), 10000) as map:
        map[5000:5005] = b"hello"
    assert os.pread(file.fileno(), 5, 5000) == b"hello"
END
}

# What is removed, renamed or changed here is in both kinds of root, or else the command fails.
remove_and_change() {
	say "rm -r, mkdir, mv, chown -R, cp -a, tar"
	inside rm -r /usr/share/perl
	inside sh -euc 'mkdir /usr/share/perl && echo new >/usr/share/perl/only'
	inside mv /usr/include/linux /usr/include/moved
	inside chown -R 1000:1000 /usr/share/perl5
	same "files of another owner" "" "$(find mnt/usr/share/perl5 ! -uid 1000)"
	inside mv /usr/share/perl5 /usr/share/perl6
	inside sh -euc 'cp -a /etc /root/etc; diff -r --no-dereference /etc /root/etc'
	inside tar -C /usr/lib -cf /root/lib.tar git-core
	inside tar -C /root -xf /root/lib.tar
	inside diff -r --no-dereference /usr/lib/git-core /root/git-core
}

verify() {
	same "hello" "Hello, world!" "$(inside hello-union)"
	inside dpkg --verify hello-union other-union
	inside dpkg --audit
	same "program" 42 "$(inside /root/program)"
	inside git -C /root/repository fsck --full
	same "status" "" "$(inside git -C /root/repository status --porcelain)"
	inside python3 -c 'import sqlite3; assert sqlite3.connect("/root/database").execute("pragma integrity_check").fetchone() == ("ok",)'
	same "what was made again" only "$(ls -A mnt/usr/share/perl)"
	grep -q FUSE_ROOT_ID mnt/usr/include/moved/fuse.h
	same "owner" 1000:1000 "$(stat -c %u:%g mnt/usr/share/perl6)"
	absent mnt/usr/include/linux mnt/usr/share/perl5 mnt/stale-file mnt/opt/old mnt/etc/stale mnt/var/lib/dpkg/stale
	inside diff -r --no-dereference /usr/lib/git-core /root/git-core
}

# The tree that was there before the union was mounted again.
shows_the_same() {
	describe_tree mnt >"$T.after"
	diff "$T.before" "$T.after" | head -n 20
	cmp "$T.before" "$T.after"
}

inode_numbers() {
	find mnt -printf '%P %i\n' | sort
}

session() {
	local layer
	find_debian_archive
	mkdir -p root
	tar -C root --xattrs --xattrs-include='*' -xpf "$archive"
	rm -rf root/dev/*
	mkdir -p root/opt root/proc root/dev root/debs
	make_package hello-union
	make_package other-union
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
	inode_numbers >"$T.numbers"
	umount mnt
	mount_union top:middle:bottom upper mnt
	say "the same after a remount"
	shows_the_same
	same "inode numbers" "" "$(inode_numbers | diff "$T.numbers" - | head -n 5)"
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
