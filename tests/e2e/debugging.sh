#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The recipes of docs/debugging.md, as they stand there.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"
: "${abs_top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"

# recipe NAME: runs the block that is marked with it; what it prints goes to $T.out.
recipe() {
	sed -n "/^<!-- case: $1 -->\$/,/^\`\`\`\$/p" "$abs_top_srcdir/docs/debugging.md" | grep -v -e '^<!--' -e '^```' >"$T.recipe" ||
		fail "there is no recipe $1"
	PATH=$(dirname "$COWFS"):$PATH source=$abs_top_srcdir timeout 90 bash -eu "$T.recipe" >"$T.out" 2>&1 || {
		tail -n 20 "$T.out"
		fail "the recipe $1 failed"
	}
}

out() {
	grep -qE -e "$1" "$2" || fail "no <$1> in: $(tail -n 40 "$2")"
}

start() {
	mkdir -p lower/dir upper mnt
	echo content >lower/dir/file
	mount_union lower upper mnt
}

needs_symbols() {
	needs_gdb
	gdb -nx -batch -ex 'ptype struct union_fs' "$COWFS" 2>&1 | grep -q 'struct layer' ||
		skip "the program has no debugging symbols"
}

case_report() {
	start
	recipe report
	out '^stack ' report.txt
	out '^nothing is wrong$' check.txt
}

case_trace() {
	mkdir -p lower/etc upper mnt
	echo '127.0.0.1 localhost' >lower/etc/hosts
	recipe trace
	out ' lookup /etc/hosts = 0, ' "$T.out"
	out ' read /etc/hosts 4096 at 0 = 20, ' "$T.out"
}

case_strace() {
	needs strace
	start
	recipe strace
	out 'read\([0-9]+</dev/fuse>' daemon.trace
	# Another thread's line may lie between the call and what it returned.
	out 'pread64\([0-9]+<.*/lower/dir/file>,' daemon.trace
	out '"content\\n", [0-9]+, 0\) += 8 ' daemon.trace
	out 'writev\([0-9]+</dev/fuse>' daemon.trace
}

case_perf() {
	needs perf
	local i
	[ -d /sys/kernel/tracing/events/fuse ] || skip "this kernel has no trace points of FUSE"
	start
	for ((i = 0; i < 300; i++)); do echo "$i" >"lower/dir/$i"; done
	perf record -q -e fuse:fuse_request_end -a -o /dev/null -- true 2>"$T.stderr" || skip "perf may not look here"
	# On a busy machine two seconds may not be enough for perf to begin.
	for i in 1 2 3; do
		say "try $i"
		(perf_finds_everything) && return
		remount_simple
	done
	fail "perf did not see it all"
}

perf_finds_everything() {
	recipe perf
	out 'fuse_request_send: connection [0-9]+ .*FUSE_LOOKUP' "$T.out"
	out 'fuse_request_end: ' "$T.out"
	out 'cowfs/[0-9]+ .*statx\(' calls.txt
	out '^ +[0-9.]+% +cowfs ' "$T.out"
}

case_gdb() {
	needs_symbols
	start
	keep_in_memory mnt/dir/file
	cat mnt/dir/file
	recipe gdb
	out '^thread [0-9]+ \(LWP [0-9]+\): idle' "$T.out"
	out "^  0  $T/upper=rw|^ +0  $T/upper=rw" "$T.out"
	out '^inode 0x[0-9a-f]+  /dir/file$' "$T.out"
	out '^\* file: file in layer 1$' "$T.out"
	out '^[0-9]+ inodes$' "$T.out"
	cat mnt/dir/file
}

case_core() {
	[ -z "${COWFS_SANITIZERS-}" ] || skip "with a sanitizer a core file has terabytes"
	needs_symbols
	needs gcore
	start
	cat mnt/dir/file
	recipe core
	out "^ +0  $T/upper=rw" "$T.out"
	out '^[0-9]+ inodes$' "$T.out"
	cat mnt/dir/file
}

# copy_libraries PROGRAM: the libraries it needs to the image, to where they are here.
copy_libraries() {
	local library
	ldd "$1" | grep -o '/[^ ]*' | while read -r library; do
		case $library in
		"$T"/*) continue ;;
		esac
		mkdir -p "image$(dirname "$library")"
		cp -L "$library" "image$library"
	done
}

# split FILE: its symbols to the other layer, by build id, as distributions do.
split() {
	local id
	id=$(readelf -n "$1" | sed -n 's/.*Build ID: //p')
	[ -n "$id" ] || skip "this compiler makes no build ids"
	mkdir -p "symbols/usr/lib/debug/.build-id/${id:0:2}"
	objcopy --only-keep-debug "$1" "symbols/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug"
	strip "$1"
}

case_sysroot() {
	needs_gdb
	needs gcc objcopy readelf strip ldd gcore
	local pid
	mkdir -p image/usr/bin image/usr/lib symbols mnt
	cat >answer.c <<'END'
#include <unistd.h>
int answer(int question) { int reply = question * 2; write(1, "here\n", 5); pause(); return reply; }
END
	cat >app.c <<'END'
int answer(int question);
int main(void) { int wanted = 21; return answer(wanted); }
END
	gcc -g -Wl,--build-id -shared -fPIC -o image/usr/lib/libanswer.so answer.c >"$T.stderr" 2>&1 || skip "gcc cannot build here"
	gcc -g -Wl,--build-id -Wl,-rpath,/usr/lib -o image/usr/bin/app app.c -Limage/usr/lib -lanswer 2>"$T.stderr"
	copy_libraries image/usr/bin/app
	split image/usr/bin/app
	split image/usr/lib/libanswer.so
	# A container has its image, and no symbols.
	mount_union image mnt
	chroot mnt /usr/bin/app >said &
	pid=$!
	note_process "$pid"
	wait_until grep -q here said
	gcore -o container "$pid" >"$T.out" 2>&1 || skip "no core file can be made here: $(tail -n 1 "$T.out")"
	mv "container.$pid" container.core
	kill "$pid"
	wait "$pid" || true
	umount_union mnt
	rm answer.c app.c
	gdb -nx -batch -ex 'core-file container.core' -ex backtrace 2>/dev/null | grep -q 'answer (question=21)' &&
		fail "the symbols come from elsewhere"
	recipe sysroot
	out 'answer \(question=21\) at .*answer\.c:2' "$T.out"
	out 'main \(\) at .*app\.c:2' "$T.out"
	out 'reply = 42' "$T.out"
	out 'wanted = 21' "$T.out"
	is_not_mounted mnt
}

# All that is marked as a case is one.
case_all_recipes_are_run() {
	same "recipes" "$(sed -n 's/^<!-- case: \(.*\) -->$/\1/p' "$abs_top_srcdir/docs/debugging.md" | sort | xargs)" \
		"$(sed -n 's/^	recipe \([a-z]*\).*/\1/p' "$self" | sort | xargs)"
}

run_cases "$@"
