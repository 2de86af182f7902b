#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Directories that change while they are read.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

make_lower() {
	mkdir -p lower/dir top/dir upper mnt
	(cd lower/dir && seq -f 'lower-%.0f' 300 | xargs touch)
	(cd top/dir && seq -f 'top-%.0f' 300 | xargs touch)
	(cd top/dir && seq -f '.wh.lower-%.0f' 100 | xargs touch)
}

case_what_stays_is_seen_once() {
	make_lower
	mount_union top:lower upper mnt
	touch mnt/dir/upper-{1..100}
	readdir_tool changing mnt/dir 200
}

case_with_caches_dropped() {
	make_lower
	mount_union top:lower upper mnt
	touch mnt/dir/upper-{1..100}
	drop_caches_forever &
	note_process $!
	readdir_tool changing mnt/dir 100
}

case_positions() {
	make_lower
	mount_union top:lower upper mnt
	readdir_tool positions mnt/dir
}

case_delete_while_reading() {
	make_lower
	mount_union top:lower upper mnt
	touch mnt/dir/upper-{1..100}
	readdir_tool delete_while_reading mnt/dir
	umount_union mnt
	mount_union top:lower upper mnt
	absent mnt/dir
}

# Two readers with positions of their own.
case_rm_beside_find() {
	make_lower
	mount_union top:lower upper mnt
	cp -r mnt/dir mnt/copy
	(while [ -d mnt/copy ]; do find mnt >/dev/null 2>&1 || true; done) &
	note_process $!
	rm -r mnt/copy
	wait $!
	same "left" 500 "$(find mnt/dir -type f | wc -l)"
}

run_cases "$@"
