#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cowfs mount -d: one line for each request, with operation, path, result, time and caller; only some with debug=GLOB.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

# start OPTION...: mounts in the foreground, with the trace in $T.trace.
start() {
	mkdir -p lower/dir upper mnt
	echo content >lower/dir/file
	ln -s file lower/dir/link
	mount_union "$@" lower upper mnt 2>"$T.trace" >/dev/null &
	note_process $!
	wait_until is_mounted mnt
}

# traced WORDS: exactly one line has them between its time and its duration. * stands for anything.
traced() {
	local pattern
	pattern=$(printf '%s' "$1" | sed 's/[][\\.^$]/\\&/g; s/\*/.*/g')
	same "lines with <$1>" 1 "$(grep -cE "^[0-9:.]{15} $pattern, [0-9]+ us(, pid [0-9]+)?$" "$T.trace")" ||
		cat "$T.trace"
}

not_traced() {
	if grep -F " $1 " "$T.trace"; then
		fail "$1 is traced"
	fi
}

case_every_kind() {
	start -d
	cat mnt/dir/file mnt/absent >/dev/null 2>&1 || true
	readlink mnt/dir/link >/dev/null
	echo more >>mnt/dir/file
	mv mnt/dir/file mnt/moved
	ln mnt/moved mnt/hard
	ln -s target mnt/symbolic
	mkdir mnt/new
	rmdir mnt/new
	setfattr -n user.a -v b mnt/moved
	setfattr -x user.a mnt/moved
	truncate -s 100k mnt/hard
	fallocate -l 200k mnt/hard
	sync mnt/hard
	rm mnt/moved
	umount_union mnt
	traced "lookup /dir/file = 0"
	traced "lookup /absent = ENOENT"
	traced "open /dir/file = ENOSYS"
	traced "read /dir/file 4096 at 0 = 8"
	traced "readlink /dir/link = 4"
	traced "write /dir/file 5 at 8 = 5"
	traced "rename /dir/file -> /moved = 0"
	traced "link /moved -> /hard = 0"
	traced "symlink /symbolic target = 0"
	traced "mkdir /new = 0"
	traced "rmdir /new = 0"
	traced "setxattr /moved user.a = 0"
	traced "removexattr /moved user.a = 0"
	traced "setattr /* = 0"
	traced "fallocate /* 204800 at 0 = 0"
	grep -q " fsync /moved = 0, " "$T.trace"
	traced "unlink /moved = 0"
}

# Every line is one of ours, whatever names there are.
case_lines() {
	start -d
	touch mnt/$'line\nfeed\e[31m' mnt/'with space'
	ls mnt >/dev/null
	rm mnt/$'line\nfeed\e[31m'
	umount_union mnt
	traced 'mknod /line\nfeed\033[31m = 0'
	traced 'mknod /with space = 0'
	grep -vE '^[0-9:.]{15} [a-z_]+ [/?].* = (-?[0-9]+|E[A-Z]+), [0-9]+ us(, pid [0-9]+)?$' "$T.trace" && fail "odd lines"
	true
}

case_callers() {
	start -d
	bash -c 'echo $$ >caller && exec touch mnt/by-me'
	umount_union mnt
	grep -qE " mknod /by-me = 0, [0-9]+ us, pid $(cat caller)$" "$T.trace" || fail "$(cat "$T.trace")"
}

# Durations are of the work: a file of some size takes longer than an empty one.
case_durations() {
	local small large
	mkdir -p lower
	head -c 20M /dev/urandom >lower/large
	echo >lower/small
	start -o debug=/small,debug=/large
	chmod 600 mnt/small mnt/large
	umount_union mnt
	small=$(sed -n 's/.* setattr \/small = 0, \([0-9]*\) us.*/\1/p' "$T.trace")
	large=$(sed -n 's/.* setattr \/large = 0, \([0-9]*\) us.*/\1/p' "$T.trace")
	[ "$large" -gt "$small" ] || fail "$large is not more than $small"
	[ "$large" -lt 20000000 ] || fail "$large is no duration"
}

case_globs() {
	start -o 'debug=/dir/*,debug=*.txt'
	cat mnt/dir/file >/dev/null
	touch mnt/other mnt/a.txt 'mnt/a,b'
	mv mnt/other mnt/other.txt
	ls -l mnt >/dev/null
	umount_union mnt
	traced "lookup /dir/file = 0"
	traced "mknod /a.txt = 0"
	traced "rename /other -> /other.txt = 0"
	not_traced "/other ="
	not_traced /dir
	not_traced /
}

case_glob_with_a_comma() {
	start -o 'debug=/a\,b'
	touch 'mnt/a,b' mnt/a
	umount_union mnt
	traced "mknod /a,b = 0"
	not_traced /a
}

case_bad_globs() {
	mkdir lower upper mnt
	refused "expected a pattern of paths" "$COWFS" mount -o debug=dir lower upper mnt
	refused "expected a pattern of paths" "$COWFS" mount -o debug= lower upper mnt
	is_not_mounted mnt
}

case_nothing_without() {
	mkdir -p lower upper mnt
	mount_union -f lower upper mnt >"$T.trace" 2>&1 &
	note_process $!
	wait_until is_mounted mnt
	touch mnt/a
	umount_union mnt
	same "output" "" "$(cat "$T.trace")"
}

all_are_there() {
	[ "$(find upper -name '[1-4]-*' | wc -l)" -eq 800 ]
}

# Several threads at a time: no line is torn, and each operation has its own.
case_threads() {
	local i
	start -d
	for i in 1 2 3 4; do
		(for name in {1..200}; do : >"mnt/$i-$name"; done) &
		note_process $!
	done
	wait_until all_are_there
	umount_union mnt
	same "mknods" 800 "$(grep -cE '^[0-9:.]{15} mknod /[1-4]-[0-9]+ = 0, [0-9]+ us, pid [0-9]+$' "$T.trace")"
}

run_cases "$@"
