#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# When umount returns, the upper is complete: engines read it at once.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

make_changes() {
	local i
	head -c 20000000 /dev/urandom >mnt/large
	for i in {1..300}; do
		echo "$i" >"mnt/small$i"
	done
	dd if=/dev/urandom of=mnt/lower bs=100 count=5 seek=77 conv=notrunc status=none
	echo appended >>mnt/appended
	truncate -s 12345 mnt/truncated
	open_files write_mapping mnt/mapped
	rm mnt/removed
	mv mnt/dir mnt/moved
	touch -d '2001-02-03 04:05:06.7' mnt/small1
}

start() {
	mkdir -p lower/dir
	head -c 500000 /dev/urandom >lower/lower
	echo lower content >lower/appended
	echo lower content >lower/mapped
	head -c 50000 /dev/urandom >lower/truncated
	touch lower/removed lower/dir/inner
	mount_simple -o redirect=copy
	make_changes
	cp -a mnt copy
	describe_files mnt >"$T.expected"
}

# Of directories the modification times differ from what a copy would have.
describe_files() {
	describe_tree "$1" | grep -v '^\S* d \|^# file\|cowfs' | grep '[^ ]'
}

# The upper, now: what was made lies in it to the byte.
upper_is_complete() {
	local name
	for name in large small1 small300 lower appended truncated mapped moved/inner; do
		cmp "upper/$name" "copy/$name"
		same "time of $name" "$(stat -c '%y' "copy/$name")" "$(stat -c '%y' "upper/$name")"
	done
	same "whiteouts" ".wh.dir .wh.removed" "$(find upper -maxdepth 1 -name '.wh.[dr]*' -printf '%f\n' | sort | xargs)"
	same "unfinished work" "" "$(find upper/.wh..wh.cowfs/work -mindepth 1)"
}

case_umount() {
	start
	umount mnt
	upper_is_complete
}

case_cowfs_umount() {
	start
	"$COWFS" umount mnt
	upper_is_complete
}

case_fusermount() {
	start
	fusermount3 -u mnt
	upper_is_complete
}

# What engines do when nothing else helps.
case_syncfs_and_lazy_umount() {
	start
	sync -f mnt
	umount -l mnt
	upper_is_complete
}

case_writeback() {
	mkdir -p lower upper mnt
	COWFS_TEST_OPTIONS=writeback=1
	start
	umount mnt
	upper_is_complete
}

# With every file hashed again after the next mount.
case_remount() {
	start
	umount mnt
	mount_simple -o redirect=copy
	describe_files mnt | diff "$T.expected" - | head
	describe_files mnt | cmp "$T.expected" -
}

# Somebody who is still writing when the mount goes away lazily.
case_writer_goes_on() {
	mkdir -p lower upper mnt
	mount_simple
	exec 3>mnt/file
	echo one >&3
	umount -l mnt
	echo two >&3
	exec 3>&-
	wait_until grep -q two upper/file
	same "content" "one two" "$(xargs <upper/file)"
}

run_cases "$@"
