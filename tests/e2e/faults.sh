#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Full disks, quotas, broken disks, too few descriptors, too little memory: the caller gets the error, and what was
# there stays there whole.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

nothing_half_made() {
	same "unfinished work" "" "$(find "$1/.wh..wh.cowfs/work" -mindepth 1 2>/dev/null)"
}

# small_upper OPTIONS: an upper on a tmpfs.
small_upper() {
	mkdir -p lower/dir small mnt
	head -c 3000000 /dev/urandom >lower/big
	echo small >lower/file
	echo inner >lower/dir/inner
	mount -t tmpfs -o "$1" tmpfs small
	mkdir small/upper
	mount_union lower small/upper mnt
}

case_no_space_for_copy_up() {
	small_upper size=1m
	refused "no space" bash -c 'echo more >>mnt/big'
	cmp mnt/big lower/big
	refused "no space" chmod 600 mnt/big
	refused "no space" mv mnt/big mnt/moved
	refused "no space" ln mnt/big mnt/linked
	same "names" "big dir file" "$(find mnt -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | xargs)"
	same "mode" 644 "$(stat -c %a mnt/big)"
	absent small/upper/big mnt/moved mnt/linked
	nothing_half_made small/upper
	# Other things still work, and so does this one when there is room.
	echo more >>mnt/file
	rm mnt/dir/inner
	mount -o remount,size=10m small
	echo more >>mnt/big
	same "size" 3000005 "$(stat -c %s mnt/big)"
	same "content" small "$(head -n 1 mnt/file)"
}

case_no_space_for_data() {
	small_upper size=1m
	refused "no space" cp lower/big mnt/new
	rm -f mnt/new
	refused "no space" sh -c 'dd if=/dev/zero of=mnt/file bs=1M count=3 conv=notrunc,fsync'
	rm mnt/file
	echo works again >mnt/file
	same "content" "works again" "$(cat mnt/file)"
	cmp mnt/big lower/big
}

# No inode for a whiteout, a directory, or a copy.
case_no_inodes() {
	local i
	small_upper size=1m,nr_inodes=40
	for ((i = 0; i < 60; i++)); do
		touch "mnt/new$i" 2>/dev/null || break
	done
	[ "$i" -lt 60 ] || fail "the file system was not full"
	refused "no space" rm mnt/file
	refused "no space" mv mnt/file mnt/moved
	refused "no space" rm -r mnt/dir
	refused "no space" mkdir mnt/newdir
	refused "no space" bash -c 'echo more >>mnt/file'
	same "content" small "$(cat mnt/file)"
	same "content" inner "$(cat mnt/dir/inner)"
	absent mnt/moved mnt/newdir
	nothing_half_made small/upper
	rm mnt/new*
	rm -r mnt/file mnt/dir
	umount_union mnt
	mount_union lower small/upper mnt
	same "names" big "$(ls -A mnt)"
}

# A directory that is copied up whole and does not fit: the old name stays, all of it.
case_no_space_for_a_tree() {
	mkdir -p lower/tree/sub small mnt
	head -c 200000 /dev/urandom >lower/tree/sub/a
	head -c 900000 /dev/urandom >lower/tree/sub/b
	head -c 900000 /dev/urandom >lower/tree/sub/c
	remember_tree lower
	mount -t tmpfs -o size=1m tmpfs small
	mkdir small/upper
	mount_union -o redirect=copy lower small/upper mnt
	refused "no space" open_files rename_only mnt/tree mnt/moved
	absent mnt/moved
	cmp mnt/tree/sub/a lower/tree/sub/a
	cmp mnt/tree/sub/c lower/tree/sub/c
	nothing_half_made small/upper
	umount_union mnt
	mount_union -o redirect=copy lower small/upper mnt
	cmp mnt/tree/sub/b lower/tree/sub/b
	absent mnt/moved
	tree_is_unchanged lower
}

case_quota() {
	needs setquota quotaon
	new_file_system 32 disk -O quota -E quotatype=usrquota
	umount disk
	mount -o loop,usrquota "$T.image.disk" disk 2>/dev/null || skip "no quotas in this kernel"
	mkdir -p lower mnt disk/upper
	head -c 5000000 /dev/urandom >lower/big
	chown 1234 lower/big
	quotaon disk 2>/dev/null || true
	setquota -u 1234 0 1000 0 0 disk 2>/dev/null || skip "no quotas to be had"
	mount_union lower disk/upper mnt
	refused "quota" bash -c 'echo more >>mnt/big'
	cmp mnt/big lower/big
	nothing_half_made disk/upper
}

# A disk whose end is missing cannot be read: EIO.
case_broken_disk() {
	new_file_system 64 disk
	mkdir -p disk/lower upper mnt
	head -c 40000000 /dev/urandom >disk/lower/big
	echo small >disk/lower/small
	sync -f disk
	mount_simple_over disk/lower
	cat mnt/small >/dev/null
	drop_caches 3
	truncate -s 20M "$T.image.disk"
	if bash -c 'echo more >>mnt/big' 2>"$T.stderr"; then
		fail "copied up what cannot be read"
	fi
	grep -qi "input/output" "$T.stderr" || fail "said $(cat "$T.stderr")"
	absent upper/big
	same "size" 40000000 "$(stat -c %s mnt/big)"
	nothing_half_made upper
	echo new >mnt/new
	truncate -s 64M "$T.image.disk"
}

mount_simple_over() {
	mount_union "$1" upper mnt
}

case_few_descriptors() {
	local i pid
	mkdir -p lower
	for i in {1..300}; do
		mkdir "lower/d$i"
		echo "$i" >"lower/d$i/file"
	done
	mkdir -p upper mnt
	(ulimit -n 64 && mount_union lower upper mnt)
	pid=$(daemon_pid mnt)
	say "limit of the daemon: $(awk '/open files/ { print $4 }' "/proc/$pid/limits")"
	find mnt -type f -exec cat {} + >/dev/null
	many=$(find mnt -type f | wc -l)
	same "files" 300 "$many"
	for i in {1..300}; do
		echo more >>"mnt/d$i/file"
	done
	same "changed" 600 "$(cat mnt/d*/file | wc -l)"
	mkdir mnt/many
	many_files create mnt/many 1000
	(ulimit -n 5000 2>/dev/null || true && many_files open mnt/many 1000)
	at_most "descriptors of the daemon" 300 "$(find "/proc/$pid/fd" -type l | wc -l)"
}

# Its unlinked but open files are the only ones that need a descriptor each.
case_no_descriptors_for_unlinked_files() {
	local pid
	mkdir -p lower upper mnt
	mount_simple
	pid=$(daemon_pid mnt)
	mkdir mnt/many
	many_files create mnt/many 400
	prlimit --pid "$pid" --nofile=100:
	exec 4<mnt/many/file-0000001
	rm -rf mnt/many 2>/dev/null || true
	ls mnt >/dev/null
	cat <&4
	prlimit --pid "$pid" --nofile=1000:
	rm -rf mnt/many
	echo alive >mnt/alive
}

case_little_memory() {
	local pid size
	[ -z "${COWFS_SANITIZERS-}" ] || skip "a sanitizer needs all addresses there are"
	mkdir -p lower/huge
	many_files create lower/huge 100000
	mount_simple
	pid=$(daemon_pid mnt)
	size=$(awk '/VmSize/ { print $2 * 1024 }' "/proc/$pid/status")
	prlimit --pid "$pid" --as=$((size + 1000000)):
	timeout 60 ls -U mnt/huge >/dev/null 2>"$T.stderr" || say "answered: $(head -c 100 "$T.stderr")"
	timeout 60 stat mnt/huge/file-0000001 >/dev/null 2>&1 || true
	timeout 60 sh -c 'echo x >mnt/new' 2>/dev/null || true
	prlimit --pid "$pid" --as=unlimited:
	kill -0 "$pid" || fail "the daemon died"
	same "files" 100000 "$(many_files count mnt/huge)"
	echo alive >mnt/alive
}

run_cases "$@"
