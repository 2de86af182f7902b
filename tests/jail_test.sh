#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# That tests/jail keeps in what it should. What is deleted here lies in a jail within a jail.
set -u

if [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP only root's tests are jailed"
	exit 0
fi
[ "${COWFS_JAIL-}" = 1 ] || {
	echo "Bail out! run me as tests/jail $0"
	exit 99
}

jail=${abs_top_srcdir:-$(dirname "$0")/..}/tests/jail
number=0

# check NAME COMMAND...: good if the command succeeds.
check() {
	local name=$1
	shift

	number=$((number + 1))
	if "$@" >"$TMPDIR/said" 2>&1; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		sed 's/^/# /' "$TMPDIR/said"
	fi
}

# What the command says must be that the file system is read-only.
refused() {
	! LC_ALL=C "$@" 2>"$TMPDIR/refusal" && grep -q 'Read-only file system' "$TMPDIR/refusal"
}

system_is_read_only() {
	local directory

	for directory in / /usr /usr/bin /var /var/lib /root /dev "$(dirname "$jail")"; do
		refused touch "$directory/cowfs-test" || {
			echo "$directory is not read-only: $(cat "$TMPDIR/refusal")"
			return 1
		}
	done
}

own_directories_are_writable() {
	local directory

	for directory in /tmp /var/tmp /dev/shm /run /etc "$TMPDIR" "${abs_top_builddir:-/tmp}"; do
		touch "$directory/cowfs-test" && rm "$directory/cowfs-test" || return 1
	done
}

# Mounts that are hidden within must not be in the way, either.
hidden_mounts_do_not_matter() {
	local status

	mkdir -p /tmp/hidden /var/tmp/hidden /run/hidden
	mount -t tmpfs hidden /tmp/hidden && mount -t tmpfs hidden /var/tmp/hidden &&
		mount -t tmpfs hidden /run/hidden || return 1
	"$jail" "$jail" true
	status=$?
	umount /tmp/hidden /var/tmp/hidden /run/hidden
	return "$status"
}

# What early tests did. The outer jail's /etc stands for the machine's.
deleting_stays_within() {
	local before after

	before=$(find /etc | sort | sha256sum)
	# shellcheck disable=SC2016 # the inner shell expands it
	"$jail" sh -c 'ln -s / "$TMPDIR/out"; cd "$TMPDIR/out/" && rm -rf etc/* usr/share/doc' || true
	"$jail" sh -c 'rm -rf /etc/* && [ ! -e /etc/passwd ]' || return 1
	after=$(find /etc | sort | sha256sum)
	[ "$before" = "$after" ] && [ -f /etc/passwd ] && [ -d /usr/share/doc ]
}

leftovers_go() {
	"$jail" sh -c 'sleep 4711 & mount -t tmpfs none /tmp; touch /tmp/x' || return 1
	! pgrep --full "^sleep 4711" && [ -z "$(ls -d "$TMPDIR"/cowfs-* 2>/dev/null)" ]
}

even_immutable_ones() {
	touch /tmp/immutable
	if ! chattr +i /tmp/immutable; then
		rm /tmp/immutable
		return 0
	fi
	chattr -i /tmp/immutable
	rm /tmp/immutable
	"$jail" sh -c 'touch /tmp/x; chattr +i /tmp/x' || return 1
	[ -z "$(ls -d "$TMPDIR"/cowfs-* 2>/dev/null)" ]
}

status_is_passed_on() {
	"$jail" sh -c 'exit 77'
	[ $? = 77 ]
}

time_is_limited() {
	COWFS_TEST_SECONDS=1 "$jail" sleep 60
	[ $? = 124 ]
}

ending_it_ends_all() {
	local pid status=0

	"$jail" sleep 4712 &
	pid=$!
	timeout 30 sh -c 'until pgrep --full "^sleep 4712"; do sleep 0.1; done' || return 1
	kill "$pid"
	wait "$pid" || status=$?
	[ "$status" -gt 128 ] && ! pgrep --full "^sleep 4712" && [ -z "$(ls -d "$TMPDIR"/cowfs-* 2>/dev/null)" ]
}

signals_are_not_ignored() {
	local ignored

	ignored=$("$jail" sed -n 's/^SigIgn:[[:space:]]*//p' /proc/self/status)
	echo "ignored: $ignored"
	# Those from 32 on are the C library's own.
	[ $((0x$ignored & 0x7fffffff)) = 0 ]
}

# What a daemon's sanitizer would do, late and out of sight.
late_reports_are_heard() {
	local status=0

	# shellcheck disable=SC2016 # the inner shell expands it
	COWFS_SANITIZERS=address ASAN_OPTIONS=a=b "$jail" sh -c '
		path=${ASAN_OPTIONS#a=b:log_path=}
		(sleep 1; echo "SUMMARY: a leak" >"$path.1") >/dev/null 2>&1 &' >/tmp/heard || status=$?
	grep -qx '# SUMMARY: a leak' /tmp/heard && [ "$status" = 1 ] &&
		COWFS_SANITIZERS=address "$jail" true
}

anyone_opens_dev_fuse() {
	[ ! -c /dev/fuse ] || setpriv --reuid 1234 --regid 1234 --clear-groups sh -c ': <>/dev/fuse'
}

networks_are_apart() {
	local own

	own=$(readlink /proc/self/ns/net)
	echo "# jail: the machine's network" >"$TMPDIR/script"
	[ "$(bash "$jail" readlink /proc/self/ns/net)" != "$own" ] &&
		[ "$(bash "$jail" readlink /proc/self/ns/net "$TMPDIR/script")" = "$own" ] &&
		bash "$jail" sh -c 'grep -q 00000000000000000000000000000001 /proc/net/if_inet6 || ! ip link >/dev/null 2>&1'
}

user_namespaces_work() {
	unshare --user --map-root-user --mount true
}

echo 1..14
check "what belongs to the system is read-only" system_is_read_only
check "what is the test's own is writable" own_directories_are_writable
check "deleting everything deletes nothing outside" deleting_stays_within
check "processes, mounts and files left behind go" leftovers_go
check "so do immutable files" even_immutable_ones
check "mounts below its own directories do not matter" hidden_mounts_do_not_matter
check "the exit status is passed on" status_is_passed_on
check "a test that hangs is ended" time_is_limited
check "ending the jail ends what is in it" ending_it_ends_all
check "no signal is ignored within" signals_are_not_ignored
check "a sanitizer's late report fails the test" late_reports_are_heard
check "anyone may open /dev/fuse" anyone_opens_dev_fuse
check "user namespaces can be made" user_namespaces_work
check "the network is its own, unless a script says otherwise" networks_are_apart
