#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Locks across copy-up, and programs that run or are written.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

start() {
	mkdir -p lower
	echo lower content >lower/file
	cp /bin/sleep lower/sleep
	mount_simple
}

case_flock() {
	start
	locks hold_flock mnt/file
}

case_posix_lock() {
	start
	locks hold_posix_lock mnt/file
}

case_open_file_lock() {
	start
	locks hold_open_file_lock mnt/file
}

# Locks of two mounts of the same layers are nobody's business but their own.
case_shell_flock() {
	start
	flock mnt/file sleep 5 &
	note_process $!
	sleep 0.3
	if flock -n mnt/file true; then
		fail "two processes hold one lock"
	fi
}

case_running_program_cannot_be_written() {
	start
	mnt/sleep 20 &
	note_process $!
	sleep 0.2
	locks is_running mnt/sleep
	chmod 700 mnt/sleep
	locks is_running mnt/sleep
	kill $!
	wait_until process_is_gone $!
	echo >>mnt/sleep
}

case_written_program_cannot_run() {
	start
	locks is_written mnt/sleep
	mnt/sleep 0
	chmod 700 mnt/sleep
	locks is_written mnt/sleep
	mnt/sleep 0
}

run_cases "$@"
