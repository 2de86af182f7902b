#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# podman with cowfs as its mount program: what a layer can hold, and how many there can be.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2016
. "$(dirname "$0")/lib.sh"

CASE_SECONDS=200

# What no tool of busybox can make is made from outside, in the union. All has one time, so that layers have one digest.
change_union() {
	mkdir "$1/srv/d"
	echo text | tee "$1/srv/d/plain" "$1/srv/d/with:colon" "$1/srv/d/own" "$1/srv/d/able" >"$1/srv/d/setuid"
	setfattr -n user.mine -v value "$1/srv/d/own"
	setfattr -n user.of-directory -v value "$1/srv/d"
	chown 33:50 "$1/srv/d/setuid"
	chmod 6755 "$1/srv/d/setuid"
	setcap cap_net_raw,cap_net_bind_service=ep "$1/srv/d/able"
	chmod 1777 "$1/srv/d"
	touch "$1/srv/d/"$'new\nline' "$1/srv/d/"$'\377\376' "$1/srv/d/$(printf 'n%.0s' {1..250})"
	mknod "$1/srv/d/fifo" p
	find "$1/srv" -exec touch -h -d '2001-02-03 04:05:06' {} +
}

# Everything in the union that the change is about.
show_union() {
	(
		cd "$1"
		find srv -printf '%p %y %m %U:%G %s %T@\n' | sort
		find srv -print0 | sort -z | xargs -0 getfattr -h -d -m '^(user|security|trusted)\.' 2>/dev/null | grep -v '^$'
		getcap srv/d/able
	)
}

attributes() {
	local place
	on "$1" create --name c localhost/bb true >/dev/null
	place=$(on "$1" mount c)
	change_union "$place"
	on "$1" umount c >/dev/null
	on "$1" diff c | sort
	on "$1" commit -q c localhost/changed >/dev/null
	on "$1" image inspect -f '{{.RootFS.Layers}}' localhost/changed
	# A file of the image that the next layer changes keeps what it has.
	on "$1" run --name next localhost/changed sh -c 'for f in plain own with:colon; do echo more >>/srv/d/$f; done; chown 5:6 /srv/d/plain'
	# fuse-overlayfs changes the time of a directory in which it copies something up.
	show_union "$(on "$1" mount next)" | sed '/^srv[^ ]* d /s/[^ ]*$//; /^srv\/d\/\(plain\|own\|with:colon\) f/s/[^ ]*$//'
	on "$1" umount next >/dev/null
	on "$1" rm c next >/dev/null
}

case_attributes() {
	needs setfattr getfattr setcap getcap
	prepare
	same_on_both attributes
	grep -q 'user.mine="value"' "$T.cowfs"
	grep -q cap_net_raw "$T.cowfs"
	nothing_is_left
}

# Copied up without its holes filled, and read back beyond 4 GiB.
case_large_sparse_file() {
	prepare
	mkdir volume
	truncate -s 5G volume/big
	printf begin | dd of=volume/big conv=notrunc status=none
	printf end | dd of=volume/big conv=notrunc bs=1 seek=4500000000 status=none
	on cowfs run --name c -v "$T/volume:/v:O" localhost/bb sh -c 'printf more >>/v/big; stat -c "%s %b" /v/big >/tmp/stat
		dd if=/v/big bs=1 skip=4500000000 count=3 2>/dev/null; dd if=/v/big bs=1 skip=5368709120 2>/dev/null
		dd if=/dev/zero of=/own bs=1 count=1 seek=5000000000 2>/dev/null; stat -c "%s %b" /own >>/tmp/stat; cat /tmp/stat' >said
	grep -qx "endmore5368709124 [0-9]*" said || fail "the copy holds $(cat said)"
	same "size of its own" 5000000001 "$(tail -n 1 said | cut -d ' ' -f 1)"
	awk '{ print $NF }' said | while read -r blocks; do
		at_most "blocks of 512 bytes" 1000 "$blocks"
	done
	same "size below" 5368709120 "$(stat -c %s volume/big)"
	on cowfs rm c >/dev/null
	nothing_is_left
}

# An archive as `docker save` writes it: make_image_of_layers COUNT FILE.
make_image_of_layers() {
	python3 - "$1" "$2" <<-'END'
		import hashlib, io, json, sys, tarfile
		count, out = int(sys.argv[1]), tarfile.open(sys.argv[2], "w")
		def add(archive, name, data):
		    member = tarfile.TarInfo(name)
		    member.size, member.mode, member.mtime = len(data), 0o644, 981173106
		    archive.addfile(member, io.BytesIO(data))
		def layer(number):
		    if number == 0:
		        return open("bb.tar", "rb").read()
		    data = io.BytesIO()
		    with tarfile.open(fileobj=data, mode="w") as archive:
		        add(archive, f"srv/file{number}", f"{number}\n".encode())
		        add(archive, "srv/last", f"{number}\n".encode())
		        if number % 3 == 0:
		            add(archive, f"srv/.wh.file{number - 1}", b"")
		    return data.getvalue()
		layers = [layer(number) for number in range(count)]
		ids = [hashlib.sha256(data).hexdigest() for data in layers]
		config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Env": ["PATH=/bin"]},
		    "rootfs": {"type": "layers", "diff_ids": ["sha256:" + i for i in ids]}}).encode()
		name = hashlib.sha256(config).hexdigest() + ".json"
		add(out, name, config)
		for i, data in zip(ids, layers):
		    add(out, i + ".tar", data)
		add(out, "manifest.json", json.dumps([{"Config": name, "RepoTags": ["localhost/many:latest"],
		    "Layers": [i + ".tar" for i in ids]}]).encode())
		out.close()
	END
}

many_layers() {
	on "$1" load -q -i many.tar >/dev/null
	on "$1" run --name c localhost/many sh -c 'cd /srv; ls | wc -l; cat last; md5sum *; rm file1*; echo new >last; ls'
	on "$1" diff c | sort
	on "$1" rm c >/dev/null
	on "$1" rmi localhost/many >/dev/null
	on "$1" images -q | wc -l
}

# podman takes no more than about 125.
case_120_layers() {
	needs python3
	prepare
	make_image_of_layers 120 many.tar
	same_on_both many_layers
	same "layers that are left" 2 "$(find cowfs/root/overlay -mindepth 1 -maxdepth 1 ! -name '.*' | wc -l)"
	nothing_is_left
}

# Each container another range of ids. fuse-overlayfs refuses to start, so the kernel's overlayfs is the judge.
own_ranges() {
	local name
	for name in a b; do
		on "$1" run --name "$name" --userns=auto:size=4096 localhost/bb sh -c 'xargs </proc/self/uid_map; stat -c "%u %g" /bin/busybox /etc/passwd
			echo x >/new; chown 33:50 /new; chown 33 /etc/group; stat -c "%u %g" /new /etc/group; id -u; chmod 4755 /new; stat -c %a /new'
		on "$1" start -a "$name"
	done
	on "$1" diff a | sort
	# While podman's own clean-up after the start still runs, it says that the containers are in use.
	wait_until on "$1" rm --force --ignore -t 0 a b >/dev/null 2>&1
}

case_userns_auto() {
	prepare
	touch /etc/subuid /etc/subgid
	sed -i '/^containers:/d' /etc/subuid /etc/subgid
	echo containers:300000:100000 | tee -a /etc/subuid >>/etc/subgid
	prepare_kernel
	own_ranges kernel >"$T.kernel"
	own_ranges cowfs >"$T.cowfs"
	diff -U 2 "$T.kernel" "$T.cowfs" || fail "cowfs says something else than the kernel's overlayfs"
	nothing_is_left
}

run_cases "$@"
