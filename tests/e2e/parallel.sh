#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Many at once: one copy-up, no lost write, no wrong answer.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

case_one_file_is_copied_up_once() {
	local i
	mkdir -p lower
	for i in {1..10}; do
		head -c 20000000 /dev/zero | tr '\0' "$((i % 10))" >"lower/file$i"
	done
	mount_simple -o volatile
	for i in {1..10}; do
		parallel copy_up "mnt/file$i"
	done
	same "files copied up" 10 "$(stat_number mnt copied_up_files)"
	umount_union mnt
	for i in {1..10}; do
		same "size" 20000000 "$(stat -c %s "upper/file$i")"
		cmp <(tail -c +65537 "upper/file$i") <(tail -c +65537 "lower/file$i")
	done
}

case_anything_with_one_file() {
	local i
	mkdir -p lower/dir
	for i in {1..30}; do
		head -c 100000 /dev/zero >"lower/dir/file$i"
	done
	mount_simple -o volatile
	for i in {1..30}; do
		parallel anything "mnt/dir/file$i"
	done
	same "files copied up" 30 "$(stat_number mnt copied_up_files)"
}

case_creating() {
	mkdir -p lower/dir
	mount_simple
	parallel create mnt/dir
	mkdir mnt/new
	parallel create mnt/new
	same "names" 400 "$(find mnt -type f | wc -l)"
}

case_renaming() {
	local mode
	for mode in on copy; do
		rm -rf lower upper
		mkdir -p lower/dir/{0,1,2} lower/dir/0/d
		touch lower/dir/0/d/file
		mount_simple -o "volatile,redirect=$mode"
		parallel rename mnt/dir
		umount_union mnt
	done
}

case_making_and_removing() {
	mkdir -p lower/dir lower/dir/name
	mount_simple
	parallel churn mnt/dir
	rm -rf mnt/dir/name
	same "names" "" "$(ls -A mnt/dir)"
}

# A tree removed by several at once, while others read it.
case_rm_in_parallel() {
	local i children=()
	mkdir -p lower/tree
	for i in {1..20}; do
		mkdir -p "lower/tree/$i/sub"
		touch "lower/tree/$i/sub/"{1..20}
	done
	mount_simple -o volatile
	for i in 1 2 3; do
		(rm -rf mnt/tree 2>/dev/null || true) &
		children+=($!)
		(find mnt -type f >/dev/null 2>&1 || true) &
		children+=($!)
	done
	wait "${children[@]}"
	rm -rf mnt/tree
	same "names" "" "$(ls -A mnt)"
	remount_simple
	same "names" "" "$(ls -A mnt)"
}

run_cases "$@"
