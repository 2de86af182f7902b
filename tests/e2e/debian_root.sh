#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# debian_root.sh DIRECTORY [PACKAGE...]: makes a small Debian root there with these packages; without
# any, with apt, gcc, git and python3.
#
# By mmdebstrap from the mirrors that this machine's apt knows; where those cannot be reached, from
# the files of the same packages as they are installed here. Exit status 77 with a sentence when
# neither is possible.

set -eu

root=$1
shift
packages=${*:-'apt bash binutils ca-certificates coreutils cpp dash diffutils dpkg findutils gcc git grep
	gzip libc-bin libc6-dev make mawk perl-base python3 sed tar util-linux'}

from_mirror() {
	local mirror suite
	command -v mmdebstrap >/dev/null || return 1
	# shellcheck disable=SC2016 # apt's own variables
	read -r mirror suite < <(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' \
		'Created-By: Packages' 'Component: main' | grep -v 'security\|updates\|backports') || return 1
	# shellcheck disable=SC2086 # a list of words, joined with commas
	timeout 400 mmdebstrap --quiet --variant=minbase --mode=root \
		--include="$(echo $packages | tr ' ' ',')" "$suite" "$1" "deb $mirror $suite main" >/dev/null 2>&1
}

# The packages and all they depend on, as far as they are installed.
with_dependencies() {
	# shellcheck disable=SC2086
	apt-cache depends --recurse --installed --no-recommends --no-suggests --no-conflicts \
		--no-breaks --no-replaces --no-enhances $packages | grep '^[a-z0-9]' | sort -u
}

# What dpkg in the root knows of them.
tell_dpkg() {
	local database=$1/var/lib/dpkg package
	shift
	for package in "$@"; do
		dpkg-query --status "$package"
		echo
	done >"$database/status"
	for package in "$@"; do
		cp -a "/var/lib/dpkg/info/$package".{list,md5sums,conffiles} "$database/info/" || true
		cp -a "/var/lib/dpkg/info/$package":*.{list,md5sums,conffiles} "$database/info/" || true
	done 2>/dev/null
}

# Merged /usr first, so that what dpkg lists under /bin lands where it belongs.
make_skeleton() {
	local name
	mkdir -p "$1"/{dev,etc/apt/{apt.conf.d,preferences.d,sources.list.d},proc,root,sys,tmp,usr/{bin,lib,lib64,sbin}} \
		"$1"/var/{cache/apt/archives/partial,lib/apt/lists/partial,lib/dpkg/{info,triggers,updates},log/apt}
	chmod 1777 "$1/tmp"
	for name in bin lib lib64 sbin; do
		ln -s "usr/$name" "$1/$name"
	done
	echo 'root:x:0:0:root:/root:/bin/bash' >"$1/etc/passwd"
	echo 'root:x:0:' >"$1/etc/group"
	: >"$1/var/lib/dpkg/status"
	mknod -m 666 "$1/dev/null" c 1 3
	mknod -m 666 "$1/dev/zero" c 1 5
	mknod -m 666 "$1/dev/urandom" c 1 9
}

from_this_machine() {
	local file names
	mapfile -t names < <(with_dependencies)
	make_skeleton "$1"
	tell_dpkg "$1" "${names[@]}"
	dpkg -L "${names[@]}" 2>/dev/null | sort -u | grep -v '^/usr/share/\(doc\|locale\|man\)/' |
		while read -r file; do
			if [ -L "$file" ] || [ -f "$file" ]; then
				echo "$file"
			fi
		done >"$1/tmp/files"
	tar -c --no-recursion -T "$1/tmp/files" 2>/dev/null | tar -x -C "$1" --keep-directory-symlink
	cp -a /etc/alternatives "$1/etc/"
	# Links that a maintainer script made, not a package.
	for file in awk cc sh which; do
		[ -e "$1/usr/bin/$file" ] || cp -a "/usr/bin/$file" "$1/usr/bin/" 2>/dev/null || true
	done
	ldconfig -r "$1"
	rm "$1/tmp/files"
}

works() {
	local program
	for program in dpkg apt-get gcc git python3; do
		if [ -x "$1/usr/bin/$program" ]; then
			chroot "$1" "$program" --version >/dev/null 2>&1 || return 1
		fi
	done
}

if from_mirror "$root" && works "$root"; then
	exit 0
fi
rm -rf --one-file-system "$root"
if from_this_machine "$root" && works "$root"; then
	exit 0
fi
echo "no mirror can be reached, and the packages installed here do not make a working root"
exit 77
