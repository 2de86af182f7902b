# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the end-to-end tests share. A test script defines functions case_NAME and ends with
# `run_cases`; each case runs as a process of its own, in an empty directory of its own, under a
# time limit, and passes when no command in it fails. The script speaks TAP.
#
# In a case: the directory is $T and the working directory; everything mounted below it is unmounted
# and every process noted with `note_process` ended, however the case ends.
#
# From the environment: COWFS, the program; COWFS_TEST_OPTIONS, mount options for every union;
# COWFS_TEST_DROP_CACHES=1 runs a loop beside each case that empties the kernel's caches.

set -eu

: "${COWFS:?the path of the program cowfs must be in COWFS}"
: "${abs_top_builddir:=$(dirname "$(dirname "$COWFS")")}"
self=$(realpath "$0")
: "${CASE_SECONDS:=120}"
: "${COWFS_TEST_OPTIONS:=}"
: "${COWFS_TEST_DROP_CACHES:=}"
# Where the programs beside these scripts were built.
export PATH="$abs_top_builddir/tests/e2e:$PATH"

# --- What a case says ------------------------------------------------------------------------------

say() {
	echo "# $*"
}

fail() {
	say "$*"
	exit 1
}

# Ends the case without judging it.
skip() {
	echo "$*" >"$T.skip"
	exit 77
}

# same WHAT EXPECTED ACTUAL
same() {
	[ "$2" = "$3" ] || fail "$1: expected <$2>, got <$3>"
}

# different WHAT A B
different() {
	[ "$2" != "$3" ] || fail "$1: both are <$2>"
}

# at_most WHAT LIMIT NUMBER
at_most() {
	say "$1: $3 (limit $2)"
	[ "$3" -le "$2" ] || fail "$1: $3 is more than $2"
}

# at_least WHAT LIMIT NUMBER
at_least() {
	say "$1: $3 (at least $2)"
	[ "$3" -ge "$2" ] || fail "$1: $3 is less than $2"
}

# refused WORDS COMMAND...: the command must fail and say WORDS on stderr.
refused() {
	local words=$1
	shift
	if "$@" >/dev/null 2>"$T.stderr"; then
		fail "not refused: $*"
	fi
	grep -qi -e "$words" "$T.stderr" || fail "$* said <$(cat "$T.stderr")>, not <$words>"
}

# absent PATH...
absent() {
	local path
	for path; do
		if [ -e "$path" ] || [ -L "$path" ]; then
			fail "$path is there"
		fi
	done
}

# --- Unions ----------------------------------------------------------------------------------------

# mount_union [OPTION...] LOWERS [UPPER] MOUNTPOINT, as `cowfs mount`.
mount_union() {
	# The kernel's own words go to the report.
	"$COWFS" mount ${COWFS_TEST_OPTIONS:+-o "$COWFS_TEST_OPTIONS"} "$@"
}

# The common case: lower/ and upper/ on mnt/, made when they are missing.
mount_simple() {
	mkdir -p lower upper mnt
	mount_union "$@" lower upper mnt
}

# Two layers, a above b, an upper and a mountpoint.
make_two_layers() {
	mkdir a b upper mnt
	echo a >a/file
	echo b >b/file
	echo b >b/only-b
}

umount_union() {
	"$COWFS" umount "$1"
}

# shellcheck disable=SC2120 # its arguments are options
remount_simple() {
	umount_union mnt
	mount_simple "$@"
}

# stat_number MOUNTPOINT KEY: one number of `cowfs stat`.
stat_number() {
	"$COWFS" stat --json "$1" | grep -o "\"$2\": *[0-9]*" | head -n 1 | grep -o '[0-9]*$'
}

daemon_pid() {
	stat_number "$1" pid
}

# No other test empties the kernel's caches while this case does, or counts what they save.
lock_caches() {
	exec 8>"$abs_top_builddir/.drop-caches.lock"
	flock 8
}

# For a case that counts what the kernel's caches save. The lock binds only the tests of this build, so a case that
# fails is run again, twice at most, if the kernel says that somebody else on this machine has emptied them meanwhile,
# or that it had to read pages again: a control group that reclaims its memory loses them at any time.
undisturbed() {
	lock_caches
	is_undisturbed=1
	times_emptied >"$T.emptied"
	pages_read_again >"$T.read_again"
}

# How often the kernel's caches of pages and of names were emptied by order.
times_emptied() {
	awk '$1 ~ /^drop_(pagecache|slab)$/ { times += $2 } END { print times + 0 }' /proc/vmstat
}

pages_read_again() {
	awk '$1 == "workingset_refault_file" { print $2 }' /proc/vmstat
}

# disturbed DIRECTORY: that case has counted, and the caches have lost something that it did not drop itself.
disturbed() {
	[ -e "$1.read_again" ] || return
	[ "$(cat "$1.emptied")" != "$(times_emptied)" ] || [ "$(cat "$1.read_again")" != "$(pages_read_again)" ]
}

drop_caches() {
	if [ -n "${is_undisturbed-}" ]; then
		echo "${1:-2}" >/proc/sys/vm/drop_caches
		# 3 is both kinds.
		echo $(($(cat "$T.emptied") + (${1:-2} + 1) / 2)) >"$T.emptied"
		return
	fi
	(
		flock 8
		echo "${1:-2}" >/proc/sys/vm/drop_caches
	) 8>"$abs_top_builddir/.drop-caches.lock"
}

drop_caches_forever() {
	while :; do
		drop_caches 2
		sleep 0.002
	done
}

# keep_in_memory PATH...: held open until the case or `forget_all` ends it, so that the kernel, which drops what it
# caches whenever it likes, tells the daemon of no FORGET for them nor for the directories above.
keep_in_memory() {
	python3 -c '
import os, signal, sys
for path in sys.argv[2:]:
    os.open(path, os.O_PATH | os.O_NOFOLLOW)
open(sys.argv[1], "w").close()
signal.pause()' "$T.kept" "$@" &
	kept=$!
	note_process "$kept"
	wait_until test -e "$T.kept"
}

forget_all() {
	kill "$kept"
	wait "$kept" || true
}

# Of all below the working directory, in a fixed order.
describe_xattrs() {
	find . -print0 | sort -z | xargs -0 -r getfattr -h -d -m - 2>/dev/null | grep -v '^$'
}

# Everything about a tree that can be seen, in a fixed order: for comparing two of them.
describe_tree() {
	(
		cd "$1"
		find . -mindepth 1 ! -type d -printf '%p %y %m %U:%G %s %T@ %l\n' | sort
		find . -mindepth 1 -type d -printf '%p %y %m %U:%G %T@\n' | sort
		find . -mindepth 1 -type f -print0 | sort -z | xargs -0 -r sha256sum
		describe_xattrs || true
	)
}

# remember_tree DIRECTORY: what it looks like now, for tree_is_unchanged.
remember_tree() {
	describe_tree "$1" >"$T.tree.${1//\//_}"
}

tree_is_unchanged() {
	describe_tree "$1" | diff "$T.tree.${1//\//_}" - | sed 's/^/# /' >"$T.diff" || true
	[ ! -s "$T.diff" ] || {
		head -n 20 "$T.diff"
		fail "$1 has changed"
	}
}

# wait_until COMMAND...: for at most ten seconds.
wait_until() {
	local tries
	for ((tries = 0; tries < 200; tries++)); do
		if "$@"; then
			return 0
		fi
		sleep 0.05
	done
	fail "waited in vain for: $*"
}

is_mounted() {
	mountpoint -q "$1"
}

is_not_mounted() {
	! mountpoint -q "$1"
}

process_is_gone() {
	! kill -0 "$1" 2>/dev/null
}

# A process to be ended with the case.
note_process() {
	echo "$1" >>"$T.processes"
}

# --- What a case may need --------------------------------------------------------------------------

needs() {
	local program
	for program; do
		command -v "$program" >/dev/null || skip "$program is not installed"
	done
}

# take_subordinate_ids USER: the user has none. Only in the jail, where /etc is the test's own.
take_subordinate_ids() {
	[ -n "${COWFS_JAIL-}" ] || skip "only in tests/jail"
	touch /etc/subuid /etc/subgid
	sed -i "/^$1:/d" /etc/subuid /etc/subgid
}

# give_subordinate_ids USER: those from 200000 to 265535, alone.
give_subordinate_ids() {
	needs newuidmap newgidmap
	take_subordinate_ids "$1"
	echo "$1:200000:65536" | tee -a /etc/subuid >>/etc/subgid
	setpriv --reuid "$1" --regid "$(id -g "$1")" --clear-groups unshare --user --map-root-user --map-auto true 2>"$T.said" ||
		skip "newuidmap does not work here: $(head -n 1 "$T.said")"
}

# make_root DIRECTORY: a root file system of busybox alone, for a container; where COWFS_TEST_ROOT names one, as in an emulated machine
# where some hundred processes take ten seconds, a copy of it.
make_root() {
	if [ -n "${COWFS_TEST_ROOT-}" ]; then
		mkdir -p "$1"
		cp -a "$COWFS_TEST_ROOT/." "$1/"
		return
	fi
	needs busybox
	mkdir -p "$1/bin" "$1/etc" "$1/tmp" "$1/srv"
	chmod 1777 "$1/tmp"
	cp "$(command -v busybox)" "$1/bin/busybox"
	ldd "$1/bin/busybox" >/dev/null 2>&1 && skip "busybox is not linked statically"
	busybox --list | while read -r name; do
		[ "$name" = busybox ] || ln -s busybox "$1/bin/$name"
	done
	printf '%s\n' root:x:0:0:root:/root:/bin/sh web:x:33:33::/srv:/bin/sh >"$1/etc/passwd"
	printf '%s\n' root:x:0: web:x:33: staff:x:50:web >"$1/etc/group"
}

# A gdb that can be scripted, and may look at other processes.
needs_gdb() {
	needs gdb
	sleep 60 &
	note_process $!
	gdb -nx -batch -ex 'python print(6 * 7)' -p $! >"$T.gdb" 2>&1 || true
	grep -qx 42 "$T.gdb" || skip "this gdb has no Python"
	grep -qi -e 'not permitted' -e 'could not attach' "$T.gdb" && skip "gdb may not look at a process here"
	true
}

# A file system of its own: new_file_system MEGABYTES DIRECTORY [MKFS-OPTION...] (ext4 on a loop device).
new_file_system() {
	local size=$1 directory=$2
	shift 2
	needs mkfs.ext4 losetup
	truncate -s "${size}M" "$T.image.${directory//\//_}"
	mkfs.ext4 -q -F "$@" "$T.image.${directory//\//_}"
	mkdir -p "$directory"
	mount -o loop "$T.image.${directory//\//_}" "$directory" 2>/dev/null ||
		skip "no loop device to be had"
}

# --- Running ---------------------------------------------------------------------------------------

# The mountpoints below a directory, the innermost first.
mounts_below() {
	awk -v below="$1/" 'index($5, below) == 1 { print $5 }' /proc/self/mountinfo | tac
}

# A union that hangs holds everybody who asks it: the kernel ends its connection.
abort_unions_below() {
	local minor
	awk -v below="$1/" 'index($5, below) == 1 && / - fuse/ { sub("0:", "", $3); print $3 }' \
		/proc/self/mountinfo |
		while read -r minor; do
			echo 1 2>/dev/null >"/sys/fs/fuse/connections/$minor/abort" || true
		done
}

clean_up() {
	local place process
	if [ -e "$1.processes" ]; then
		while read -r process; do
			kill -9 "$process" 2>/dev/null || true
		done <"$1.processes"
	fi
	for place in $(mounts_below "$1"); do
		umount "$place" 2>/dev/null && continue
		abort_unions_below "$place/.."
		umount -l "$place" 2>/dev/null || true
	done
	rm -rf --one-file-system "$1" "$1".*
}

# The case itself, in a process that `timeout` can end.
run_one() {
	T=$2
	cd "$T"
	trap 'say "line $LINENO of ${BASH_SOURCE[0]##*/}: failed: $BASH_COMMAND"' ERR
	set -E
	if [ -n "$COWFS_TEST_DROP_CACHES" ]; then
		drop_caches_forever &
		note_process $!
	fi
	"$1"
}

# in_namespaces FUNCTION: runs it in mount and process namespaces of its own, where things may be mounted
# over what is everybody's; all ends with it.
in_namespaces() {
	T=$T unshare --mount --propagation private --pid --fork --kill-child --mount-proc \
		bash "$self" --function "$1"
}

# try_case NAME DIRECTORY: one case from outside; its status.
try_case() {
	local status=0
	chmod 755 "$2"
	# Not through a pipe: what is left of a case that hangs would hold it open.
	timeout -k 5 "$CASE_SECONDS" bash "$self" --case "$1" "$2" >"$2.out" 2>&1 </dev/null || status=$?
	tail -n 80 "$2.out" | sed 's/^\(# \)\?/# /'
	[ "$status" -lt 124 ] || abort_unions_below "$2"
	return "$status"
}

# Prints its line of TAP.
judge_case() {
	local number=$1 name=$2 directory status=0 tries
	for ((tries = 1; ; tries++)); do
		status=0
		directory=$(mktemp -d "${TMPDIR:-/tmp}/cowfs-e2e.XXXXXX")
		try_case "$name" "$directory" || status=$?
		case $status in
		0 | 77 | 124 | 137) break ;;
		esac
		if [ "$tries" = 3 ] || ! disturbed "$directory"; then
			break
		fi
		echo "# The kernel's caches were emptied by somebody else: once more."
		clean_up "$directory"
	done
	case $status in
	0) echo "ok $number - ${name//_/ }" ;;
	77) echo "ok $number - ${name//_/ } # SKIP $(cat "$directory.skip")" ;;
	124 | 137) echo "not ok $number - ${name//_/ } (no end after $CASE_SECONDS seconds)" ;;
	*) echo "not ok $number - ${name//_/ }" ;;
	esac
	clean_up "$directory"
	[ "$status" = 0 ] || [ "$status" = 77 ]
}

skip_all() {
	echo "1..0 # SKIP $*"
	exit 0
}

# run_cases "$@": all cases of the script in their order, or those named.
run_cases() {
	local names number=0 name result=0
	if [ "${1-}" = --case ]; then
		run_one "case_$2" "$3"
		return
	fi
	if [ "${1-}" = --function ]; then
		run_one "$2" "$T"
		return
	fi
	[ "$(id -u)" = 0 ] || skip_all "only root may mount here"
	[ -c /dev/fuse ] || skip_all "there is no /dev/fuse here"
	names=$*
	[ -n "$names" ] || names=$(sed -n 's/^case_\([a-z0-9_]*\)().*/\1/p' "$self")
	mountpoint -q /sys/fs/fuse/connections || mount -t fusectl none /sys/fs/fuse/connections 2>/dev/null || true
	# shellcheck disable=SC2086 # names are single words
	set -- $names
	echo "1..$#"
	for name; do
		number=$((number + 1))
		judge_case "$number" "$name" || result=1
	done
	return "$result"
}
