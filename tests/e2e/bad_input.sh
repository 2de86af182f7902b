#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What cannot be mounted: one sentence, exit 1 or 2, nothing mounted, nothing changed.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

make_layers() {
	mkdir -p lower/sub upper/sub work mnt
	echo x >lower/file
	echo y >upper/file
	describe_tree . >"$T.before"
}

# rejected WORDS COMMAND...
rejected() {
	local words=$1 status=0
	shift
	timeout 20 "$@" >"$T.stdout" 2>"$T.stderr" || status=$?
	[ "$status" = 1 ] || [ "$status" = 2 ] || fail "$*: status $status, said <$(cat "$T.stderr")>"
	same "lines on stderr for $*" 1 "$(wc -l <"$T.stderr")"
	same "stdout for $*" "" "$(cat "$T.stdout")"
	grep -qi -e "$words" "$T.stderr" || fail "$*: said <$(cat "$T.stderr")>, not <$words>"
	same "mounts" "" "$(mounts_below "$T")"
	describe_tree . | diff "$T.before" - | sed 's/^/# /' >"$T.diff" || true
	[ ! -s "$T.diff" ] || {
		cat "$T.diff"
		fail "$* has changed something"
	}
}

case_missing_layers() {
	make_layers
	rejected "absent" "$COWFS" mount absent upper mnt
	rejected "absent" "$COWFS" mount lower:absent upper mnt
	rejected "absent" "$COWFS" mount lower absent mnt
	rejected "absent" "$COWFS" mount lower upper absent
	rejected "absent" "$COWFS" mount -o workdir=absent lower upper mnt
	rejected "absent" "$COWFS" -o lowerdir=absent,upperdir=upper,workdir=work mnt
}

case_not_directories() {
	make_layers
	rejected "not a directory" "$COWFS" mount lower/file upper mnt
	rejected "not a directory" "$COWFS" mount lower upper/file mnt
	rejected "not a directory\|mountpoint" "$COWFS" mount lower upper lower/file
	rejected "not a directory" "$COWFS" mount -o workdir=lower/file lower upper mnt
}

case_empty_and_missing_operands() {
	make_layers
	rejected "lower\|layer" "$COWFS" mount "" upper mnt
	rejected "lower\|layer\|empty" "$COWFS" mount lower::sub upper mnt
	rejected "." "$COWFS" mount
	rejected "." "$COWFS" mount lower
	rejected "." "$COWFS" mount a b c d
	rejected "." "$COWFS" unknown-command
	rejected "." "$COWFS"
	rejected "lowerdir" "$COWFS" -o upperdir=upper mnt
	rejected "." "$COWFS" umount
	rejected "." "$COWFS" umount mnt
	rejected "." "$COWFS" stat mnt
}

case_same_directory_twice() {
	make_layers
	rejected "twice\|same" "$COWFS" mount lower:lower upper mnt
	rejected "twice\|same" "$COWFS" mount lower lower mnt
	rejected "twice\|same" "$COWFS" mount "lower:$T/lower/." upper mnt
	ln -s lower link
	describe_tree . >"$T.before"
	rejected "twice\|same" "$COWFS" mount lower:link upper mnt
}

case_overlapping_layers() {
	make_layers
	rejected "inside\|within\|overlap\|below\|contain" "$COWFS" mount lower:lower/sub upper mnt
	rejected "inside\|within\|overlap\|below\|contain" "$COWFS" mount lower lower/sub mnt
	rejected "inside\|within\|overlap\|below\|contain" "$COWFS" mount upper/sub upper mnt
	rejected "inside\|within\|overlap\|below\|contain" "$COWFS" mount . upper mnt
}

# Peers hang here, beyond what even SIGKILL ends.
case_mountpoint_and_layers() {
	make_layers
	rejected "mountpoint\|inside\|contain" "$COWFS" mount lower upper lower/sub
	rejected "mountpoint\|inside\|contain" "$COWFS" mount lower upper upper/sub
	rejected "mountpoint\|inside\|contain\|same\|twice" "$COWFS" mount lower upper upper
	rejected "mountpoint\|inside\|contain\|same\|twice" "$COWFS" mount lower upper lower
	rejected "mountpoint\|inside\|contain" "$COWFS" mount lower upper .
}

case_workdirs() {
	mkdir tmp
	make_layers
	mount -t tmpfs tmpfs tmp
	mkdir tmp/work
	refused "file system\|device" "$COWFS" mount -o workdir=tmp/work lower upper mnt
	is_not_mounted mnt
	umount tmp
	rejected "inside\|within\|upper\|contain" "$COWFS" mount -o workdir=upper/sub lower upper mnt
	rejected "inside\|within\|lower\|contain" "$COWFS" mount -o workdir=lower/sub lower upper mnt
}

case_upper_in_use() {
	make_layers
	mkdir mnt2
	mount_simple
	refused "in use" mount_union lower upper mnt2
	is_not_mounted mnt2
	same "first mount" y "$(cat mnt/file)"
	umount_union mnt
	mount_union lower upper mnt2
	umount_union mnt2
}

case_workdir_in_use() {
	make_layers
	mkdir mnt2 upper2
	mount_simple -o workdir=work
	refused "in use" mount_union -o workdir=work lower upper2 mnt2
	refused "in use" mount_union lower upper mnt2
	is_not_mounted mnt2
}

case_upper_cannot_be_written() {
	make_layers
	mkdir readonly
	mount --bind upper readonly
	mount -o remount,bind,ro readonly
	refused "read-only" "$COWFS" mount lower readonly mnt
	is_not_mounted mnt
}

case_malformed_options() {
	make_layers
	rejected "whiteout" "$COWFS" mount -o whiteout=neither lower upper mnt
	rejected "redirect" "$COWFS" mount -o redirect=maybe lower upper mnt
	rejected "timeout" "$COWFS" mount -o timeout=soon lower upper mnt
	rejected "timeout" "$COWFS" mount -o timeout=-1 lower upper mnt
	rejected "uidmapping\|id map\|id range" "$COWFS" mount -o uidmapping=1:2 lower upper mnt
	rejected "uidmapping\|id map\|id range" "$COWFS" mount -o uidmapping=0:0:0 lower upper mnt
	rejected "uidmapping\|id map\|id range" "$COWFS" mount -o uidmapping=0:0:99999999999 lower upper mnt
	rejected "gidmapping\|id map\|id range" "$COWFS" mount -o gidmapping=0:0:10:5:20:10 lower upper mnt
	rejected "squash_to_uid" "$COWFS" mount -o squash_to_uid=root lower upper mnt
	rejected "xattr_permissions" "$COWFS" mount -o xattr_permissions=7 lower upper mnt
	rejected "." "$COWFS" mount --no-such-switch lower upper mnt
	rejected "." "$COWFS" mount -o
}

case_unknown_option_is_a_warning() {
	make_layers
	"$COWFS" mount -o nosuchoption,another=thing lower upper mnt 2>"$T.stderr"
	grep -q nosuchoption "$T.stderr"
	grep -q another "$T.stderr"
	is_mounted mnt
}

case_no_dev_fuse() {
	make_layers
	refused "/dev/fuse" unshare -m sh -c 'mount -t tmpfs tmpfs /dev && mknod -m 666 /dev/null c 1 3 && exec "$@"' \
		sh "$COWFS" mount lower upper mnt
	is_not_mounted mnt
}

# An upper on a file system without attributes: goes on, and says what is lost.
case_upper_without_attributes() {
	needs mkfs.vfat
	make_layers
	truncate -s 8M image
	mkfs.vfat image >/dev/null
	mkdir fat
	mount -o loop image fat 2>/dev/null || skip "no loop device, or no vfat"
	mkdir fat/upper
	mount_union lower fat/upper mnt 2>"$T.stderr" || fail "$(cat "$T.stderr")"
	grep -qi "attribute" "$T.stderr" || fail "no warning: $(cat "$T.stderr")"
	echo new >mnt/new
	rm mnt/file
	absent mnt/file
	same "new" new "$(cat fat/upper/new)"
}

case_not_root_of_the_machine() {
	make_layers
	chmod 755 "$T"
	chmod 600 "$T/lower"
	refused "permission denied" setpriv --reuid 1234 --regid 1234 --clear-groups "$COWFS" mount lower upper mnt
	is_not_mounted mnt
}

case_stat_and_umount_of_what_is_no_union() {
	make_layers
	mount -t tmpfs tmpfs mnt
	refused "." "$COWFS" stat mnt
	refused "." "$COWFS" umount mnt
	is_mounted mnt
	refused "." "$COWFS" stat absent
	refused "." "$COWFS" umount absent
}

run_cases "$@"
