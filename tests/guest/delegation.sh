#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Limits of an ordinary user's containers: systemd gives, or delegates, a part of version 2's groups to the user.
# shellcheck source-path=SCRIPTDIR source=../e2e/cowrun_lib.sh disable=SC2016
. "$(dirname "$0")/../e2e/cowrun_lib.sh"

user=person
uid=1000

# A session of the user's, as login makes it, and a root file system that is his.
prepare() {
	systemctl start user@$uid.service
	make_root root
	mkdir home run
	chown -R $user: "$T"
	chmod 755 "$T"
	trap 'cowrun_of_user rm -f $(cowrun_of_user ps -aq) >/dev/null 2>&1 || true' EXIT
}

# as_user COMMAND...: outside of what is delegated, as from `su`.
as_user() {
	runuser -u $user -- env -i PATH="$PATH" COWFS="$COWFS" HOME="$T/home" XDG_RUNTIME_DIR=/run/user/$uid \
		DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$uid/bus "$@"
}

cowrun_of_user() {
	as_user "$COWRUN" --root "$T/home/store" "$@"
}

# in_scope COMMAND...: in a group of its own, by the user's own systemd.
in_scope() {
	as_user systemd-run --quiet --user --scope --property=Delegate=yes "$@"
}

# in_unit COMMAND...: as a service of the machine's systemd that runs as the user.
in_unit() {
	systemd-run --quiet --wait --collect --pipe --uid=$user --property=Delegate=yes --setenv=HOME="$T/home" --setenv=COWFS="$COWFS" \
		--setenv=XDG_RUNTIME_DIR=/run/user/$uid "$@"
}

group_of() {
	echo "/sys/fs/cgroup$(sed 's/^0:://' "/proc/$(cowrun_of_user inspect -f '{{.State.Pid}}' "$1")/cgroup")"
}

value() {
	cat "$(group_of "$1")/$2"
}

no_group_is_left() {
	same "groups of containers" "" "$(find /sys/fs/cgroup -type d -name cowrun)"
}

remove_all() {
	cowrun_of_user rm -f "$@" >/dev/null
	no_group_is_left
	wait_until nothing_is_left
}

case_in_a_scope() {
	prepare
	in_scope "$COWRUN" --root "$T/home/store" run -d --name c -m 64m --memory-swap 96m --pids-limit 9 --cpus 0.5 --rootfs "$T/root" sleep 1000 >/dev/null
	case $(group_of c) in
	*/user@$uid.service/*/cowrun/*) ;;
	*) fail "its group is $(group_of c)" ;;
	esac
	same "limits" "67108864 33554432 9 50000 100000" \
		"$(value c memory.max) $(value c memory.swap.max) $(value c pids.max) $(value c cpu.max)"
	same "owner" $user "$(stat -c %U "$(group_of c)")"
	same "shown" 65536 "$(in_scope "$COWRUN" --root "$T/home/store" exec c awk '/^MemTotal/ { print $2 }' /proc/meminfo)"
	cowrun_of_user pause c >/dev/null
	same "frozen" 1 "$(value c cgroup.freeze)"
	cowrun_of_user unpause c >/dev/null
	cowrun_of_user update -m 128m --memory-swap 256m c >/dev/null
	same "limit" 134217728 "$(value c memory.max)"
	cowrun_of_user stats --no-stream --format '{{.Name}} {{.MemUsage}}' | grep -q '^c .* / 128MiB$'
	remove_all c
}

case_ended_for_its_memory() {
	prepare
	status_is 137 in_scope "$COWRUN" --root "$T/home/store" run --name c -m 32m --rootfs "$T/root" dd if=/dev/zero of=/dev/null bs=64M count=1
	same "killed" "true 137" "$(cowrun_of_user inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}}' c)"
	remove_all c
}

# All controllers, as the machine's systemd has them.
case_in_a_unit() {
	prepare
	same "within" "67108864 20000 100000 1 9" "$(in_unit "$COWRUN" --root "$T/home/store" run --rm -m 64m --cpus 0.2 --cpuset-cpus 1 --pids-limit 9 \
		--rootfs "$T/root" sh -c 'cd /sys/fs/cgroup && echo $(cat memory.max cpu.max cpuset.cpus pids.max)')"
	no_group_is_left
	# Two of one unit: the second finds that the first has moved them all to a leaf.
	in_unit sh -c "'$COWRUN' --root '$T/home/store' run -d --name a -m 64m --rootfs '$T/root' sleep 1000 &&
		'$COWRUN' --root '$T/home/store' run -d --name b -m 32m --rootfs '$T/root' sleep 1000 &&
		'$COWRUN' --root '$T/home/store' exec a cat /sys/fs/cgroup/memory.max &&
		'$COWRUN' --root '$T/home/store' exec b cat /sys/fs/cgroup/memory.max &&
		'$COWRUN' --root '$T/home/store' rm -f a b" >said
	same "limits" "67108864 33554432" "$(grep -E '^[0-9]+$' said | xargs)"
	no_group_is_left
}

# What is not passed on is missed in words that say what to do.
case_a_controller_that_is_not_delegated() {
	prepare
	grep -qw cpuset "/sys/fs/cgroup/user.slice/user-$uid.slice/user@$uid.service/cgroup.controllers" && skip "this systemd delegates all"
	status_is 125 in_scope "$COWRUN" --root "$T/home/store" run --rm --cpuset-cpus 0 --rootfs "$T/root" true 2>said
	grep -q "cpuset.*--cgroup-ignore" said || fail "it said: $(cat said)"
	say "$(cat said)"
	same "ignored" hello "$(in_scope "$COWRUN" --root "$T/home/store" run --rm --cpuset-cpus 0 -m 64m --cgroup-ignore --rootfs "$T/root" echo hello 2>said)"
	grep -q "goes on without a limit" said || fail "it said: $(cat said)"
	no_group_is_left
}

case_without_delegation() {
	prepare
	same "without limits" hello "$(cowrun_of_user run --rm --rootfs "$T/root" echo hello 2>/dev/null)"
	status_is 125 cowrun_of_user run --rm -m 64m --rootfs "$T/root" echo hello 2>said
	say "$(cat said)"
	tail -n 1 said | grep -q "delegated to you.*systemd-run --user --scope.*--cgroup-ignore" || fail "it said: $(cat said)"
	same "ignored" hello "$(cowrun_of_user run --rm -m 64m --cgroup-ignore --rootfs "$T/root" echo hello 2>said)"
	grep -q "goes on without a limit" said || fail "it said: $(cat said)"
	no_group_is_left
}

# Who is not in the part of the groups that is the user's cannot move a process there.
case_exec_from_elsewhere() {
	prepare
	in_scope "$COWRUN" --root "$T/home/store" run -d --name c -m 64m --rootfs "$T/root" sleep 1000 >/dev/null
	status_is 125 cowrun_of_user exec c true 2>said
	say "$(cat said)"
	grep -q "systemd-run --user --scope" said || fail "it said: $(cat said)"
	cowrun_of_user stop -t 0 c >/dev/null
	remove_all c
}

# The user's systemd ends: so does the container, and the next command says so.
case_the_session_ends() {
	prepare
	in_scope "$COWRUN" --root "$T/home/store" run -d --name c -m 64m --rootfs "$T/root" \
		sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done' >/dev/null
	systemctl stop user@$uid.service
	wait_until nothing_is_left
	same "state" exited "$(cowrun_of_user inspect -f '{{.State.Status}}' c)"
	remove_all c
}

run_cases "$@"
