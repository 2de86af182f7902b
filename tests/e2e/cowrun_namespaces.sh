#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Namespaces that containers share with each other, as root and as an ordinary user.
# shellcheck source-path=SCRIPTDIR source=cowrun_lib.sh disable=SC2016
. "$(dirname "$0")/cowrun_lib.sh"

# says TEXT STATUS COMMAND...: the command fails so, with one sentence that has the text.
says() {
	local text=$1 status=$2
	shift 2
	status_is "$status" "$@" >/dev/null 2>said
	grep -qF -e "$text" said || fail "said: $(cat said)"
	same "lines said" 1 "$(wc -l <said)"
}

# namespace_of KIND CONTAINER
namespace_of() {
	readlink "/proc/$(pid_of "$2")/ns/$1"
}

same_namespace() {
	same "namespace $1 of $2 and $3" "$(namespace_of "$1" "$2")" "$(namespace_of "$1" "$3")"
}

other_namespace() {
	different "namespace $1 of $2 and $3" "$(namespace_of "$1" "$2")" "$(namespace_of "$1" "$3")"
}

case_network() {
	local id
	start_one x -h box --add-host db:10.1.2.3 --dns 9.9.9.9
	id=$(cowrun inspect -f '{{.Id}}' x)
	cowrun exec -d x nc -l -p 4711 -e echo served
	start_one y --net container:x
	same_namespace net x y
	for kind in pid ipc uts mnt cgroup; do
		other_namespace "$kind" x y
	done
	same "on record" "container:$id" "$(cowrun inspect -f '{{.HostConfig.NetworkMode}}' y)"
	wait_until sh -c '[ "$("$1" --root "$2" exec y nc 127.0.0.1 4711)" = served ]' - "$COWRUN" "$T/store"
	for file in hosts hostname resolv.conf; do
		same "/etc/$file" "$(cowrun exec x cat "/etc/$file")" "$(cowrun exec y cat "/etc/$file")"
	done
	same "host name" box "$(cowrun exec y hostname)"
	# exec joins them all.
	same "network of exec" "$(namespace_of net x)" "$(cowrun exec y readlink /proc/self/ns/net)"
	# One that shares with it shares with the first.
	start_one z --net "container:${id:0:12}"
	cowrun rename x first
	start_one w --net container:z
	same_namespace net first w
	same "host name of the third" box "$(cowrun exec w hostname)"
}

# What others depend on may be stopped: they keep what they have, and find it again when they are started.
case_one_that_stops() {
	start_one x
	start_one y --net container:x
	before=$(namespace_of net y)
	cowrun stop -t 0 x >/dev/null
	same "state" running "$(state_of y)"
	same "network" "$before" "$(namespace_of net y)"
	cowrun stop -t 0 y >/dev/null
	says 'x: it is not running; start it first' 1 cowrun start y
	same "state" exited "$(state_of y)"
	says 'x: it is not running' 125 run_in --net container:x true
	cowrun start x >/dev/null
	cowrun start y >/dev/null
	same_namespace net x y
	cowrun rm -f x >/dev/null
	cowrun stop -t 0 y >/dev/null
	says 'there is none with this name or id' 1 cowrun start y
	cowrun rm y >/dev/null
	all_is_gone
}

case_processes() {
	start_one x
	start_one y --pid container:x
	same_namespace pid x y
	same "processes" "sleep 1000 sleep 1000" "$(run_in --pid container:x sh -c 'cd /proc; for p in [0-9]*; do tr "\0" " " <$p/cmdline; done' | grep -o 'sleep 1000' | xargs)"
	same "the first" "sleep 1000" "$(cowrun exec y cat /proc/1/cmdline | tr '\0' ' ' | xargs)"
	# What is not the first dies of signals like any other.
	cowrun stop -t 5 y >/dev/null
	same "exit code" 143 "$(cowrun wait y)"
	cowrun start y >/dev/null
	# With the first, the kernel ends all.
	cowrun stop -t 0 x >/dev/null
	same "exit code" 137 "$(cowrun wait y)"
	cowrun start x >/dev/null
	same "the same exit status" 7 "$(status=0; run_in --pid container:x sh -c 'sleep 500 & exit 7' || status=$?; echo "$status")"
	same "with an init and a terminal" "yes" "$(run_in --init -t --pid container:x sh -c 'test -t 0 && echo yes' | tr -d '\r')"
	cowrun rm -f x y >/dev/null
	all_is_gone
}

case_queues_and_names() {
	start_one x -h box
	start_one y --ipc container:x
	same_namespace ipc x y
	cowrun exec x sh -c 'echo shared >/dev/shm/file; ipcmk -M 10 >/dev/null 2>&1; true'
	same "shared memory" shared "$(cowrun exec y cat /dev/shm/file)"
	cowrun exec y sh -c 'echo back >/dev/shm/file'
	same "shared memory" back "$(cowrun exec x cat /dev/shm/file)"
	same "how it is mounted" yes "$(cowrun exec y grep ' /dev/shm ' /proc/self/mountinfo | grep -q nosuid,nodev,noexec && echo yes)"
	start_one z --uts container:x
	same_namespace uts x z
	same "host name" "box box" "$(cowrun exec z sh -c 'hostname; cat /etc/hostname' | xargs)"
	other_namespace ipc x z
	# All at once, and of several.
	start_one all --net container:x --ipc container:y --pid container:z --uts container:x
	same_namespace ipc x all
	same_namespace net x all
	same_namespace uts x all
	same_namespace pid z all
	same "modes" "$(cowrun inspect -f 'container:{{.Id}}' y) $(cowrun inspect -f 'container:{{.Id}}' z)" \
		"$(cowrun inspect -f '{{.HostConfig.IpcMode}} {{.HostConfig.PidMode}}' all)"
}

# A policy starts it again in what the other one has then.
case_restarts() {
	start_one x
	start_one y --restart always --net container:x
	cowrun stop -t 0 x >/dev/null
	cowrun start x >/dev/null
	kill -9 "$(pid_of y)"
	wait_until sh -c '[ "$("$1" --root "$2" inspect -f "{{.RestartCount}} {{.State.Status}}" y)" = "1 running" ]' - "$COWRUN" "$T/store"
	same_namespace net x y
}

# The other one's processes see nothing of ours on its way in, and it nothing but what it is to share.
case_nothing_more() {
	start_one x
	start_one y --net container:x --pid container:x --ipc container:x --uts container:x
	same "descriptors, the last of them of ls itself" "0 1 2 3" "$(run_in --net container:x --pid container:x ls /proc/self/fd | xargs)"
	other_namespace mnt x y
	other_namespace cgroup x y
	cowrun exec x sh -c 'echo secret >/secret'
	status_is 1 cowrun exec y cat /secret 2>/dev/null
	same "mounts of the host" 0 "$(cowrun exec y cat /proc/self/mountinfo | grep -cF "$T" || true)"
	# Something else in the place of its /dev/shm.
	cowrun rm -f x y >/dev/null
	cowrun run -d --name x --privileged --rootfs root sh -c 'umount /dev/shm && rmdir /dev/shm && ln -s /proc /dev/shm; exec sleep 1000' >/dev/null
	wait_until cowrun exec x test -L /dev/shm
	says 'cannot share the memory in /dev/shm of container x' 125 run_in --ipc container:x true
}

# What a program finds when it looks for its limits: its own group, and nothing that it could change.
case_control_groups() {
	local group
	[ -w /sys/fs/cgroup/memory/cgroup.procs ] || skip "control groups of version 1 cannot be written to here"
	run_in -m 32m sh -c 'cat /proc/self/cgroup /sys/fs/cgroup/memory/memory.limit_in_bytes; grep cgroup /proc/self/mountinfo' >said
	same "groups" "/" "$(sed -n 's/^[0-9]*:.*://p' said | sort -u)"
	grep -qx 33554432 said || fail "no limit is shown"
	same "roots of mounts" "/" "$(awk '/ - cgroup/ { print $4 }' said | sort -u)"
	same "options" "ro,nosuid,nodev,noexec,relatime" "$(awk '/cgroup/ && / - / { print $6 }' said | sort -u)"
	same "processes, release_agent" 1 "$(run_in sh -c 'head -n 1 /sys/fs/cgroup/memory/cgroup.procs; find /sys/fs/cgroup -name release_agent')"
	same "what can be written" "" "$(run_in sh -c 'cd /sys/fs/cgroup; for f in memory/memory.limit_in_bytes memory/cgroup.procs pids/notify_on_release new cpu/new; do (echo 1 >$f) && echo $f; done; true' 2>said)"
	same "refusals" 5 "$(grep -c 'Read-only file system' said)"
	# Not with more rights either: there is nothing above to reach, or a mount of one's own to make (CVE-2022-0492).
	same "up and out" 0 "$(run_in --cap-add SYS_ADMIN --security-opt seccomp=unconfined sh -c 'mkdir /tmp/c && mount -t cgroup -o memory none /tmp/c && ls /tmp/c' | grep -c release_agent || true)"
	start_one x --cgroupns host
	group=$(sed -n 's/^[0-9]*:memory://p' "/proc/$(pid_of x)/cgroup")
	same "group by its name on the host" "$group" "$(cowrun exec x sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)"
	same "namespace" "$(readlink /proc/self/ns/cgroup)" "$(namespace_of cgroup x)"
	same "only its own" "" "$(cowrun exec x find /sys/fs/cgroup/memory -mindepth 1 -type d)"
	same "modes" "host private" "$(cowrun inspect -f '{{.HostConfig.CgroupnsMode}}' x) $(cowrun create --rootfs root true | xargs "$COWRUN" --root "$T/store" inspect -f '{{.HostConfig.CgroupnsMode}}')"
	same "written by privileged ones" 16777216 "$(run_in --privileged sh -c 'echo 16777216 >/sys/fs/cgroup/memory/memory.limit_in_bytes; cat /sys/fs/cgroup/memory/memory.limit_in_bytes')"
	says 'can be host or private' 125 run_in --cgroupns container:x true
}

# Nothing but version 2, which is mounted in the place of what is there: the jail has it for itself.
case_control_groups_of_version_2() {
	[ -n "${COWFS_JAIL-}" ] || skip "only in tests/jail"
	umount -R /sys/fs/cgroup
	mount -t cgroup2 cgroup2 /sys/fs/cgroup || skip "there is no version 2 here"
	run_in sh -c 'cat /proc/self/cgroup; cat /sys/fs/cgroup/cgroup.procs | head -n 1; grep /sys/fs/cgroup /proc/self/mountinfo' >said
	same "group" "0::/" "$(grep '^0' said)"
	same "process" 1 "$(grep -x 1 said)"
	same "mounts" "/ ro,nosuid,nodev,noexec,relatime" "$(awk '/ - cgroup2/ { print $4, $6 }' said)"
	status_is 1 run_in sh -c 'echo 1 >/sys/fs/cgroup/cgroup.procs' 2>said
	grep -q 'Read-only file system' said || fail "said: $(cat said)"
	status_is 1 run_in mkdir /sys/fs/cgroup/new 2>/dev/null
}

# Clocks that begin with the container; a limit's view of /proc has its own uptime anyhow.
case_time() {
	[ -e /proc/self/ns/time ] || skip "this kernel has no time namespaces"
	local uptime
	uptime=$(cut -d . -f 1 /proc/uptime)
	[ "$uptime" -gt 20 ] || skip "the machine has just been started"
	same "namespace of the host" "$(readlink /proc/self/ns/time)" "$(run_in readlink /proc/self/ns/time)"
	start_one x --timens private
	other=$(namespace_of time x)
	different "namespace" "$other" "$(readlink /proc/self/ns/time)"
	same "namespace of exec" "$other" "$(cowrun exec x readlink /proc/self/ns/time)"
	at_most "seconds since its start" 15 "$(cowrun exec x cut -d . -f 1 /proc/uptime)"
	same "of the host" yes "$(cowrun exec x date +%s | (read -r now; [ $((now - $(date +%s))) -ge -5 ] && echo yes))"
	[ "$(run_in --net container:x --pid container:x cut -d . -f 1 /proc/uptime)" -ge "$uptime" ] || fail "another one's clock was taken"
	at_most "seconds beside another" 15 "$(run_in --timens private --pid container:x cut -d . -f 1 /proc/uptime)"
	cowrun stop -t 0 x >/dev/null
	cowrun start x >/dev/null
	at_most "seconds since the second start" 15 "$(cowrun exec x cut -d . -f 1 /proc/uptime)"
	says 'can be host or private' 125 run_in --timens container:x true
}

case_bad_input() {
	make_root root
	for option in net pid ipc uts userns; do
		says 'there is none with this name or id' 125 run_in --$option container:missing true
		says 'container:CONTAINER' 125 run_in --$option container: true
		says 'container:CONTAINER' 125 run_in --$option containers/ true
		says 'container:CONTAINER' 125 run_in --$option '' true
	done
	start_one x
	says '--hostname needs' 125 run_in --net container:x -h box true
	says '--hostname needs' 125 run_in --uts container:x -h box true
	says '--add-host does not go with' 125 run_in --net container:x --add-host a:1.2.3.4 true
	says '--dns does not go with' 125 run_in --net container:x --dns 1.2.3.4 true
	says '--sysctl' 125 run_in --net host --sysctl net.ipv4.ip_forward=1 true
	says '--sysctl' 125 run_in --ipc container:x --sysctl kernel.shmmax=65536 true
	says '--sysctl' 125 run_in --net container:x --sysctl net.ipv4.ip_forward=1 true
	same "user namespace" host "$(cowrun inspect -f '{{.HostConfig.UsernsMode}}' x)"
	same "containers" x "$(cowrun ps -a --format '{{.Names}}')"
}

# -- of an ordinary user --

user=keeper

rootless() {
	setpriv --reuid 1234 --regid 1234 --clear-groups env -i PATH="$PATH" COWFS="$COWFS" HOME="$T/home" \
		XDG_RUNTIME_DIR="$T/run" TERM=dumb "$COWRUN" "$@"
}

# The same functions, of the user's containers.
be_user() {
	chmod 755 "$T"
	mkdir home run
	chmod 700 run
	make_root root
	chown -R 1234:1234 root home run
	grep -q "^$user:" /etc/passwd || echo "$user:x:1234:1234::/:/bin/sh" >>/etc/passwd
	give_subordinate_ids "$user"
	cowrun() { rootless "$@"; }
	remove_containers() {
		local name
		for name in $(rootless ps -aq); do
			rootless rm -f "$name"
		done
	}
}

case_rootless() {
	be_user
	start_one x -h box
	start_one y --net container:x
	same_namespace net x y
	same_namespace user x y
	other_namespace mnt x y
	other_namespace pid x y
	same "host name" box "$(cowrun exec y hostname)"
	same "groups of others" "" "$(cowrun exec y ls /sys/fs/cgroup)"
	same "user namespace" "$(cowrun inspect -f 'container:{{.Id}}' x)" "$(cowrun inspect -f '{{.HostConfig.UsernsMode}}' y)"
	start_one z --net container:y --pid container:y --ipc container:x --uts container:x
	same_namespace net x z
	same_namespace pid y z
	same_namespace ipc x z
	cowrun exec x sh -c 'echo shared >/dev/shm/file; chown 33 /dev/shm/file'
	same "shared memory" "shared 33" "$(cowrun exec z sh -c 'cat /dev/shm/file; stat -c %u /dev/shm/file' | xargs)"
	at_most "uptime of its own" 15 "$(cowrun run --rm --timens private --pid container:x --rootfs root cut -d . -f 1 /proc/uptime)"
	same "files of either" "33" "$(cowrun exec -u web y sh -c 'touch /tmp/a; stat -c %u /tmp/a')"
	# Of one that has ended there is nothing to join.
	cowrun rm -f x >/dev/null
	same "state" running "$(state_of z)"
	says 'there is none with this name or id' 125 cowrun run --rm --net container:x --rootfs root true
	cowrun rm -f y z >/dev/null
	wait_until nothing_is_left
}

case_rootless_user_namespaces() {
	be_user
	start_one x
	start_one y
	other_namespace user x y
	start_one z --userns container:x
	same_namespace user x z
	other_namespace net x z
	says 'it is in another user namespace than this one' 125 cowrun run --rm --net container:x --ipc container:y --rootfs root true
	says '--userns private does not go with' 125 cowrun run --rm --net container:x --userns private --rootfs root true
	says 'only root can' 125 cowrun run --rm --userns host --rootfs root true
	cowrun stop -t 0 x >/dev/null
	says 'x: it is not running' 125 cowrun run --rm --userns container:x --rootfs root true
	cowrun rm -f x y z >/dev/null
	wait_until nothing_is_left
}

# In the pid namespace of another one processes do not end with the first one of the container.
case_left_behind() {
	be_user
	start_one x
	cowrun run -d --name y --pid container:x --rootfs root sh -c 'sleep 1000 & sleep 1000 & exec sleep 1000' >/dev/null
	cowrun exec -d y sleep 1000
	T=$T timeout 30 bash -c "$(declare -f rootless); rootless rm -f y" >/dev/null || fail "rm -f waits"
	cowrun run --rm --pid container:x --rootfs root sh -c 'sleep 1000 & sleep 1000 & exit 3' || same "exit code" 3 $?
	same "containers" x "$(cowrun ps -a --format '{{.Names}}')"
	same "the other one" running "$(state_of x)"
	cowrun rm -f x >/dev/null
	wait_until nothing_is_left
}

case_keep_id() {
	be_user
	local run=(cowrun run --rm --userns keep-id --rootfs root)
	same "who" 1234:1234 "$("${run[@]}" sh -c 'echo $(id -u):$(id -g)')"
	same "somebody else" "33 33" "$("${run[@]}" -u web sh -c 'echo $(id -u) $(id -g)')"
	same "map" "0 1 1234 1234 0 1 1235 1235 64302" "$("${run[@]}" cat /proc/self/uid_map | xargs)"
	# Files of the image, of a volume, and new ones.
	mkdir -m 700 shared
	chown 1234:1234 shared
	cowrun run --name x --userns keep-id -v "$T/shared:/mnt" --rootfs root sh -c 'touch /mnt/file /tmp/mine; stat -c %u /etc/passwd /mnt /mnt/file /tmp/mine' >said
	same "owners inside" "0 1234 1234 1234" "$(xargs <said)"
	same "owner outside" 1234:1234 "$(stat -c %u:%g shared/file)"
	# In the layer they have the ids that every container has: the image it makes is as any other.
	same "in the upper" 201233:201233 "$(stat -c %u:%g home/.local/share/cowrun/containers/*/upper/tmp/mine)"
	cowrun cp x:/tmp/mine - | tar -tv --numeric-owner | grep -q '1234/1234' || fail "copied with another owner"
	cowrun start x >/dev/null
	cowrun rm -f x >/dev/null
	same "sysctl" 1 "$("${run[@]}" -u 0 --sysctl net.ipv4.ip_forward=1 cat /proc/sys/net/ipv4/ip_forward)"
	start_one y --userns keep-id -t -h box --timens private
	at_most "uptime of its own" 15 "$(cowrun exec y cut -d . -f 1 /proc/uptime | tr -d '\r')"
	same "exec" "1234 0" "$(cowrun exec y id -u) $(cowrun exec -u 0 y id -u)"
	same "mode" keep-id "$(cowrun inspect -f '{{.HostConfig.UsernsMode}}' y)"
	cowrun exec -u 0 y sh -c 'rm /bin/su; cp /bin/busybox /bin/su; chmod 4755 /bin/su; printf "root::0:0:::::\n" >/etc/shadow'
	same "setuid holds" 0 "$(cowrun exec -u web y su root -c 'id -u')"
	cowrun exec -u 0 y sh -c 'echo x >/srv/file; chmod 600 /srv/file'
	same "copied" x "$(cowrun cp y:/srv/file - | tar -xO)"
	start_one z --net container:y --ipc container:y --pid container:y
	for kind in user net ipc pid; do
		same_namespace "$kind" y z
	done
	same "files of the other" 0 "$(cowrun exec z stat -c %u /etc/passwd)"
	cowrun rm -f y z >/dev/null
	says '--userns keep-id does not go with' 125 cowrun run --rm --userns keep-id --net container:y --rootfs root true
	sed -i "s/:65536/:1000/" /etc/subuid
	says 'too few ids' 125 "${run[@]}" true
	take_subordinate_ids "$user"
	says 'too few ids' 125 "${run[@]}" true
	wait_until nothing_is_left
}

case_id_maps() {
	be_user
	local run=(cowrun run --rm --rootfs root)
	same "map" "0 1 10 10 0 1" "$("${run[@]}" --uidmap 0:1:10 --uidmap 10:0:1 cat /proc/self/uid_map | xargs)"
	same "of groups" "0 1 10 10 0 1" "$("${run[@]}" --uidmap 0:1:10 --uidmap 10:0:1 cat /proc/self/gid_map | xargs)"
	same "owners" "0 10" "$("${run[@]}" --uidmap 0:1:10 --uidmap 10:0:1 sh -c 'touch /tmp/x; chown 10 /tmp/x; echo $(stat -c %u /etc/passwd /tmp/x)')"
	status_is 125 "${run[@]}" -u 33 --uidmap 0:1:10 --uidmap 10:0:1 true 2>said
	grep -q 'does not have these ids' said || fail "said: $(cat said)"
	for map in 0 0:1 0:0:0 0:x:1 0:0:-1 0:0:4294967296 0:0:65538 0:65537:1 65537:0:1 1:0:1 0:1:10 '' 0:0:1:x; do
		says '--uidmap' 125 "${run[@]}" --uidmap "$map" true
	done
	# Without the user: what a volume has of his is nobody's.
	same "nomap" "0 1 65536 0 65534" "$("${run[@]}" --userns nomap -v "$T/home:/mnt" sh -c 'cat /proc/self/uid_map; touch /tmp/x; stat -c %u /tmp/x /mnt' | xargs)"
	says '--userns auto' 125 "${run[@]}" --userns auto true
	says 'overlaps' 125 "${run[@]}" --uidmap 0:0:2 --uidmap 1:5:1 true
	says '--gidmap' 125 "${run[@]}" --uidmap 0:0:2 --gidmap 1:0:1 true
	says 'do not go with --userns' 125 "${run[@]}" --uidmap 0:0:2 --userns private true
	says 'does not go with a namespace of' 125 "${run[@]}" --uidmap 0:0:2 --net container:x true
	take_subordinate_ids "$user"
	says 'one id only' 125 "${run[@]}" --uidmap 0:0:1 true
	wait_until nothing_is_left
}

# Without subordinate ids: one id in all of them.
case_rootless_one_id() {
	be_user
	take_subordinate_ids "$user"
	start_one x 2>/dev/null
	start_one y --net container:x --ipc container:x --pid container:x
	for kind in user net ipc pid; do
		same_namespace "$kind" x y
	done
	same "root" 0 "$(cowrun exec y id -u)"
	cowrun rm -f x y >/dev/null
	wait_until nothing_is_left
}

# Of the machine's mounts below /sys there is none, not even under a cover that somebody could take away.
case_sys_on_the_hosts_network() {
	run_in --net host cat /proc/self/mountinfo >mounts
	same "mounts of sysfs" 1 "$(grep -c -e ' - sysfs ' mounts)"
	awk '$5 ~ "^/sys/"' mounts >below
	! grep -E 'debugfs|tracefs|bpf|fusectl|securityfs|configfs|pstore' below || fail "a mount of the machine's shows"
	same "mounts at /sys/fs/cgroup" 1 "$(awk '$5 == "/sys/fs/cgroup"' mounts | wc -l)"
	# Under the cover is nothing.
	same "under the cover" "0" "$(run_in --net host --privileged sh -c 'while umount -l /sys/fs/cgroup 2>/dev/null; do :; done; ls /sys/fs/cgroup | wc -l')"
	same "its network" "$(sed '1,2d; s/:.*//' /proc/net/dev | xargs -n 1 | sort | xargs)" \
		"$(run_in --net host ls /sys/class/net | sort | xargs)"
	grep -q ' /sys ro,nosuid,nodev,noexec,.* - sysfs ' mounts || fail "it is not read-only"
}

# There it is the machine's /sys, for want of the right to mount one; nobody in the container takes the cover away.
case_sys_on_the_hosts_network_of_a_user() {
	prepare_nobody
	same "covered" "refused" "$(cowrun_of_nobody run --rm --net host --rootfs root sh -c 'umount /sys/fs/cgroup || umount -l /sys/fs/cgroup || echo refused' 2>/dev/null)"
	cowrun_of_nobody run --rm --net host --rootfs root sh -c 'ls /sys/fs/cgroup' 2>/dev/null >said
	! grep -E '^(system|user)\.slice$' said || fail "the machine's groups show: $(cat said)"
}

run_cases "$@"
