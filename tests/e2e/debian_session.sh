#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A day's work in a real Debian root, split into three layers of different dialects: apt-get, dpkg, gcc, git,
# python3, rm -rf; then everything is in its place after a remount.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

CASE_SECONDS=800
here=$(cd "$(dirname "$0")" && pwd)

# A package made here, so that installing it needs no mirror.
make_package() {
	local i
	mkdir -p package/DEBIAN package/usr/{bin,share/hello} package/etc
	cat >package/DEBIAN/control <<-END
		Package: hello-union
		Version: 1.0
		Architecture: all
		Maintainer: nobody <nobody@localhost>
		Description: something to install
	END
	printf '#!/bin/sh\nset -e\nln -s hello-union /usr/bin/hello-link\n' >package/DEBIAN/postinst
	printf '#!/bin/sh\nset -e\nrm -f /usr/bin/hello-link\n' >package/DEBIAN/prerm
	printf '#!/bin/sh\necho hello\n' >package/usr/bin/hello-union
	chmod 755 package/DEBIAN/p* package/usr/bin/hello-union
	for ((i = 1; i <= 200; i++)); do
		head -c $((i * 37)) /dev/urandom >"package/usr/share/hello/file$i"
	done
	dpkg-deb --root-owner-group --build package "$1" >/dev/null
}

# bottom: the root. middle: in overlayfs's dialect. top: in AUFS's. Each takes a part of the root
# and hides something that the layers below it have.
make_layers() {
	mkdir -p middle/usr/share middle/opt middle/srv top/usr/lib top/srv
	mkdir -p bottom/opt/old/deep bottom/srv/data
	echo gone >bottom/opt/old/deep/file
	echo gone >bottom/srv/removed
	echo hidden >bottom/srv/data/hidden
	mknod middle/opt/old c 0 0
	mv bottom/usr/share/perl5 middle/usr/share/ 2>/dev/null || mkdir middle/usr/share/perl5
	mkdir middle/srv/data
	setfattr -n trusted.overlay.opaque -v y middle/srv/data
	echo seen >middle/srv/data/seen
	: >top/srv/.wh.removed
	mv bottom/usr/lib/python3* top/usr/lib/
}

check_layers() {
	absent mnt/opt/old mnt/srv/removed mnt/srv/data/hidden
	same "data" "seen" "$(cat mnt/srv/data/seen)"
}

inside() {
	chroot mnt /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C \
		DEBIAN_FRONTEND=noninteractive /bin/bash -ec "$1"
}

install_package() {
	inside 'apt-get -qq -o APT::Sandbox::User=root install /tmp/hello.deb </dev/null >/tmp/apt.log 2>&1 ||
		{ cat /tmp/apt.log; exit 1; }'
	same "the program" "hello" "$(inside hello-union)"
	same "its link" "hello" "$(inside hello-link)"
	inside 'cd / && dpkg --verify hello-union'
}

compile() {
	inside 'cd /root && printf "#include <stdio.h>\nint main(void){return puts(\"compiled\")<0;}\n" >a.c &&
		gcc -O2 -Wall a.c -o a'
	same "a program" "compiled" "$(inside /root/a)"
}

use_git() {
	inside 'cd /root && git init -q r && cd r && git config user.email a@localhost &&
		git config user.name a && cp -r /usr/include/linux . && git add -A && git commit -qm one &&
		rm -r linux/usb && git status --short >/root/status && git checkout -q . &&
		git gc -q && git fsck --strict >/dev/null 2>&1'
	same "git status" "" "$(inside 'cd /root/r && git status --short')"
	[ -s mnt/root/status ] || fail "git did not see what was removed"
}

use_python() {
	same "python" "1000" "$(inside 'cd /tmp && python3 -c "
import os, tempfile
names = [tempfile.mkstemp(dir=\"/tmp\")[1] for _ in range(1000)]
print(len(set(names)))
for name in names: os.unlink(name)"')"
}

remove_things() {
	inside 'rm -rf /usr/include/linux /usr/share/perl5'
	absent mnt/usr/include/linux mnt/usr/share/perl5
	inside 'dpkg --purge hello-union >/dev/null'
	absent mnt/usr/share/hello mnt/usr/bin/hello-union mnt/usr/bin/hello-link
	# And one directory made again where an old one was.
	inside 'mkdir /usr/include/linux && echo new >/usr/include/linux/only'
	same "what was made again" "only" "$(ls mnt/usr/include/linux)"
}

case_session() {
	local status=0
	bash "$here/debian_root.sh" "$T/bottom" >"$T.said" || status=$?
	[ "$status" != 77 ] || skip "$(cat "$T.said")"
	same "making the root" 0 "$status"
	make_package hello.deb
	make_layers
	mkdir upper mnt
	remember_tree bottom
	mount_union top:middle:bottom upper mnt
	cp hello.deb mnt/tmp/
	mount -t proc proc mnt/proc
	check_layers
	install_package
	compile
	use_git
	use_python
	remove_things
	umount mnt/proc

	remember_tree mnt
	find mnt -printf '%p %i\n' | sort >numbers
	umount_union mnt
	tree_is_unchanged bottom
	mount_union top:middle:bottom upper mnt
	tree_is_unchanged mnt
	same "inode numbers" "" "$(find mnt -printf '%p %i\n' | sort | diff numbers - | head -n 5)"
	check_layers
}

run_cases "$@"
