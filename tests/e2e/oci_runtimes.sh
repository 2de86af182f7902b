#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A union as the root of a container that other runtimes run.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119,SC2016
. "$(dirname "$0")/lib.sh"

# make_bundle COMMAND: a bundle whose root is a union of two layers.
make_bundle() {
	local busybox
	needs busybox runc python3
	busybox=$(command -v busybox)
	! ldd "$busybox" >/dev/null 2>&1 || skip "busybox is not the static one"
	mkdir -p lower/{bin,etc,proc,dev,sys,tmp} top/etc upper bundle/rootfs
	cp "$busybox" lower/bin/busybox
	ln -s busybox lower/bin/sh
	echo lower >lower/etc/name
	echo gone >lower/etc/gone
	: >top/etc/.wh.gone
	(
		cd bundle
		runc spec
		python3 - "$1" <<-'END'
			import json, sys
			spec = json.load(open("config.json"))
			spec["process"]["terminal"] = False
			spec["process"]["args"] = ["/bin/busybox", "sh", "-ec", sys.argv[1]]
			spec["process"].pop("rlimits", None)
			spec["root"]["readonly"] = False
			# Every group of the machine stays as it is.
			spec["linux"]["namespaces"] = [n for n in spec["linux"]["namespaces"] if n["type"] != "cgroup"]
			spec["mounts"] = [m for m in spec["mounts"] if m["type"] != "cgroup"]
			json.dump(spec, open("config.json", "w"))
		END
	)
}

# What a container does in its root, and what is to be seen of it afterwards.
work='
	busybox test ! -e /etc/gone
	busybox test "$(busybox cat /etc/name)" = lower
	echo changed >/etc/name
	busybox mkdir /srv
	busybox mv /etc /srv/etc
	busybox rm /bin/sh
	busybox cat /srv/etc/name
'

judge() {
	same "what the container said" changed "$1"
	"$COWFS" umount bundle/rootfs
	same "the lower layer" lower "$(cat lower/etc/name)"
	same "the upper layer" changed "$(cat upper/srv/etc/name)"
	[ -e upper/.wh.etc ] || fail "the directory that was moved has left no whiteout"
	[ -e upper/bin/.wh.sh ] || fail "what was removed has left no whiteout"
}

case_runc_as_root() {
	make_bundle "$work"
	"$COWFS" mount top:lower upper bundle/rootfs
	judge "$(runc --root "$T/state" run --bundle bundle "cowfs-test-$$")"
}

case_crun_as_root() {
	make_bundle "$work"
	needs crun
	"$COWFS" mount top:lower upper bundle/rootfs
	# It refuses the hybrid of both cgroup versions.
	[ ! -d /sys/fs/cgroup/unified ] || umount /sys/fs/cgroup/unified
	judge "$(crun --root "$T/state" --cgroup-manager disabled run --bundle bundle "cowfs-test-$$")"
}

run_cases "$@"
