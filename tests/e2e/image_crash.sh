#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever changes the store is killed before each system call that matters: the store works on, shows the old or the new, and
# the next command collects what was left.
# shellcheck source-path=SCRIPTDIR source=image_lib.sh
. "$(dirname "$0")/image_lib.sh"

: "${CASE_SECONDS:=240}"
calls="fsync linkat mkdirat renameat renameat2 syncfs unlinkat"

# killed_at CALL NUMBER COMMAND...: cowrun, killed before that call; fails when it came to its end instead.
killed_at() {
	local call=$1 number=$2 status=0
	shift 2
	(
		# The shell's own words about it.
		exec 2>/dev/null
		# Who is traced cannot be searched for leaks, by a sanitizer that traces too.
		ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$number" \
			"$COWRUN" --root "$T/store" "$@" >"$T.said" 2>&1
		exit $?
	) || status=$?
	case $status in
	0) return 1 ;;
	137) return 0 ;;
	*) fail "status $status of $* at $call $number: $(cat "$T.said")" ;;
	esac
}

# Whiteouts have no time of their own.
describe_layer() {
	describe_tree "$(layer_root "$1")" | grep -v '/\.wh\.'
}

# Every image that is listed is whole.
images_are_whole() {
	local name
	cowrun images >/dev/null
	blobs_are_true
	for name in $(layers); do
		describe_layer "$name" | diff "$T.layer.$name" - || fail "the layer $name is not whole"
	done
}

# What the layers look like when they are whole.
remember_layers() {
	local name
	for name in $(layers); do
		describe_layer "$name" >"$T.layer.$name"
	done
}

# try_all BEFORE COMMAND...: killed at one call after the other, the first few of each kind and some of the later ones; BEFORE, a
# function, makes the store as it was.
try_all() {
	local before=$1 call number kills=0
	shift
	for call in $calls; do
		for ((number = 1; ; number += number < 4 ? 1 : 7)); do
			$before
			killed_at "$call" "$number" "$@" || break
			kills=$((kills + 1))
			images_are_whole
			# The next command that changes anything cleans up.
			import "$T/other.tar" other
			store_is_sound
			cowrun "$@" >/dev/null 2>"$T.again" ||
				grep -q "there is no image" "$T.again" || fail "$* again: $(cat "$T.again")"
		done
	done
	store_is_sound
	say "killed $kills times"
	[ "$kills" -ge 5 ] || fail "it was killed $kills times only"
}

prepare() {
	use_store
	needs strace
	make_layers
	mkdir -p other
	echo other >other/file
	pack_tree other other.tar
	image_layout make-oci layout one.tar two.tar --name app --pack gzip
	tar -C layout -cf layout.tar .
	import other.tar other
	import one.tar one
	cowrun load -q layout >/dev/null
	remember_layers
	forget_app
}

forget_app() {
	cowrun rmi app one >/dev/null 2>&1 || true
}

have_app() {
	cowrun load -q layout >/dev/null
}

case_load() {
	prepare
	try_all forget_app load -q layout
}

case_load_of_an_archive() {
	prepare
	try_all forget_app load -q layout.tar
}

case_import() {
	prepare
	try_all forget_app import -q one.tar one
}

case_remove() {
	prepare
	try_all have_app rmi app
}

case_tag() {
	prepare
	have_app
	try_all true tag app further
}

# At any moment, not only between calls; and with others at work.
case_at_random() {
	local i child
	prepare
	for ((i = 0; i < 20; i++)); do
		"$COWRUN" --root "$T/store" load -q layout.tar >/dev/null 2>&1 &
		child=$!
		"$COWRUN" --root "$T/store" rmi one >/dev/null 2>&1 &
		"$COWRUN" --root "$T/store" import -q one.tar one >/dev/null 2>&1 &
		sleep "0.0$((RANDOM % 5))$((RANDOM % 10))"
		kill -9 "$child" $! 2>/dev/null || true
		wait 2>/dev/null
		images_are_whole
	done
	cowrun load -q layout.tar >/dev/null
	store_is_sound
}

run_cases "$@"
