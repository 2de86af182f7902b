#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Watching a union with inotify.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

case_lower_directory() {
	mkdir -p lower/dir
	echo x >lower/dir/file
	mount_simple
	watch directory mnt/dir
}

case_merged_directory() {
	mkdir -p lower/dir upper/dir
	echo x >lower/dir/file
	mount_simple
	watch directory mnt/dir
}

case_lower_file() {
	mkdir -p lower
	echo x >lower/file
	mount_simple
	watch file mnt/file
}

run_cases "$@"
