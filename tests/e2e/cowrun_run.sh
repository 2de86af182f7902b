#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cowrun run, as root: what a container is made of, seen from inside and outside.
# shellcheck source-path=SCRIPTDIR source=cowrun_lib.sh disable=SC2016
. "$(dirname "$0")/cowrun_lib.sh"

case_first_process() {
	same "PID" 1 "$(run_in sh -c 'echo $$')"
	same "its command line" "cat /proc/1/cmdline " "$(run_in cat /proc/1/cmdline | tr '\0' ' ')"
	same "processes" 1 "$(run_in sh -c 'set -- /proc/[0-9]*; echo $#')"
	all_is_gone
}

case_namespaces() {
	namespaces_differ "$(run_in sh -c "$namespaces_inside")"
	same "network" "$(readlink /proc/self/ns/net)" "$(run_in --net host readlink /proc/self/ns/net)"
	same "ipc" "$(readlink /proc/self/ns/ipc)" "$(run_in --ipc host readlink /proc/self/ns/ipc)"
	same "uts" "$(readlink /proc/self/ns/uts)" "$(run_in --uts host readlink /proc/self/ns/uts)"
	same "pid" "$(readlink /proc/self/ns/pid)" "$(run_in --pid host readlink /proc/self/ns/pid)"
	same "loopback" 127.0.0.1 "$(run_in ip -4 addr show lo up | grep -o '127.0.0.1')"
	same "interfaces" lo "$(run_in --net none ls /sys/class/net)"
}

# Only the union, the kernel's own file systems, and single device nodes.
case_mounts() {
	run_in cat /proc/self/mountinfo >mounts
	same "file systems" "devpts devtmpfs fuse.cowfs mqueue proc sysfs tmpfs" \
		"$(sed 's/.* - \([^ ]*\) .*/\1/' mounts | grep -v '^cgroup' | sort -u | xargs)"
	same "roots of devtmpfs" "/full /null /random /tty /urandom /zero" \
		"$(awk '/ - devtmpfs/ { print $4 }' mounts | sort -u | xargs)"
	! grep -F "$T" mounts || fail "a path of the host shows"
	awk '$5 == "/sys" { print $6 }' mounts | grep -q '^ro' || fail "/sys can be written"
	awk '$5 == "/proc/sys" { print $6 }' mounts | grep -q '^ro' || fail "/proc/sys can be written"
	same "kcore and firmware" "0 0" "$(run_in sh -c 'echo $(wc -c </proc/keys) $(ls /sys/firmware | wc -l)')"
}

# None but the standard streams, whatever we have open.
case_descriptors() {
	exec 7</etc/passwd 9<.
	same "of a child, the last of them of ls itself" "0 1 2 3" "$(run_in sh -c 'ls /proc/self/fd; true' | xargs)"
	same "of the first" "0 1 2" "$(run_in sh -c 'sleep 5 & cd /proc/1/fd; for f in $(seq 0 30); do [ ! -e $f ] || [ -f $f ] || echo $f; done' | xargs)"
}

# in_chroot COMMAND: in a root with all that the machine's has, which is no mount point.
in_chroot() {
	mkdir chroot
	unshare --mount sh -euc '
		for directory in /*; do
			if [ -h "$directory" ]; then
				cp -P "$directory" chroot
			elif [ -d "$directory" ]; then
				mkdir "chroot$directory"
				mount --rbind "$directory" "chroot$directory"
			fi
		done
		exec chroot chroot "$@"' - "$@"
}

case_chroot() {
	make_root root
	status_is 125 in_chroot "$COWRUN" --root "$T/store" run --rm --rootfs "$T/root" true 2>said
	grep -q "bind it to itself with 'mount --bind" said || fail "said: $(cat said)"
	all_is_gone
}

case_layers() {
	make_root root
	mkdir -p low upper
	echo low >low/file
	echo gone >low/gone
	mkdir low/dir
	echo x >low/dir/x
	remember_tree root
	remember_tree low
	cowrun run --rm --layers low:root --upper upper sh -c 'cat /file; echo more >>/file; rm /gone; rm -r /dir; echo new >/tmp/new'
	tree_is_unchanged root
	tree_is_unchanged low
	same "written" "low more" "$(xargs <upper/file)"
	same "new" new "$(cat upper/tmp/new)"
	[ -e upper/.wh.gone ] || fail "no whiteout of a file"
	[ -e upper/.wh.dir ] || fail "no whiteout of a directory"
	same "kept" "low more" "$(cowrun run --rm --layers low:root --upper upper cat /file | xargs)"
}

# What the runtime itself puts into a container is in no layer that anybody commits.
case_init_layer() {
	local upper
	make_root root
	cowrun run --name c -h box --add-host db:10.1.2.3 --dns 9.9.9.9 --rootfs root \
		sh -c 'hostname; cat /etc/hostname; grep db /etc/hosts; grep nameserver /etc/resolv.conf' >said
	same "said" "box box 10.1.2.3 db nameserver 9.9.9.9" "$(xargs <said)"
	upper=$(cowrun inspect -f '{{.GraphDriver.Data.UpperDir}}' c)
	same "in the upper layer" "" "$(ls "$upper")"
	cowrun rm c
	same "its own root" "" "$(find root/etc -name 'host*')"
}

case_exit_statuses() {
	make_root root
	status_is 0 run_in true
	status_is 3 run_in sh -c 'exit 3'
	status_is 137 run_in --init sh -c 'kill -9 $$'
	status_is 127 run_in no-such-command 2>said
	grep -q no-such-command said
	status_is 127 run_in /no/such/path 2>/dev/null
	status_is 126 run_in /etc/passwd 2>/dev/null
	status_is 126 run_in /etc 2>/dev/null
	status_is 125 cowrun run --rm --rootfs missing true 2>/dev/null
	status_is 125 cowrun run --no-such-option true 2>said
	grep -q 'no-such-option is an unknown option' said
	status_is 125 run_in -w /etc/passwd true 2>/dev/null
	all_is_gone
}

case_environment_and_user() {
	same "variables" "1 two words" "$(run_in -e A=1 -e 'B=two words' sh -c 'echo $A $B')"
	same "ours" here "$(OURS=here run_in -e OURS sh -c 'echo $OURS')"
	printf 'X=1\n# no\nY=a=b\n' >file
	same "from a file" "1 a=b" "$(run_in --env-file file sh -c 'echo $X $Y')"
	same "usual" "/root /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" "$(run_in sh -c 'echo $HOME $PATH')"
	same "by name" "33 33 50" "$(run_in -u web sh -c 'echo $(id -u) $(id -G | tr " " "\n" | sort -n)')"
	same "home" /srv "$(run_in -u web sh -c 'echo $HOME')"
	same "by number" "7:8" "$(run_in -u 7:8 sh -c 'echo $(id -u):$(id -g)')"
	same "group by name" "0:50" "$(run_in -u 0:staff sh -c 'echo $(id -u):$(id -g)')"
	same "directory" /a/b "$(run_in -w /a/b pwd)"
	status_is 125 run_in -u nobody-here true 2>said
	grep -q '/etc/passwd' said
	# CVE-2026-30892: no number at all, one that is too great, and one that means "as it is".
	for user in 0x0 1e3 ' 0' 4294967296 4294967295 -1 +0; do
		status_is 125 run_in -u "$user" true 2>/dev/null
	done
}

case_streams() {
	make_root root
	cowrun run --rm --rootfs root sh -c 'echo out; echo err >&2' >out 2>err
	same "standard output" out "$(cat out)"
	same "standard error" err "$(cat err)"
	same "no input" "" "$(echo typed | run_in cat)"
	same "input" typed "$(echo typed | run_in -i cat)"
	head -c 5000000 /dev/urandom >big
	run_in -i cat <big >again
	cmp big again
	# Whoever reads slowly gets everything as well.
	run_in cat /bin/busybox | { sleep 1; cmp - root/bin/busybox; }
	same "again as a file" x "$(run_in -u web sh -c 'echo x >/dev/stdout')"
}

case_terminal() {
	needs script
	make_root root
	# At the end of its input script would type something.
	mkfifo silent
	script -qec "stty rows 33 cols 77; '$COWRUN' --root '$T/store' run --rm -it --rootfs root sh -c 'tty; stty size; test -c /dev/console && echo console; exit 9'" /dev/null 0<>silent >said || echo "status $?" >>said
	tr -d '\r' <said >plain
	grep -q '/dev/pts/0' plain
	grep -q '^33 77' plain
	grep -q '^console' plain
	grep -q '^status 9' plain
}

case_volumes() {
	mkdir data
	echo host >data/file
	echo single >single
	run_in -v ./data:/data -v "$T/data:/ro:ro" -v "$T/single:/srv/single" sh -c 'cat /data/file /srv/single; echo in >/data/new; ! echo x >/ro/new' 2>/dev/null >said
	same "seen" "host single" "$(xargs <said)"
	same "written" in "$(cat data/new)"
	run_in --mount type=bind,source="$T/data",destination=/data,readonly sh -c '! touch /data/x' 2>/dev/null
	absent data/x
	# A volume by its name outlives containers.
	run_in -v kept:/v sh -c 'echo kept >/v/file'
	same "volume" kept "$(run_in -v kept:/v cat /v/file)"
	# Devices among the host's files are of no use inside.
	mknod data/null c 1 3
	status_is 1 run_in -v ./data:/data sh -c 'echo x >/data/null' 2>/dev/null
	# An inner one after the one that holds it, whatever their order.
	mkdir data/inner
	same "nested" single "$(run_in -v ./single:/data/inner/file -v ./data:/data cat /data/inner/file)"
	status_is 125 run_in -v "$T/missing:/x" true 2>said
	grep -q "$T/missing" said
	for bad in /only relative:rel data:/x:bad ./data:/proc/x ./data:/ ./data:/a/../b; do
		status_is 125 run_in -v "$bad" true 2>/dev/null
	done
}

case_tmpfs_and_read_only() {
	same "size" 1024 "$(run_in --tmpfs /cache:size=1m sh -c 'df -k /cache | tail -n 1' | awk '{ print $2 }')"
	run_in --read-only --tmpfs /tmp sh -c 'echo x >/tmp/x; echo x >/dev/shm/x; ! touch /x; ! touch /etc/hosts' 2>/dev/null
}

case_limits_of_processes() {
	same "ulimit" "100 200" "$(run_in --ulimit nofile=100:200 sh -c 'echo $(ulimit -Sn) $(ulimit -Hn)')"
	local ours
	ours=$(cat /proc/sys/net/ipv4/ip_forward)
	same "sysctl" 1 "$(run_in --sysctl net.ipv4.ip_forward=1 cat /proc/sys/net/ipv4/ip_forward)"
	same "ours" "$ours" "$(cat /proc/sys/net/ipv4/ip_forward)"
	same "oom score" 500 "$(run_in --oom-score-adj 500 cat /proc/self/oom_score_adj)"
	for bad in "--ulimit nofile" "--ulimit nofile=2:1" "--ulimit what=1" "--sysctl kernel.hostname=x" "--sysctl x" "--oom-score-adj 2000"; do
		# shellcheck disable=SC2086 # two words
		status_is 125 run_in $bad true 2>/dev/null
	done
}

case_privileges() {
	same "capabilities" 00000000a80425fb "$(run_in sed -n 's/^CapEff:\t//p' /proc/self/status)"
	same "of others" 0000000000000000 "$(run_in -u web sed -n 's/^CapEff:\t//p' /proc/self/status)"
	same "inheritable" 0000000000000000 "$(run_in sed -n 's/^CapInh:\t//p' /proc/self/status)"
	same "dropped" 0000000000000000 "$(run_in --cap-drop ALL sed -n 's/^CapBnd:\t//p' /proc/self/status)"
	same "filter" 2 "$(run_in sed -n 's/^Seccomp:\t//p' /proc/self/status)"
	same "unconfined" 0 "$(run_in --security-opt seccomp=unconfined sed -n 's/^Seccomp:\t//p' /proc/self/status)"
	same "new privileges" 1 "$(run_in --security-opt no-new-privileges sed -n 's/^NoNewPrivs:\t//p' /proc/self/status)"
	status_is 1 run_in mount -t tmpfs none /tmp 2>/dev/null
	run_in date -s 2020-01-01 2>&1 | grep -q 'not permitted'
	same "a device made inside" no "$(run_in sh -c 'mknod /tmp/null c 1 3; mknod /dev/null2 c 1 3; (echo x >/tmp/null || echo x >/dev/null2) 2>/dev/null && echo yes || echo no')"
	status_is 125 run_in --cap-add NO_SUCH true 2>/dev/null
	echo '{}' >profile
	status_is 125 run_in --security-opt seccomp=profile true 2>/dev/null
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO"}]}' >profile
	status_is 1 run_in --security-opt seccomp=profile mkdir /tmp/x 2>/dev/null
}

case_privileged() {
	local all
	all=$(sed -n 's/^CapEff:\t//p' /proc/self/status)
	same "capabilities and filter" "$all 0" \
		"$(run_in --privileged sed -n 's/^\(CapEff\|Seccomp\):\t//p' /proc/self/status | xargs)"
	run_in --privileged sh -c 'mkdir /m && mount -t tmpfs none /m && mknod /n c 1 3 && echo x >/n && echo 1 >/proc/sys/net/ipv4/ip_forward'
	same "devices" "$(cd /dev && find . -xdev \( -type c -o -type b \) ! -name console ! -name ptmx | sort | xargs)" \
		"$(run_in --privileged sh -c 'cd /dev && find . \( -type c -o -type b \) ! -name console ! -path "./pts/*" | sort' | xargs)"
	status_is 1 run_in sh -c 'test -e /dev/fuse'
}

case_init() {
	same "PID 1" cowrun-init "$(run_in --init cat /proc/1/cmdline | tr '\0' '\n' | head -n 1)"
	status_is 3 run_in --init sh -c 'exit 3'
	status_is 127 run_in --init no-such-command 2>/dev/null
	# Orphans are waited for.
	same "zombies" 0 "$(run_in --init sh -c '(sleep 0.1 &); (sleep 0.1 &); sleep 0.5; grep -l "^State:.Z" /proc/[0-9]*/status | wc -l' 2>/dev/null)"
	status_is 143 run_in --init sh -c 'kill -TERM 1; sleep 5'
	# CVE-2019-5736: not even root of the host, in there, can write to it.
	status_is 1 run_in --init sh -c 'echo x >/proc/1/exe' 2>/dev/null
}

case_options() {
	make_root root
	cowrun run --rm --rootfs=root -e=A=1 -eB=2 --init=false sh -c 'echo $A $B' >said
	same "forms of options" "1 2" "$(cat said)"
	cowrun run --cidfile id -d --rm --rootfs root sleep 1000 >printed
	same "cidfile" "$(cat printed)" "$(cat id)"
	status_is 125 cowrun run --cidfile id --rm --rootfs root true 2>/dev/null
	cowrun rm -f "$(cat id)" >/dev/null
	cowrun run -d --pidfile pid --name c --rootfs root sleep 1000 >/dev/null
	same "pidfile" "$(pid_of c)" "$(cat pid)"
	cowrun rm -f c
	for bad in "" "-d" "--rootfs" "--rootfs root" "--layers root --rootfs root true" "--name -x --rootfs root true" \
		"--restart sometimes --rootfs root true" "--rm --restart always --rootfs root true" "--net no/such --rootfs root true" \
		"--hostname a/b --rootfs root true" "--add-host x --rootfs root true" "--dns x --rootfs root true" "-w rel --rootfs root true" \
		"--stop-signal NO --rootfs root true" "--device null --rootfs root true" "-e =x --rootfs root true" "--rm=maybe --rootfs root true"; do
		# shellcheck disable=SC2086 # several words
		status_is 125 cowrun run $bad 2>said
		[ "$(wc -l <said)" = 1 ] || fail "run $bad said: $(cat said)"
	done
	"$COWRUN" run --help | grep -q -- --rootfs
	status_is 2 "$COWRUN" no-such-command 2>/dev/null
	all_is_gone
}

case_device() {
	same "device" x "$(run_in --device /dev/zero:/dev/mine sh -c 'head -c 3 /dev/mine | tr "\0" x | head -c 1')"
	status_is 125 run_in --device /etc/passwd true 2>/dev/null
}

run_cases "$@"
