#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tools/gdb/cowfs.py on a live daemon and on a core file. gdb looks at the process and never at its mount: a daemon that is
# stopped answers nobody.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"
: "${abs_top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
script=$abs_top_srcdir/tools/gdb/cowfs.py

# A union in which all kinds of things are in memory.
start() {
	needs_gdb
	mkdir -p top/etc bottom/etc bottom/moved upper mnt
	echo a >top/etc/a
	echo b >bottom/etc/b
	touch bottom/etc/gone bottom/etc/hidden top/etc/.wh.hidden
	ln -s a bottom/etc/link
	echo linked >bottom/link1
	ln bottom/link1 bottom/link2
	mount_union "$@" top:bottom upper mnt
	echo changed >>mnt/etc/a
	rm mnt/etc/gone
	chmod 600 mnt/link1
	mv mnt/moved mnt/etc/moved
	touch mnt/etc/$'line\nfeed'
	keep_in_memory mnt/etc/a mnt/etc/b mnt/etc/link mnt/etc/moved mnt/etc/$'line\nfeed' mnt/link1
	ls -lR mnt >/dev/null
	pid=$(daemon_pid mnt)
}

# From /, and with a limit: should it touch the mount it would wait for ever.
run_gdb() {
	(cd / && timeout 60 gdb -nx -batch -ex "source $script" "$@" 2>&1)
}

# on_daemon COMMAND...: its answers are in $T.answer.
on_daemon() {
	local arguments=() command
	for command; do arguments+=(-ex "$command"); done
	run_gdb -p "$pid" "${arguments[@]}" >"$T.answer" || fail "gdb: $(tail -n 3 "$T.answer")"
	grep -q "no debugging symbols of cowfs" "$T.answer" && skip "the program has no debugging symbols"
	true
}

# answer PATTERN: a whole line of the answer.
answer() {
	grep -qxE "$1" "$T.answer" || fail "no line <$1> in: $(grep -v '^\[' "$T.answer")"
}

case_layers() {
	start
	on_daemon "cowfs layers"
	answer " +0  $T/upper=rw  device [0-9]+, root inode $(stat -c %i upper), id [0-9a-f]+, attributes trusted, has state"
	answer " +1  $T/top=ro\+wh  device [0-9]+, root inode $(stat -c %i top), .*"
	answer " +2  $T/bottom=ro\+wh  .*"
	same "layers" "$(stat_number mnt layers)" "$(grep -cE '^ +[0-9]+  /' "$T.answer")"
}

case_inode() {
	start
	local number
	number=$(stat -c %i mnt/etc/a)
	on_daemon "cowfs inode /etc/a" "cowfs inode $number"
	same "twice the same" 2 "$(grep -cE '^inode 0x[0-9a-f]+  /etc/a$' "$T.answer")"
	answer "  type         file"
	answer "  number       $number"
	answer "  on disk      inode $(stat -c %i upper/etc/a) of device 0"
	answer "  layer        0, the upper: $T/upper"
	on_daemon "cowfs inode $(sed -n '/^inode/{s/^inode \(0x[0-9a-f]*\) .*/\1/p;q}' "$T.answer")" \
		"cowfs inode /link1" "cowfs inode /etc"
	answer 'inode 0x[0-9a-f]+  /etc/a'
	answer "  hard link    of [0-9a-f]+:$(printf %x "$(stat -c %i bottom/link2)"), 1 of 2 lower names gone, copied up"
	answer "  upper part   /etc"
	answer "  part         /etc of layer 2"
	answer "  listing      5 names seen, [0-9]+ bytes"
}

case_tree_and_listing() {
	start
	on_daemon "cowfs tree" "cowfs listing /etc"
	answer "$(stat_number mnt inodes) inodes"
	answer "f +2 +$(stat -c %i mnt/etc/b) +[0-9]+      b( .*)?"
	answer 'f +0 .*      line\\nfeed( .*)?'
	answer '\* a: file in the upper; file in layer 1'
	answer '\* b: file in layer 2'
	answer '  gone: whited out \(prefix\); file in layer 2'
	answer '\* link: link in layer 2'
	grep -q "hidden:" "$T.answer" && fail "what a lower layer whites out is listed"
	answer '5 names seen'
	on_daemon "cowfs tree /etc"
	grep -q "link1" "$T.answer" && fail "more than was asked for"
	answer '6 inodes'
}

# stop_in_write GDB-ARGUMENT...: somebody writes, whose number is in the file caller; gdb stops the daemon in the midst of it.
stop_in_write() {
	sh -c 'echo $$ >caller; until [ -e go ]; do sleep 0.01; done; echo more >>mnt/etc/link' &
	note_process $!
	wait_until test -s caller
	run_gdb -p "$pid" -ex "break union_write" -ex "shell touch $T/go" -ex "continue" "$@"
}

case_requests() {
	start
	on_daemon "cowfs requests"
	answer 'thread [0-9]+ \(LWP [0-9]+\): idle, after [a-z]+'
	stop_in_write -ex "cowfs requests" >"$T.answer"
	answer "thread [0-9]+ \(LWP [0-9]+\): write /etc/a 5 at 10, for pid $(cat caller), for [0-9.]+ s"
	# And on.
	same "written" more "$(tail -n 1 mnt/etc/a)"
}

case_core_file() {
	[ -z "${COWFS_SANITIZERS-}" ] || skip "with a sanitizer a core file has terabytes"
	start
	on_daemon "cowfs layers"
	stop_in_write -ex "generate-core-file $T/core" >/dev/null
	forget_all
	umount_union mnt
	run_gdb "$COWFS" "$T/core" -ex "cowfs layers" -ex "cowfs inode /etc/a" -ex "cowfs tree" \
		-ex "cowfs listing /etc" -ex "cowfs requests" >"$T.answer"
	answer " +0  $T/upper=rw  .*"
	answer 'inode 0x[0-9a-f]+  /etc/a'
	answer '[0-9]+ inodes'
	answer '  gone: whited out \(prefix\); file in layer 2'
	answer 'thread [0-9]+ \(LWP [0-9]+\): idle, after [a-z]+'
	answer "thread [0-9]+ \(LWP [0-9]+\): write /etc/a 5 at 10, for pid $(cat caller)"
}

case_pretty_printers() {
	start
	on_daemon "print *session_running->fs" "print *session_running->fs->root" \
		"print *session_running->fs->root->directory" "print *session_running->fs->root->directory->listing" \
		"print session_running->fs->root->directory->listing->names" "print *session_running->fs->layers[1]" \
		"print *session_running->fs->layers[2]->root" "print/r session_running->fs->layer_count"
	answer '[$]1 = union of 3 layers, the first one written, [0-9]+ inodes, [0-9]+ listings'
	answer '[$]2 = inode [0-9]+ \(directory\) "/" of layer 0, [0-9]+ references.*'
	answer '[$]3 = directory with an upper part of 2 lower parts, [0-9]+ names seen'
	answer '[$]4 = listing of [0-9]+ names in [0-9]+ slots'
	answer '[$]5 = buffer of [0-9]+ bytes ".*"'
	answer "\\\$6 = layer 1 \"$T/top\", id [0-9a-f]+"
	answer '[$]7 = "/" of layer 2, [0-9]+ references'
	answer '[$]8 = 3'
}

# says WORDS: one of the answers has them.
says() {
	grep -qF "$1" "$T.answer" || fail "nobody says <$1>: $(grep -v '^\[' "$T.answer")"
}

case_bad_input() {
	start
	# gdb goes on after an error of a command, and its status is that of the last one.
	on_daemon "cowfs inode /etc/absent" "cowfs inode /link2" "cowfs inode /etc/a/b" "cowfs listing /etc/a" \
		"cowfs inode 4" "cowfs inode 0x10" "cowfs inode" "cowfs layers too many" "cowfs unknown" "cowfs layers"
	says "absent: not in the listing of /etc"
	says "in the listing of /, but no inode in memory was last found there"
	same "no directories" 2 "$(grep -c '^/etc/a is no directory$' "$T.answer")"
	says "no inode in memory shows the number 4"
	says "no inode in memory is at 0x10"
	says "Usage: cowfs inode"
	says "Usage: cowfs layers"
	says 'Undefined cowfs command: "unknown"'
	run_gdb "$COWFS" -ex "cowfs layers" >"$T.answer" || true
	grep -qE "there is no process|serves no union" "$T.answer" || fail "without a process: $(cat "$T.answer")"
	run_gdb -ex "cowfs layers" >"$T.answer" || true
	says "no debugging symbols"
	ls mnt >/dev/null
}

# How many messages there were that the kernel sends when somebody asks for something; what it sends in the end comes late.
asked() {
	"$COWFS" stat --json mnt | grep -oE '"(lookup|getattr|statx|open|opendir|read|readdirplus|readlink|getxattr|statfs)": *[0-9]+' |
		awk -F : '{ sum += $2 } END { print sum }'
}

# Where nothing is cached each look at the mount is a message, which the stopped daemon would find when it goes on.
case_the_mount_is_not_touched() {
	start -o timeout=0
	local first before
	first=$(asked)
	before=$(asked)
	on_daemon "cowfs layers" "cowfs tree" "cowfs inode /etc/a" "cowfs listing /etc" "cowfs requests" \
		"thread apply all backtrace"
	answer " +0  $T/upper=rw  .*"
	sleep 0.2
	# To look at the numbers takes some, too.
	same "messages" $((before - first)) $(($(asked) - before))
}

# By the path of the program, once it is installed.
case_auto_load() {
	needs gdb make
	[ -e "$abs_top_builddir/Makefile" ] || skip "no build directory"
	make -s -C "$abs_top_builddir" ACLOCAL=: AUTOCONF=: AUTOMAKE=: install-binPROGRAMS install-data-local \
		prefix="$T/usr" >"$T.made" 2>&1 ||
		fail "make install: $(tail -n 3 "$T.made")"
	gdb -nx -batch -iex "add-auto-load-scripts-directory $T/usr/share/gdb/auto-load" \
		-iex "add-auto-load-safe-path $T/usr/share/gdb/auto-load" -ex "help cowfs" usr/bin/cowfs >"$T.answer" 2>&1
	answer 'cowfs requests -- What each thread is doing and for whom\.'
}

run_cases "$@"
