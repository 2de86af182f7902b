#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A read-only mount of an upper that another mount has: what containerd looks at to tell what a running container has changed.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

make_layers() {
	mkdir -p lower/moved/deep lower/full top/full upper work mnt look
	for name in changed gone replaced linked moved/deep/file full/one full/two; do
		echo lower >"lower/$name"
	done
	ln lower/linked lower/other-name
	echo top >top/full/one
	: >top/.wh.replaced
	# As containerd gives them.
	layers=lowerdir=$T/top:$T/lower,upperdir=$T/upper,workdir=$T/work
}

# Of each kind one: copied up, removed, made, moved, emptied and filled again, one of two names.
change_all() {
	echo more >>mnt/changed
	rm mnt/gone
	mkdir mnt/new
	echo new >mnt/new/file
	ln mnt/new/file mnt/new/link
	mv mnt/moved mnt/away
	rm -r mnt/full
	mkdir mnt/full
	chmod 600 mnt/linked
	mkfifo mnt/fifo
	ln -s new/file mnt/symlink
}

# The same tree, down to the numbers of its files.
same_trees() {
	describe_tree mnt >"$T.mnt"
	describe_tree look >"$T.look"
	diff "$T.mnt" "$T.look" || fail "the two mounts show different trees"
	diff <(cd mnt && find . -mindepth 1 ! -type d -printf '%p %i %n\n' | sort) <(cd look && find . -mindepth 1 ! -type d -printf '%p %i %n\n' | sort) ||
		fail "the two mounts give files different numbers"
}

look_with() {
	local redirect=$1
	make_layers
	mount_union -o "$layers,redirect=$redirect" mnt
	change_all
	remember_tree upper
	mount_union -o "$layers,redirect=$redirect,ro" look 2>"$T.said"
	grep -q "upper directory \"$T/upper\": in use by another mount" "$T.said" || fail "it said <$(cat "$T.said")>"
	same_trees
	refused "read-only" touch look/x
	refused "read-only" rm look/changed
	same "layers" "$("$COWFS" layers mnt | sed 1d)" "$("$COWFS" layers look | sed 1d)"
	umount_union look
	tree_is_unchanged upper
	# The other is none the wiser.
	echo still >mnt/still
	same "in the upper" still "$(cat upper/still)"
}

case_renamed_by_redirect() {
	look_with on
}

case_renamed_by_copying() {
	look_with copy
}

# Not at once, but not never: names, contents and sizes, whether they had been looked at or not.
sees_what_changes() {
	[ "$(cat look/changed look/new/file 2>/dev/null | xargs)" = "lower again new once more" ] && [ ! -e look/gone ] && [ ! -e look/other-name ] &&
		[ "$(stat -c %s look/changed)" = 12 ]
}

case_changes_are_seen_later() {
	make_layers
	mount_union -o "$layers" mnt
	mount_union -o "$layers,ro" look 2>/dev/null
	same "content" lower "$(cat look/changed)"
	absent look/new/file
	ls -R look >/dev/null
	stat look/gone >/dev/null
	mkdir mnt/new
	echo again >>mnt/changed
	echo new >mnt/new/file
	wait_until test -e look/new/file
	echo once more >>mnt/new/file
	rm mnt/gone mnt/other-name
	wait_until sees_what_changes
}

# Each may go first, and several may look.
case_in_any_order() {
	make_layers
	mkdir look2
	mount_union -o "$layers" mnt
	change_all
	mount_union -o "$layers,ro" look 2>/dev/null
	mount_union -o "$layers,ro,timeout=0" look2 2>/dev/null
	umount_union mnt
	same "content" "lower more" "$(xargs <look/changed)"
	same "content" "lower more" "$(xargs <look2/changed)"
	mount_union -o "$layers" mnt
	same_trees
	umount_union look
	umount_union look2
	umount_union mnt
	# Alone, it has the upper for itself, and a second one says why it is another kind of mount.
	mount_union -o "$layers,ro" look 2>"$T.said"
	same "said" "" "$(cat "$T.said")"
	mount_union -o "$layers,ro" look2 2>"$T.said"
	grep -q 'in use by another mount' "$T.said"
	same "content" "lower more" "$(xargs <look2/changed)"
}

# Two that write would damage it.
case_two_that_write_are_refused() {
	make_layers
	mkdir work2
	mount_union -o "$layers" mnt
	refused "upper directory.*in use by another mount" "$COWFS" mount -o "$layers" look
	refused "upper directory.*in use by another mount" "$COWFS" mount -o "${layers%work}work2" look
	is_not_mounted look
}

# With the state in the upper itself, as without a work directory.
case_without_a_work_directory() {
	make_layers
	layers=${layers%,workdir*}
	mount_union -o "$layers" mnt
	change_all
	mount_union -o "$layers,ro" look 2>/dev/null
	same_trees
}

run_cases "$@"
