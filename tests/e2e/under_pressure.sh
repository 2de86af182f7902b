#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The other suites once more, beside a loop that empties the kernel's dentry and inode caches all the time: the
# daemon is in a storm of FORGETs, which is where a peer loses files.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

CASE_SECONDS=300

# again SCRIPT [CASE...]: all of its cases must pass.
again() {
	local script
	script=$(dirname "$self")/$1.sh
	shift
	COWFS_TEST_DROP_CACHES=1 TMPDIR=$T bash "$script" "$@" >"$T.said" || true
	grep '^not ok' -B 20 "$T.said" | tail -n 40 || true
	grep -q '^ok' "$T.said" || fail "nothing was tested"
	if grep -q '^not ok' "$T.said"; then
		fail "$(grep -c '^not ok' "$T.said") cases fail under pressure"
	fi
}

case_copy_up() {
	again copy_up
}

case_hard_links() {
	again hard_links
}

case_inode_numbers() {
	again inode_numbers
}

case_rename_directories() {
	again rename_directories
}

case_unlinked_open_files() {
	again unlinked_open_files
}

case_whiteouts_read() {
	again whiteouts_read
}

case_whiteouts_written() {
	again whiteouts_written
}

case_ownership_and_setuid() {
	again ownership_and_setuid
}

case_acl_xattr() {
	again acl_xattr
}

case_special_files() {
	again special_files
}

case_seek_and_allocate() {
	again seek_and_allocate
}

case_locks() {
	again locks
}

case_deep_paths() {
	again deep_paths
}

case_inotify() {
	again inotify
}

case_parallel() {
	again parallel
}

case_umount_complete() {
	again umount_complete
}

run_cases "$@"
