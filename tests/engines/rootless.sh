#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# podman with cowfs as its mount program, as an ordinary user.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2016
. "$(dirname "$0")/lib.sh"
# shellcheck source=../e2e/debian_lib.sh
. "$(dirname "$0")/../e2e/debian_lib.sh"

CASE_SECONDS=400

user=tester

# Every side has the image bb; AS runs what follows as the user.
prepare_user() {
	needs podman conmon runc newuidmap newgidmap
	useradd --no-create-home --home-dir "$T/home" --user-group "$user" 2>/dev/null ||
		printf '%s:x:4711:4711::%s:/bin/sh\n' "$user" "$T/home" >>/etc/passwd
	grep -q "^$user:" /etc/group || echo "$user:x:4711:" >>/etc/group
	take_subordinate_ids "$user"
	echo "$user:200000:65536" | tee -a /etc/subuid >>/etc/subgid
	write_configuration
	make_root root
	tar -C root -cf bb.tar .
	mkdir -p program home runtime cowfs peer
	chmod 755 "$T"
	chmod 700 runtime
	ln -sf "$COWFS" program/fuse-overlayfs
	chown -R "$user:$user" home runtime cowfs peer
	AS="setpriv --reuid $user --regid $user --init-groups env -i HOME=$T/home PATH=$PATH XDG_RUNTIME_DIR=$T/runtime TMPDIR=$T/tmp
		CONTAINERS_CONF=$CONTAINERS_CONF CONTAINERS_STORAGE_CONF=$CONTAINERS_STORAGE_CONF"
	$AS unshare --user --map-root-user --map-auto true 2>said || skip "newuidmap does not work here: $(head -n 1 said)"
	on cowfs import -q -c 'ENV PATH=/usr/bin:/bin' bb.tar localhost/bb >/dev/null
	on peer import -q -c 'ENV PATH=/usr/bin:/bin' bb.tar localhost/bb >/dev/null
}

run_and_commit() {
	on "$1" run --rm localhost/bb sh -c 'id -u; cat /proc/self/uid_map | xargs'
	on "$1" run --name c localhost/bb sh -c 'echo new >/srv/new; chown 33:50 /srv/new; rm -r /bin/w*; mkdir /opt; chmod 2755 /opt'
	on "$1" diff c | sort
	on "$1" commit -q c localhost/changed >/dev/null
	on "$1" rm c >/dev/null
	on "$1" run --rm localhost/changed sh -c "$describe"
	on "$1" run --rm --userns keep-id localhost/changed sh -c 'id -u; stat -c "%u %g" /srv/new /bin/busybox; touch /tmp/mine && stat -c %u /tmp/mine'
	on "$1" run --rm --uidmap 0:1:1000 localhost/changed sh -c 'stat -c %u /srv/new; touch /x && stat -c %u /x'
}

case_run_and_commit() {
	prepare_user
	same_on_both run_and_commit
	nothing_is_left
}

build() {
	on "$1" build -q --network host --isolation chroot --timestamp 1000000000 -t localhost/built -f home/Dockerfile home
	on "$1" image inspect -f '{{.RootFS.Layers}}' localhost/built
	on "$1" run --rm localhost/built sh -c "$describe"
}

case_build() {
	prepare_user
	printf '%s\n' 'FROM localhost/bb' 'RUN mkdir /srv/d && for i in $(seq 50); do echo $i >/srv/d/$i; done' 'RUN rm -rf /srv/d' \
		'COPY Dockerfile /opt/' 'RUN chown -R 5:6 /opt && mv /opt /srv/opt' 'RUN mkdir /opt && ln /srv/opt/Dockerfile /opt/linked' >home/Dockerfile
	same_on_both build
	nothing_is_left
}

# A package is installed, sources are cloned and built.
work='set -e
	dpkg -i /debs/hello.deb >/dev/null 2>&1 && hello-link && dpkg -l hello | tail -n 1 && dpkg -V hello
	git clone -q /source /root/clone && cd /root/clone && make -s -j2 && ./program && ls | sort && ls tree/base
	echo change >>main.c && git add . && git -c user.name=x -c user.email=x commit -qm change && git gc -q && git status --short && git fsck'

session() {
	on "$1" import -q -c 'ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin' "$archive" localhost/debian >/dev/null
	on "$1" run --rm --network none -v "$T/source:/source:ro" -v "$T/root/debs:/debs:ro" localhost/debian sh -c "$work"
}

# A repository of packages for apt, without a mirror: root/debs with two of them, the second of which needs the first.
make_repository() {
	local file
	make_package hello
	mkdir -p package/DEBIAN package/usr/share/more
	printf '%s\n' 'Package: more' 'Version: 2.0' 'Architecture: all' 'Maintainer: nobody <nobody@localhost>' 'Depends: hello (>= 1.0)' \
		'Description: needs the other' >package/DEBIAN/control
	echo more >package/usr/share/more/file
	dpkg-deb --root-owner-group --build package root/debs/more.deb >/dev/null
	rm -r package
	for file in hello more; do
		dpkg-deb --field "root/debs/$file.deb"
		echo "Filename: ./$file.deb"
		echo "Size: $(stat -c %s "root/debs/$file.deb")"
		echo "SHA256: $(sha256sum <"root/debs/$file.deb" | cut -d ' ' -f 1)"
		echo
	done >root/debs/Packages
}

# shellcheck disable=SC2034 # a shell there uses it
install='set -e; export DEBIAN_FRONTEND=noninteractive
	rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
	echo "deb [trusted=yes] file:/debs ./" >/etc/apt/sources.list
	apt-get -q update >/tmp/update 2>&1 || { cat /tmp/update; exit 1; }
	apt-get -qy install more >/tmp/install 2>&1 || { cat /tmp/install; exit 1; }
	hello-link; dpkg -V hello more; dpkg -l hello more | grep ^ii; apt-get check -q=2
	apt-get -qy remove hello >/tmp/remove 2>&1 || { cat /tmp/remove; exit 1; }
	dpkg -l hello | grep -E "^(ii|rc)"; ls -d /usr/share/hello /usr/share/more /etc/hello.conf 2>&1 || true; dpkg --audit'

install_packages() {
	on "$1" import -q -c 'ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin' "$archive" localhost/debian >/dev/null
	on "$1" run --name c --network none -v "$T/root/debs:/debs:ro" localhost/debian sh -c "$install"
	on "$1" diff c | grep -vE '^. /(var/(lib/apt|cache|log)|tmp|var/lib/dpkg/.*-old)' | sort
	on "$1" rm c >/dev/null
}

case_apt_install() {
	find_debian_archive
	mkdir -p root/debs
	make_repository
	prepare_user
	same_on_both install_packages
	grep -q '^ii  more' "$T.cowfs"
	nothing_is_left
}

case_session() {
	local i
	needs git
	find_debian_archive
	mkdir -p root/debs source
	make_package hello
	for ((i = 0; i < 60; i++)); do
		echo "int function$i(void) { return $i; }" >"source/file$i.c"
	done
	printf '#include <stdio.h>\nint main(void) { return puts("built") < 0; }\n' >source/main.c
	# Of a real tree what needs no other library: ours.
	mkdir -p source/tree
	cp -r "$(dirname "$self")/../../cowfs/base" source/tree/
	grep -lE 'xxhash|json-c|archive' source/tree/base/*.c | xargs rm
	printf '%s\n' 'CFLAGS = -std=gnu17 -D_GNU_SOURCE -Itree' 'tree = $(patsubst %.c,%.o,$(wildcard tree/base/*.c))' \
		'program: $(patsubst %.c,%.o,$(wildcard *.c)) $(tree)' '	gcc -o $@ $(filter-out $(tree),$^)' >source/Makefile
	git -C source init -q
	git -C source add .
	git -C source -c user.name=x -c user.email=x commit -qm all
	prepare_user
	chown -R "$user:$user" source
	same_on_both session
	grep -q built "$T.cowfs"
	nothing_is_left
}

run_cases "$@"
