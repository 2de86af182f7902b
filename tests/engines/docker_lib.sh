# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash source-path=SCRIPTDIR
#
# What the tests of Docker share: a dockerd of its own for each side, that of `cowfs` finding it as fuse-overlayfs. No network, and
# nothing outside the case's directory but control groups, which go with the case.

# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Debian's, where the machine has others too.
PATH=/usr/sbin:/usr/bin:$PATH

# on SIDE ARGUMENT...: docker there.
on() {
	DOCKER_CONFIG=$T/config docker --host "unix://$T/$1/socket" "${@:2}"
}

# The control groups of a side's containers; dockerd leaves the directory.
groups_of() {
	echo "cowfs-docker-${T##*.}-$1"
}

answers() {
	on "$1" version >/dev/null 2>&1
}

# start_docker SIDE [OPTION...]
start_docker() {
	local side=$1 path=$PATH driver=fuse-overlayfs
	shift
	mkdir -p "$side" program
	echo '{}' >no-configuration.json
	ln -sf "$COWFS" program/fuse-overlayfs
	case $side in
	cowfs) path=$T/program:$PATH ;;
	peer) command -v fuse-overlayfs >/dev/null || driver=overlay2 ;;
	esac
	PATH=$path dockerd --config-file "$T/no-configuration.json" --data-root "$T/$side/data" --exec-root "$T/$side/run" \
		--pidfile "$T/$side/pid" --host "unix://$T/$side/socket" --storage-driver "$driver" --oom-score-adjust 0 \
		--cgroup-parent "/$(groups_of "$side")" --iptables=false --ip6tables=false --ip-masq=false \
		--bridge=none --network-control-plane-mtu 1500 "$@" >>"$side/log" 2>&1 &
	note_process $!
	(wait_until answers "$side") || {
		tail -n 20 "$side/log"
		fail "dockerd does not start for $side"
	}
}

# Every side has the image bb, whose files are old.
prepare_docker() {
	local side
	needs dockerd docker containerd runc python3
	trap remove_groups EXIT
	make_root root
	# As containers have them, so that building adds none to a layer.
	mkdir root/dev root/opt root/proc root/sys
	write_settle root/bin/settle
	find root -exec touch -h -d '2002-01-01 00:00:00' {} +
	tar -C root --numeric-owner --owner 0 --group 0 -cf bb.tar .
	for side; do
		start_docker "$side"
		on "$side" import -c 'ENV PATH=/usr/bin:/bin' bb.tar bb >/dev/null
	done
}

# In a container: what was just made or changed is as old as all else, so that the same layers have the same digests.
write_settle() {
	cat >"$1" <<-'END'
		#!/bin/sh
		cd /
		# A directory after what it holds: fuse-overlayfs changes its time when it copies that up.
		find bin etc srv -depth -newer /etc/passwd | while IFS= read -r f; do touch -h -d '2002-01-01 00:00:00' "$f" 2>/dev/null; done
	END
	chmod 755 "$1"
}

# End of a dockerd that has containers: they end too.
stop_docker() {
	local pid
	pid=$(cat "$1/pid")
	kill "$pid"
	wait "$pid" || fail "dockerd of $1 ends with $?"
}

remove_groups() {
	local side
	for side in cowfs peer; do
		find /sys/fs/cgroup -depth -mindepth 2 -type d -path "*/$(groups_of "$side")*" -exec rmdir {} + 2>/dev/null || true
	done
}

# layers_of SIDE IMAGE: the digests of its layers.
layers_of() {
	on "$1" image inspect -f '{{join .RootFS.Layers "\n"}}' "$2"
}

# What each layer of an image holds. Docker writes whiteouts with the time of day, and fuse-overlayfs does not know the times of
# all directories.
describe_layers() {
	on "$1" save -o "saved.$1" "$2"
	python3 - "saved.$1" <<-'END'
		import hashlib, json, sys, tarfile
		saved = tarfile.open(sys.argv[1])
		for layer in json.load(saved.extractfile("manifest.json"))[0]["Layers"]:
		    print("layer")
		    content = tarfile.open(fileobj=saved.extractfile(layer))
		    for entry in sorted(content, key=lambda entry: entry.name):
		        timeless = entry.isdir() or "/.wh." in entry.name
		        print(entry.name, entry.type, oct(entry.mode), entry.uid, entry.gid, entry.size, entry.linkname,
		              "" if timeless else entry.mtime,
		              hashlib.sha256(content.extractfile(entry).read()).hexdigest() if entry.isreg() else "")
	END
}

# What of a stopped Docker may not be left; its own mount of its directory on itself is.
docker_left_nothing() {
	wait_until no_daemon
	! mounts_below "$T/cowfs" | grep -vx "$T/cowfs/data" || fail "a mount is left"
}
