#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the daemon asks of the file systems below for one name, once the directory has been listed: nothing when it
# is absent, two calls at most when it is there, however many layers there are.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

traced_calls=open,openat,openat2,stat,lstat,fstat,newfstatat,statx,access,faccessat,faccessat2,readlink,readlinkat
traced_calls=$traced_calls,getdents64,getxattr,lgetxattr,fgetxattr,listxattr,llistxattr,flistxattr,lseek,close
traced_calls=$traced_calls,pread64,fstatfs,statfs,name_to_handle_at,dup,fcntl

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
	mount_union "$layers" upper mnt
}

# calls_of COMMAND...: sets calls to how many the daemon made meanwhile. The tracer looks at the daemon only: who
# traces a client together with its daemon waits for ever.
calls_of() {
	local pid tracer
	pid=$(daemon_pid mnt)
	strace -f -q -e "trace=$traced_calls" -e signal=none -o "$T.trace" -p "$pid" &
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
	calls=$(grep -v 'resumed>' "$T.trace" | grep -c '(' || true)
	say "$*: $calls calls"
	grep -v 'resumed>' "$T.trace" | sed 's/^/#   /' | head -n 10
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

# No path is ever handed down: a name and the descriptor of its directory, links not followed.
case_no_paths() {
	needs strace
	mkdir -p lower/a/b/c/d upper mnt
	echo x >lower/a/b/c/d/file
	mount_union lower upper mnt
	calls_of sh -c 'cat mnt/a/b/c/d/file; echo y >>mnt/a/b/c/d/file; mv mnt/a/b/c mnt/a/moved; ls -lR mnt; rm -r mnt/a/b'
	different "calls" 0 "$calls"
	grep -o '"[^"]*"' "$T.trace" | grep -v '"/proc/self/fd/[0-9]*"' | grep / | sed 's/^/# path: /' >"$T.paths" || true
	[ ! -s "$T.paths" ] || {
		sort -u "$T.paths" | head
		fail "paths were handed to the kernel"
	}
}

run_cases "$@"
