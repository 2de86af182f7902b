#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# User namespaces of root's containers: --uidmap, --gidmap and --userns.
# shellcheck source-path=SCRIPTDIR source=cowrun_lib.sh disable=SC2016
. "$(dirname "$0")/cowrun_lib.sh"

# says TEXT COMMAND...: the command exits with 125, with one sentence that has the text.
says() {
	local text=$1
	shift
	status_is 125 "$@" >/dev/null 2>said
	grep -qF -e "$text" said || fail "said: $(cat said)"
	same "lines said" 1 "$(wc -l <said)"
}

upper_of() {
	echo "$T/store/containers/$(cowrun inspect -f '{{.Id}}' "$1")/upper"
}

# set_aside LINE...: what /etc/subuid and /etc/subgid of the jail say.
set_aside() {
	printf '%s\n' "$@" >/etc/subuid
	printf '%s\n' "$@" >/etc/subgid
}

case_maps() {
	local map="0 100000 65536"
	start_one x --uidmap 0:100000:65536
	same "users" "$map" "$(cowrun exec x cat /proc/self/uid_map | xargs)"
	same "groups" "$map" "$(cowrun exec x cat /proc/self/gid_map | xargs)"
	same "seen from outside" "100000 100000" "$(stat -c '%u %g' "/proc/$(pid_of x)")"
	different "user namespace" "$(readlink /proc/self/ns/user)" "$(readlink "/proc/$(pid_of x)/ns/user")"
	same "namespace of exec" "$(readlink "/proc/$(pid_of x)/ns/user")" "$(cowrun exec x readlink /proc/self/ns/user)"
	# What the image has belongs to the same numbers in there, and what is written has them in the upper layer: the map is the mount's.
	cowrun exec x sh -c 'echo mine >/tmp/mine; chown 33:33 /tmp/mine; mkdir /srv/d; echo x >>/etc/passwd'
	same "owners inside" "0 33 0 0" "$(cowrun exec x stat -c %u /etc/group /tmp/mine /srv/d /etc/passwd | xargs)"
	same "owners outside" "100033 100000" "$(stat -c %u "/proc/$(pid_of x)/root/tmp/mine" "/proc/$(pid_of x)/root/srv/d" | xargs)"
	same "in the upper" "33:33 0:0 0:0" "$(cd "$(upper_of x)" && stat -c %u:%g tmp/mine srv/d etc/passwd | xargs)"
	cowrun exec -u web x sh -c 'id -u; touch /tmp/of_web; stat -c %u /tmp/of_web' | xargs >said
	same "another user" "33 33" "$(cat said)"
	cowrun exec x sh -c 'echo again >/dev/stderr' 2>said
	same "standard error, opened again" again "$(cat said)"
}

case_two_maps() {
	run_in --uidmap 0:100000:10 --uidmap 10:200000:5 --gidmap 0:300000:20 sh -c \
		'cat /proc/self/uid_map /proc/self/gid_map; touch /f; chown 12:15 /f; stat -c %u:%g /f; chown 20 /f 2>/dev/null || echo refused' | xargs >said
	same "said" "0 100000 10 10 200000 5 0 300000 20 12:15 refused" "$(cat said)"
	says '--uidmap' run_in --uidmap 0:1 true
	says '0 inside must be something' run_in --uidmap 1:100000:5 true
	says 'do not go with --userns' run_in --uidmap 0:100000:5 --userns host true
	says 'overlaps' run_in --uidmap 0:100000:5 --uidmap 3:200000:5 true
}

# Both ways, while it runs and while not.
case_cp() {
	start_one x --uidmap 0:100000:65536
	echo of_host >file
	chmod 600 file
	cowrun cp file x:/tmp/
	same "in it" "0 of_host" "$(cowrun exec x sh -c 'stat -c %u /tmp/file; cat /tmp/file' | xargs)"
	cowrun exec x chown 33:34 /tmp/file
	same "out of it" 33/34 "$(cowrun cp x:/tmp/file - | tar -tv --numeric-owner | cut -d ' ' -f 2)"
	cowrun cp -a x:/tmp/file copy
	same "with its owner" 33:34 "$(stat -c %u:%g copy)"
	cowrun stop -t 0 x >/dev/null
	same "stopped, out of it" 33/34 "$(cowrun cp x:/tmp/file - | tar -tv --numeric-owner | cut -d ' ' -f 2)"
	cowrun cp file x:/tmp/other
	cowrun start x >/dev/null
	same "stopped, in it" 0 "$(cowrun exec x stat -c %u /tmp/other)"
	cowrun diff x >said
	grep -qx 'A /tmp/other' said || fail "diff: $(cat said)"
}

# An image that is made of it is as any other.
case_commit() {
	make_root root
	cowrun import -q root base >/dev/null
	cowrun run --name x --uidmap 0:100000:65536 base sh -c 'touch /tmp/a /tmp/b; chown 33:33 /tmp/b'
	cowrun commit -q x made >/dev/null
	same "without a map" "0 33" "$(cowrun run --rm made stat -c %u /tmp/a /tmp/b | xargs)"
	same "with another" "0 33" "$(cowrun run --rm --uidmap 0:500000:100 made stat -c %u /tmp/a /tmp/b | xargs)"
}

case_volumes() {
	mkdir -m 700 private
	mkdir private/in
	chown 1234:1234 private
	chown 100033:100033 private/in
	# A directory that nobody but its owner reaches, and a volume made for it.
	run_in --uidmap 0:100000:65536 -v "$T/private/in:/mnt" -v named:/data -u web sh -c 'touch /mnt/file; stat -c %u /mnt /mnt/file' | xargs >said
	same "bind" "33 33" "$(cat said)"
	same "outside" 100033 "$(stat -c %u private/in/file)"
	run_in --uidmap 0:100000:65536 -v named:/data sh -c 'touch /data/file; stat -c %u /data /data/file' | xargs >said
	same "volume" "0 0" "$(cat said)"
	status_is 1 run_in --uidmap 0:100000:65536 -v "$T/private/in:/mnt:ro" -u web touch /mnt/no 2>/dev/null
	# What is mounted there later does not show up in it.
	start_one x --uidmap 0:100000:65536 -v "$T/private/in:/mnt"
	mkdir private/in/later
	mount -t tmpfs none private/in/later
	touch private/in/later/file
	same "mounted later" "" "$(cowrun exec x ls /mnt/later)"
	umount private/in/later
}

case_auto() {
	local first second
	set_aside root:1000:10 containers:200000:70000 containers:400000:65536
	start_one x --userns auto
	start_one y --userns auto
	first=$(cowrun exec x cat /proc/self/uid_map | xargs)
	second=$(cowrun exec y cat /proc/self/uid_map | xargs)
	same "first" "0 200000 65536" "$first"
	same "second" "0 400000 65536" "$second"
	says '/etc/subuid' run_in --userns auto true
	same "a small one" "0 265536 1000" "$(run_in --userns auto:size=1000 cat /proc/self/uid_map | xargs)"
	cowrun rm -f x >/dev/null
	same "free again" "0 200000 65536" "$(run_in --userns private cat /proc/self/uid_map | xargs)"
	same "mode" auto "$(cowrun inspect -f '{{.HostConfig.UsernsMode}}' y)"
	set_aside root:1000:10
	says 'add a line such as containers:' run_in --userns auto true
	says 'auto:size=NUMBER' run_in --userns auto:size=0 true
}

# Many at once have no id in common.
case_auto_together() {
	local i
	set_aside containers:200000:10000
	make_root root
	for i in 1 2 3 4 5 6; do
		cowrun create --name "c$i" --userns auto:size=1000 --rootfs root cat /proc/self/uid_map >/dev/null &
	done
	wait
	for i in 1 2 3 4 5 6; do
		cowrun start -a "c$i"
	done >said
	same "different" 6 "$(sort -u said | wc -l)"
}

case_modes() {
	same "keep-id" "0 0 4294967295" "$(run_in --userns keep-id cat /proc/self/uid_map | xargs)"
	same "host" "$(readlink /proc/self/ns/user)" "$(run_in --userns host readlink /proc/self/ns/user)"
	says 'ordinary users' run_in --userns nomap true
	says 'are known' run_in --userns automatic true
}

case_together() {
	start_one x --uidmap 0:100000:65536
	start_one y --userns container:x --net container:x --ipc container:x
	for kind in user net ipc; do
		same "namespace $kind" "$(readlink "/proc/$(pid_of x)/ns/$kind")" "$(readlink "/proc/$(pid_of y)/ns/$kind")"
	done
	cowrun exec y touch /tmp/file
	same "files" 0 "$(cowrun exec y stat -c %u /tmp/file)"
	same "in the upper" 0 "$(stat -c %u "$(upper_of y)/tmp/file")"
}

# What its root may not do, though it is called root.
case_isolation() {
	set -- --uidmap 0:100000:65536
	run_in "$@" --cap-add SYS_TIME date -s 2020-01-01 2>&1 | grep -q 'not permitted' || fail "the clock was set"
	status_is 1 run_in "$@" --cap-add MKNOD mknod /tmp/null c 1 3 2>/dev/null
	status_is 1 run_in "$@" -v /etc/shadow:/mnt cat /mnt >/dev/null 2>&1
	same "limits" 20000 "$(run_in "$@" --cgroup-ignore --cpu-quota 20000 cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null || echo 20000)"
	same "terminal" ok "$(cowrun run --rm "$@" -t --rootfs root sh -c 'tty >/dev/null && echo ok' </dev/null | tr -d '\r')"
	same "init" 1 "$(run_in "$@" --init sh -c 'echo $PPID')"
	same "privileged" 0 "$(run_in "$@" --privileged id -u)"
	same "read-only" 1 "$(run_in "$@" --read-only sh -c 'touch /x 2>/dev/null; echo $?')"
	all_is_gone
}

run_cases "$@"
