#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How messages reach us, other than by default: over io_uring.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

restore_switch() {
	echo "$switch_was" >"$switch"
}

# allow_uring VALUE: the kernel's switch, for the whole machine, until the case ends.
allow_uring() {
	[ "$(id -u)" = 0 ] || skip "only root may use the kernel's switch"
	mkdir -p "$T/sys"
	mountpoint -q "$T/sys" || mount -t sysfs sysfs "$T/sys"
	switch=$T/sys/module/fuse/parameters/enable_uring
	[ -e "$switch" ] || skip "this kernel has no FUSE over io_uring"
	if [ -z "${switch_was-}" ]; then
		switch_was=$(cat "$switch")
		trap restore_switch EXIT
	fi
	echo "$1" >"$switch"
}

needs_uring() {
	mkdir -p "$T/probe/lower" "$T/probe/mnt"
	mount_union -o io_uring "$T/probe/lower" "$T/probe/mnt" 2>"$T/probe/stderr"
	umount_union "$T/probe/mnt"
	! grep -q 'older than' "$T/probe/stderr" || skip "$(cat "$T/probe/stderr")"
}

# What a union must be able to do, in short.
work() {
	local i
	mkdir lower
	echo lower >lower/file
	head -c 3000000 /dev/urandom >lower/big
	mount_simple "$@"
	cmp lower/big mnt/big
	exec 3<mnt/file
	echo more >>mnt/file
	same "earlier descriptor" "lower more" "$(xargs <&3)"
	exec 3<&-
	cp mnt/big mnt/copy
	cmp lower/big mnt/copy
	for ((i = 0; i < 200; i++)); do
		mkdir "mnt/d$i"
		echo "$i" >"mnt/d$i/file"
	done
	find mnt -type f -print0 | xargs -0 -P 4 -n 20 sha256sum >"$T/sums"
	same "files" 203 "$(wc -l <"$T/sums")"
	truncate -s 5M mnt/copy
	rm -r mnt/d*
	umount_union mnt
	same "what is left" "copy file" "$(cd upper && find . -maxdepth 1 -type f -printf '%f\n' | sort | xargs)"
}

case_uring_serves() {
	allow_uring Y
	needs_uring
	mkdir -p lower upper mnt
	mount_simple -o io_uring -v >"$T/said"
	grep -qx over_io_uring "$T/said"
	"$COWFS" stat --json mnt | grep -q over_io_uring
	umount_union mnt
	rmdir lower
	work -o io_uring
}

# A daemon that is told to end, and one that is killed, with requests waiting at the rings.
case_uring_ends() {
	local pid
	allow_uring Y
	needs_uring
	mount_simple -o io_uring
	pid=$(daemon_pid mnt)
	kill "$pid"
	wait_until process_is_gone "$pid"
	is_not_mounted mnt
	mount_simple -o io_uring
	pid=$(daemon_pid mnt)
	kill -9 "$pid"
	wait_until process_is_gone "$pid"
	umount mnt
}

case_uring_switched_off() {
	allow_uring N
	needs_uring
	mount_simple -o io_uring 2>"$T/said"
	grep -q "io_uring is not used.*enable_uring" "$T/said"
	echo x >mnt/file
	same "content" x "$(cat upper/file)"
}

# Whatever can be had: the mount goes on, and says what it is without.
case_uring_or_a_sentence() {
	mount_simple -v -o io_uring >"$T/said" 2>&1
	grep -q -e '^over_io_uring$' -e '^cowfs: io_uring is not used: ' "$T/said"
}

run_cases "$@"
