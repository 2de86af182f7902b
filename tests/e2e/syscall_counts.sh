#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the daemon asks of the file systems below. For one name, once the directory has been listed: nothing when it
# is absent, two calls at most when it is there, however many layers there are. For a change: what it takes, and no
# more questions than one.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

traced_calls=open,openat,openat2,stat,lstat,fstat,newfstatat,statx,access,faccessat,faccessat2,readlink,readlinkat
traced_calls=$traced_calls,getdents64,getxattr,lgetxattr,fgetxattr,listxattr,llistxattr,flistxattr,lseek,close
traced_calls=$traced_calls,pread64,fstatfs,statfs,name_to_handle_at,dup,fcntl

# All but the messages, and what the C library does for itself and a thread at its beginning.
all_calls='!read,writev,futex,mmap,munmap,mprotect,madvise,brk,clone,clone3,rseq,set_robust_list,rt_sigprocmask'
all_calls=$all_calls,gettid,prctl,rt_sigtimedwait,restart_syscall

make_layers() {
	local i
	needs strace
	undisturbed
	mkdir -p upper mnt
	layers=
	for ((i = 1; i <= $1; i++)); do
		mkdir -p "l$i/dir/sub"
		touch "l$i/dir/own-$i"
		layers=$layers:l$i
	done
	layers=${layers#:}
	touch "l$1/dir/lowest"
	mount_union -o follow=0 "$layers" upper mnt
}

# calls_of COMMAND...: sets calls to how many the daemon made meanwhile. The tracer looks at the daemon only: who
# traces a client together with its daemon waits for ever.
calls_of() {
	local pid tracer
	pid=$(daemon_pid mnt)
	strace -A -f -q -e "trace=$traced_calls" -e signal=none -o "$T.trace" -p "$pid" &
	tracer=$!
	note_process "$tracer"
	wait_until grep -q "^TracerPid:.$tracer" "/proc/$pid/status"
	sleep 0.2
	: >"$T.trace"
	"$@" >/dev/null 2>&1 || true
	sleep 0.2
	kill -INT "$tracer"
	wait "$tracer" || true
	# Calls cut in two by another thread's count once.
	calls=$(grep -av 'resumed>' "$T.trace" | grep -c '(' || true)
	say "$*: $calls calls"
	grep -av 'resumed>' "$T.trace" | sed 's/^/#   /' | head -n 10
}

look_up() {
	make_layers "$1"
	ls -U mnt/dir >/dev/null
	drop_caches_of_names
	calls_of stat mnt/dir/absent
	same "calls for an absent name" 0 "$calls"
	drop_caches_of_names
	# Two names are looked up: the directory, and the file in it.
	calls_of stat mnt/dir
	at_most "calls for a directory" 2 "$calls"
	calls_of stat mnt/dir/lowest
	at_most "calls for a file" 2 "$calls"
	calls_of stat mnt/dir/own-1
	at_most "calls for a file of the topmost layer" 2 "$calls"
}

# The kernel forgets the names in dir, but not dir itself, which somebody stands in.
drop_caches_of_names() {
	(
		cd mnt/dir
		drop_caches 2
	)
}

case_one_layer() {
	look_up 1
}

case_ten_layers() {
	look_up 10
}

case_100_layers() {
	look_up 100
}

# A directory of 60 lower files and an upper part, seen once. A volatile union leaves no marks on copies.
make_files() {
	needs strace
	undisturbed
	traced_calls=$all_calls
	mkdir -p lower/dir upper mnt
	for ((i = 1; i <= 60; i++)); do
		echo content >"lower/dir/$i"
	done
	mount_union -o volatile,follow=0 lower upper mnt
	chmod 600 mnt/dir/60
	echo new >mnt/dir/new
	file_calls walk mnt
}

case_changes_of_lower_files() {
	make_files
	calls_of chmod 640 mnt/dir/{1..10}
	at_most "calls for ten modes" 180 "$calls"
	calls_of chown 5:5 mnt/dir/{11..20}
	at_most "calls for ten owners" 180 "$calls"
	calls_of file_calls append mnt/dir/{21..30}
	at_most "calls for ten first writes" 180 "$calls"
	calls_of file_calls remove mnt/dir/{31..40}
	at_most "calls for ten removals" 31 "$calls"
	calls_of file_calls read mnt/dir/{41..50}
	at_most "calls for ten readings" 62 "$calls"
}

# What an engine asks of each file when it commits: answered from memory the second time.
case_looking_for_attributes() {
	make_files
	calls_of file_calls look mnt/dir/{1..50}
	at_most "calls for fifty files" 50 "$calls"
	calls_of file_calls look mnt/dir/{1..50}
	same "calls for the same" 0 "$calls"
	setfattr -n user.a -v b mnt/dir/1
	same "attribute" b "$(getfattr --only-values -n user.a mnt/dir/1)"
	calls_of file_calls look mnt/dir/2
	same "calls for another" 0 "$calls"
	setfattr -x user.a mnt/dir/1
	same "attributes" "" "$(getfattr mnt/dir/1)"
}

case_changes_of_upper_files() {
	make_files
	calls_of file_calls create mnt/dir/made-{1..10}
	at_most "calls for ten new files" 52 "$calls"
	file_calls walk mnt
	calls_of chmod 640 mnt/dir/made-{1..10}
	at_most "calls for ten modes" 20 "$calls"
	calls_of chown 5:5 mnt/dir/made-{1..10}
	at_most "calls for ten owners" 20 "$calls"
	calls_of touch -d 2001-02-03 mnt/dir/made-{1..10}
	at_most "calls for ten times" 20 "$calls"
	calls_of file_calls append mnt/dir/made-{1..10}
	at_most "calls for ten more writes" 12 "$calls"
	calls_of file_calls remove mnt/dir/made-{1..10}
	at_most "calls for ten removals" 60 "$calls"
}

# No path is ever handed down: a name and the descriptor of its directory, links not followed.
case_no_paths() {
	needs strace
	mkdir -p lower/a/b/c/d upper mnt
	echo x >lower/a/b/c/d/file
	mount_union -o follow=0 lower upper mnt
	calls_of sh -c 'cat mnt/a/b/c/d/file; echo y >>mnt/a/b/c/d/file; mv mnt/a/b/c mnt/a/moved; ls -lR mnt; rm -r mnt/a/b'
	different "calls" 0 "$calls"
	grep -o '"[^"]*"' "$T.trace" | grep -v '"/proc/self/fd/[0-9]*"' | grep / | sed 's/^/# path: /' >"$T.paths" || true
	[ ! -s "$T.paths" ] || {
		sort -u "$T.paths" | head
		fail "paths were handed to the kernel"
	}
}

run_cases "$@"
