#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cowfs report: all that helps, and no names unless asked for.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

start() {
	mkdir -p secret-lower/secret-dir secret-upper secret-mnt secret-work
	echo secret-content >secret-lower/secret-dir/secret-file
	mount_union -o workdir=secret-work,fsname=secret-source secret-lower secret-upper secret-mnt
	echo more >>secret-mnt/secret-dir/secret-file
	touch secret-mnt/secret-new
}

# has NAME VALUE-PATTERN: the report has that line.
has() {
	grep -qE "^ *$1 +$2$" "$T.report" || fail "no <$1 $2> in: $(cat "$T.report")"
}

case_what_it_tells() {
	start
	"$COWFS" report secret-mnt >"$T.report"
	has cowfs "$("$COWFS" --version | sed -n 's/^cowfs //p')"
	has libfuse "$("$COWFS" --version | sed -n 's/^libfuse //p')"
	has kernel "Linux $(uname -r) .*"
	has user root
	has type fuse.cowfs
	has super_options 'rw,.*default_permissions.*'
	has descriptors_limit '[0-9]+|unlimited'
	has options 'whiteout=aufs,redirect=on'
	has workdir 'outside the upper layer'
	has stack "upper, [a-z0-9.]+, aufs, (trusted|user|none)"
	has copied_up_files 1
	has mknod 1
	has protocol '[0-9]+\.[0-9]+'
	has max_write '[0-9]+'
}

case_no_names() {
	start
	local options
	for options in "" --json; do
		# shellcheck disable=SC2086 # none, or one
		"$COWFS" report $options secret-mnt >"$T.report"
		grep -i -e secret -e "$T" "$T.report" && fail "a name is in the report"
		grep -wF "$(uname -n)" "$T.report" && fail "the host's name is in the report"
	done
	true
}

case_with_names() {
	start
	"$COWFS" report --names secret-mnt >"$T.report"
	has mountpoint "$T/secret-mnt"
	has source secret-source
	has workdir "$T/secret-work"
	has stack "$T/secret-upper=rw, .*"
	grep -qE "^ +$T/secret-lower=ro\+wh, " "$T.report"
}

case_json() {
	needs python3
	start
	"$COWFS" report --json secret-mnt | python3 -c '
import json, sys
report = json.load(sys.stdin)
assert report["copied_up_files"] == 1, report
assert [layer["role"] for layer in report["stack"]] == ["upper", "lower"], report
assert all(layer["file_system"] for layer in report["stack"]), report
assert "path" not in report["stack"][0], report
assert report["daemon"]["version"] == report["cowfs"], report
'
}

# Just then somebody wants to send one.
case_dead_daemon() {
	start
	kill -9 "$(daemon_pid secret-mnt)"
	wait_until eval '! stat secret-mnt/secret-new 2>/dev/null'
	"$COWFS" report secret-mnt/ >"$T.report" 2>"$T.stderr" && fail "not told"
	grep -q "the daemon behind this mount is gone" "$T.stderr"
	has type fuse.cowfs
	has state gone
	has kernel "Linux .*"
	grep -i secret "$T.report" && fail "a name is in the report"
	umount -l secret-mnt
}

case_relative_mountpoints() {
	start
	local path
	for path in secret-mnt/ ./secret-mnt secret-mnt/. "$T/secret-mnt"; do
		"$COWFS" report --names "$path" >"$T.report"
		has mountpoint "$T/secret-mnt"
	done
	(cd secret-mnt && "$COWFS" report --names .) >"$T.report"
	has mountpoint "$T/secret-mnt"
}

case_ordinary_user() {
	needs setpriv
	start
	chmod 755 secret-mnt secret-upper secret-lower
	setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$COWFS" report secret-mnt >"$T.report"
	has user ordinary
	has copied_up_files 1
}

case_bad_input() {
	mkdir plain
	refused "is not where a cowfs union is mounted" "$COWFS" report plain
	refused "No such file" "$COWFS" report absent
	local status arguments
	for arguments in "" "a b" "--unknown plain" "-x plain"; do
		status=0
		# shellcheck disable=SC2086 # several words
		"$COWFS" report $arguments >/dev/null 2>"$T.stderr" || status=$?
		same "status of report $arguments" 2 "$status"
		same "lines" 1 "$(wc -l <"$T.stderr")"
	done
	"$COWFS" report --help | grep -q '^Usage: cowfs report '
}

case_output_cut_short() {
	start
	[ -c /dev/full ] || skip "no /dev/full"
	"$COWFS" report secret-mnt 2>"$T.stderr" >/dev/full && fail "not told"
	grep -q "cannot write" "$T.stderr"
}

run_cases "$@"
