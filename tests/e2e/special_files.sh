#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# FIFOs, sockets, devices and symbolic links: made, shown, copied up, and never opened by the daemon.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

# A daemon that opened a FIFO would hang or block the other end (CVE-2024-9676).
case_fifo() {
	mkdir -p lower
	mkfifo lower/fifo
	mount_simple
	mkfifo mnt/new
	chmod 600 mnt/fifo
	chown 1:2 mnt/new
	mv mnt/fifo mnt/moved
	(echo through the fifo >mnt/moved) &
	note_process $!
	same "content" "through the fifo" "$(cat mnt/moved)"
	remount_simple
	same "types" "fifo fifo" "$(stat -c %F mnt/moved mnt/new | xargs)"
	rm mnt/moved mnt/new
	same "names" "" "$(ls -A mnt)"
}

case_socket() {
	mkdir -p lower
	mount_simple
	special_files listen mnt/socket "$T.heard" &
	note_process $!
	wait_until test -S mnt/socket
	special_files connect mnt/socket hello
	wait_until grep -q hello "$T.heard"
	kill $!
	wait_until process_is_gone $!
	remount_simple
	same "type" socket "$(stat -c %F mnt/socket)"
}

# A socket that somebody listens on stays reachable when it is copied up.
case_socket_of_a_lower() {
	mkdir -p lower
	special_files listen lower/socket "$T.heard" &
	note_process $!
	wait_until test -S lower/socket
	mount_simple
	same "type" socket "$(stat -c %F mnt/socket)"
	chmod 600 mnt/socket
	same "mode" 600 "$(stat -c %a mnt/socket)"
}

case_devices() {
	mkdir -p lower
	mknod lower/null c 1 3
	mknod lower/loop b 7 300
	mount_simple -o dev
	echo gone >mnt/null
	same "null" "" "$(cat mnt/null)"
	mknod -m 600 mnt/zero c 1 5
	same "zero" 4 "$(head -c 4 mnt/zero | wc -c)"
	chmod 640 mnt/null
	echo gone >mnt/null
	mv mnt/loop mnt/moved
	remount_simple -o dev
	same "null" "character special file 1 3 640" "$(stat -c '%F %t %T %a' mnt/null)"
	same "zero" "character special file 1 5 600" "$(stat -c '%F %t %T %a' mnt/zero)"
	same "moved" "block special file 7 12c" "$(stat -c '%F %t %T' mnt/moved)"
	umount_union mnt
	mount_simple -o nodev
	refused "permission denied" cat mnt/zero
}

# It would be a whiteout: a name that cannot be seen and empties the listing after.
case_device_zero_is_refused() {
	mkdir -p lower
	echo x >lower/file
	mount_simple
	refused "not permitted" mknod mnt/white c 0 0
	refused "exists" mknod mnt/file c 0 0
	mknod mnt/block b 0 0
	same "names" "block file" "$(find mnt -mindepth 1 -printf '%f\n' | sort | xargs)"
	umount_union mnt
	mount_simple -o whiteout=overlay
	refused "not permitted" mknod mnt/white c 0 0
}

case_symbolic_links() {
	local long
	long=$(printf 't%.0s' {1..4000})
	mkdir -p lower/dir
	echo inside >lower/dir/file
	ln -s dir/file lower/link
	ln -s /absolute/nowhere lower/dangling
	mount_simple
	ln -s "$long" mnt/long
	same "target" dir/file "$(readlink mnt/link)"
	same "followed" inside "$(cat mnt/link)"
	same "long" "$long" "$(readlink mnt/long)"
	chown -h 1000:1000 mnt/link
	touch -h -d '2001-02-03 04:05:06' mnt/dangling
	same "owner" "1000:1000" "$(stat -c %u:%g mnt/link)"
	same "mode" 777 "$(stat -c %a mnt/link)"
	echo more >>mnt/link
	remount_simple
	same "followed" "inside more" "$(xargs <mnt/link)"
	same "owner" "1000:1000" "$(stat -c %u:%g mnt/link)"
	same "time" 981173106 "$(TZ=UTC stat -c %Y mnt/dangling)"
	same "long" "$long" "$(readlink mnt/long)"
	mv mnt/dangling mnt/dangling2
	rm mnt/link
	same "names" "dangling2 dir long" "$(find mnt -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | xargs)"
}

run_cases "$@"
