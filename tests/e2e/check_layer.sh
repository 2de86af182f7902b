#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cowfs check: everything that it finds is made here, found, repaired or left as it should be, and whatever it does, a
# mount shows the same before and after.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

state=upper/.wh..wh.cowfs

make_layers() {
	mkdir -p lower/dir/sub lower/moved/deep lower/emptied lower/plain/sub upper mnt
	echo file >lower/file
	echo inner >lower/dir/inner
	echo deep >lower/moved/deep/file
	echo x >lower/emptied/x
	echo linked >lower/link1
	ln lower/link1 lower/link2
	ln -s file lower/symlink
	touch lower/gone lower/dir/gone
}

# An upper with a little of everything, not mounted.
make_upper() {
	make_layers
	mount_simple
	rm mnt/gone mnt/dir/gone mnt/emptied/x
	chmod 600 mnt/file mnt/link1
	chmod 700 mnt/plain
	chown -h 7 mnt/symlink
	mv mnt/moved mnt/dir/moved-here
	rm mnt/dir/moved-here/deep/file
	echo new >mnt/new
	mkdir mnt/dir/new
	umount_union mnt
}

# What a mount shows, inode numbers and links too (a directory's are not counted until it is known whether it is merged).
show() {
	mount_simple
	describe_tree mnt
	(cd mnt && find . -type d -printf '%p %i\n' -o -printf '%p %i %n\n' | sort)
	umount_union mnt
}

# check STATUS OPTION...: runs it on the upper; its answer is in $T.answer.
check() {
	local expected=$1 status=0
	shift
	"$COWFS" check --json "$@" upper >"$T.answer" || status=$?
	same "status of check $*" "$expected" "$status" || cat "$T.answer"
}

# found KIND PATH STATE: the last answer has it.
found() {
	grep -qF "{\"kind\":\"$1\",\"path\":\"$2\"" "$T.answer" || fail "no $1 $2 in $(cat "$T.answer")"
	grep -oF "{\"kind\":\"$1\",\"path\":\"$2\"" "$T.answer" | wc -l | grep -qx 1 || fail "$1 $2 twice"
	tr '{' '\n' <"$T.answer" | grep -F "\"kind\":\"$1\",\"path\":\"$2\"" | grep -qF "\"state\":\"$3\"" ||
		fail "$2 is not $3: $(cat "$T.answer")"
}

found_number() {
	same "findings" "$1" "$(grep -oF '"kind":' "$T.answer" | wc -l)"
}

# repaired KIND PATH [OPTION...]: it is found, and with the lower layer repaired; the mount shows the same.
repaired() {
	local kind=$1 path=$2
	shift 2
	show >"$T.before"
	check 4 --lower lower "$@"
	found "$kind" "$path" repairable
	found_number 1
	check 1 --lower lower --repair "$@"
	found "$kind" "$path" repaired
	check 0 --lower lower "$@"
	found_number 0
	same "what is shown" "" "$(show | diff "$T.before" -)"
}

# left KIND PATH [OPTION...]: it is found and nothing is done to it.
left() {
	local kind=$1 path=$2
	shift 2
	show >"$T.before"
	remember_tree upper
	check 4 --repair "$@"
	found "$kind" "$path" left
	tree_is_unchanged upper
	same "what is shown" "" "$(show | diff "$T.before" -)"
}

case_clean() {
	make_upper
	remember_tree upper
	check 0
	found_number 0
	check 0 --lower lower
	found_number 0
	check 0 --lower lower --repair
	tree_is_unchanged upper
	same "text" "nothing is wrong" "$("$COWFS" check upper)"
}

# A layer that never was an upper of ours, as from an image.
case_plain_layer() {
	mkdir -p layer/dir below/dir
	touch layer/.wh.a layer/dir/.wh..wh..opq below/a
	remember_tree layer
	"$COWFS" check --lower below layer
	"$COWFS" check --repair layer
	tree_is_unchanged layer
	absent layer/.wh..wh.cowfs
}

case_whiteout_of_nothing() {
	make_upper
	touch upper/dir/.wh.nothing
	repaired whiteout-of-nothing /dir/.wh.nothing
	check 0
	mknod upper/nothing c 0 0
	check 0
	repaired whiteout-of-nothing /nothing
	[ -e upper/.wh.gone ] || fail "a whiteout of something is gone"
}

# Where a directory was moved to, its whiteouts are of what it shows from where it was.
case_whiteout_in_a_moved_directory() {
	make_upper
	[ -e upper/dir/moved-here/deep/.wh.file ]
	touch upper/dir/moved-here/deep/.wh.nothing
	repaired whiteout-of-nothing /dir/moved-here/deep/.wh.nothing
	[ -e upper/dir/moved-here/deep/.wh.file ] || fail "a whiteout of something is gone"
}

# Known without the lower layers.
case_whiteout_in_an_opaque_directory() {
	make_upper
	touch upper/dir/new/.wh..wh..opq upper/dir/new/.wh.x
	check 4
	found whiteout-of-nothing /dir/new/.wh.x repairable
	repaired whiteout-of-nothing /dir/new/.wh.x
	[ -e upper/dir/new/.wh..wh..opq ]
}

# Lower layers other than those it was made on: what they do not have may be in the right ones.
case_whiteouts_with_the_wrong_lower_layers() {
	make_upper
	mkdir other
	check 4 --lower other --repair
	found whiteout-of-nothing /.wh.gone left
	[ -e upper/.wh.gone ] || fail "what hides something in the right layer is gone"
}

case_whiteout_beside_a_file() {
	make_upper
	touch upper/.wh.file
	check 4
	repaired whiteout-beside-name /.wh.file
}

# Without the whiteout the lower directory would show through.
case_whiteout_beside_a_directory() {
	make_upper
	touch upper/.wh.plain
	repaired whiteout-beside-name /.wh.plain
	[ -e upper/plain/.wh..wh..opq ] || fail "not opaque"
	mount_simple
	same "names" "" "$(ls mnt/plain)"
}

case_whiteout_beside_a_moved_directory() {
	make_upper
	touch upper/dir/.wh.moved-here
	mkdir -p lower/dir/moved-here/old
	repaired whiteout-beside-name /dir/.wh.moved-here
	absent upper/dir/moved-here/.wh..wh..opq
}

case_whiteout_invalid() {
	make_upper
	touch upper/.wh.
	repaired whiteout-invalid /.wh.
	mkdir upper/dir/.wh...
	repaired whiteout-invalid /dir/.wh...
}

# Somebody may want it.
case_whiteout_with_data() {
	make_upper
	echo data >upper/.wh.nothing
	left whiteout-of-nothing /.wh.nothing --lower lower
	same "data" data "$(cat upper/.wh.nothing)"
}

case_whiteout_unread() {
	make_upper
	touch upper/dir/empty
	setfattr -n trusted.overlay.whiteout -v y upper/dir/empty
	left whiteout-unread /dir/empty
	setfattr -n trusted.overlay.opaque -v x upper/dir
	check 0
}

case_opaque_unread() {
	make_upper
	setfattr -n user.fuseoverlayfs.opaque -v yes upper/dir
	left opaque-unread /dir
	setfattr -x user.fuseoverlayfs.opaque upper/dir
	touch upper/dir/.wh.__dir_opaque
	left opaque-unread /dir/.wh.__dir_opaque
}

case_markers() {
	make_upper
	mkdir upper/.wh..wh.plnk
	left marker-unknown /.wh..wh.plnk
	rmdir upper/.wh..wh.plnk
	touch upper/.wh..wh.cowfs-probe
	check 4
	found probe /.wh..wh.cowfs-probe repairable
	check 1 --repair
	absent upper/.wh..wh.cowfs-probe
}

case_written_by_the_kernel() {
	make_upper
	setfattr -n trusted.overlay.redirect -v /moved upper/dir/new
	left foreign-redirect /dir/new
	setfattr -x trusted.overlay.redirect upper/dir/new
	setfattr -n trusted.overlay.metacopy upper/file
	left foreign-metacopy /file
}

# What leads nowhere hides what stands below the name, and goes on to do so.
case_redirect_invalid() {
	make_upper
	setfattr -n trusted.cowfs.redirect -v /../../etc upper/plain
	repaired redirect-invalid /plain
	[ -e upper/plain/.wh..wh..opq ] || fail "not opaque"
	same "names" "" "$(mount_simple && ls mnt/plain && umount_union mnt)"
}

case_redirect_that_nobody_reads() {
	make_upper
	setfattr -n trusted.cowfs.redirect -v "" upper/dir
	repaired redirect-invalid /dir
	absent upper/dir/.wh..wh..opq
	setfattr -n trusted.cowfs.redirect -v /moved upper/new
	repaired redirect-invalid /new
}

case_redirect_dangling() {
	make_upper
	setfattr -n trusted.cowfs.redirect -v /moved/never upper/dir/moved-here
	check 0
	left redirect-dangling /dir/moved-here --lower lower
}

# A layer that lost its state by being copied.
case_redirect_unread() {
	make_upper
	tar -C upper --xattrs --xattrs-include='*' --exclude=./.wh..wh.cowfs -cf upper.tar .
	rm -r upper
	mkdir upper
	tar -C upper --xattrs --xattrs-include='*' -xf upper.tar
	check 4 --repair
	found redirect-unread /dir/moved-here left
}

case_origin_invalid() {
	make_upper
	setfattr -n trusted.cowfs.origin -v "not an origin" upper/new
	repaired origin-invalid /new
	# It shows its own number, as with one that cannot be read.
	setfattr -n trusted.cowfs.origin -v 1:2:3 upper/file
	repaired origin-invalid /file
	setfattr -n trusted.cowfs.origin -v 123 upper/dir
	repaired origin-invalid /dir
}

case_origin_twice() {
	make_upper
	cp -p --preserve=xattr upper/file upper/dir/copy
	check 4 --lower lower --repair
	grep -q '"kind":"origin-twice".*"state":"left"' "$T.answer"
	found_number 1
}

case_link_not_in_index() {
	make_upper
	rm -r "$state/index"
	check 0
	left link-not-in-index /link1 --lower lower
}

copy_in_index() {
	find "$state/index" -type f -printf '%f\n'
}

# As when the machine stopped while the last name was removed.
case_index_without_names() {
	make_upper
	local copy
	copy=$(copy_in_index)
	cp --preserve=all "$state/index/$copy" saved
	mount_simple
	rm mnt/link1 mnt/link2
	umount_union mnt
	absent "$state/index/$copy"
	mv saved "$state/index/$copy"
	ln -s 2:2 "$state/index/$copy.links"
	repaired index-without-names "/.wh..wh.cowfs/index/$copy"
	absent "$state/index/$copy" "$state/index/$copy.links"
}

case_index_without_counts() {
	make_upper
	local copy
	copy=$(copy_in_index)
	rm "$state/index/$copy.links"
	left index-without-counts "/.wh..wh.cowfs/index/$copy"
	check 1 --repair --lower lower
	found index-without-counts "/.wh..wh.cowfs/index/$copy" repaired
	same "counts" 0:2 "$(readlink "$state/index/$copy.links")"
	mount_simple
	rm mnt/link1
	same "the other name" "linked 600" "$(cat mnt/link2) $(stat -c %a mnt/link2)"
}

case_index_counts_stale() {
	make_upper
	ln -s 3:3 "$state/index/0000000000000001-2.links"
	repaired index-counts-stale /.wh..wh.cowfs/index/0000000000000001-2.links
	ln -s nonsense "$state/index/0000000000000001-2.links"
	repaired index-counts-stale /.wh..wh.cowfs/index/0000000000000001-2.links
	# Of a file whose names are still there, and nobody copied it up.
	ln -s 1:3 "$state/index/0000000000000001-2.links"
	check 0 --lower lower
}

case_index_origin_stale() {
	make_upper
	ln -s 1:2 "$state/index/fffffff.origin"
	repaired index-origin-stale /.wh..wh.cowfs/index/fffffff.origin
	ln -s 1:2 "$state/index/$(printf %x "$(stat -c %i upper/symlink)").origin"
	check 0
}

case_state_unknown() {
	make_upper
	echo data >"$state/index/notes"
	left state-unknown /.wh..wh.cowfs/index/notes
	mkdir "$state/later"
	check 4
	found state-unknown /.wh..wh.cowfs/later left
}

case_work_left() {
	make_upper
	show >"$T.before"
	mkdir -p "$state/work/1/deep/er"
	touch "$state/work/1/deep/er/file" "$state/work/2"
	check 4
	found work-left /.wh..wh.cowfs/work/1 repairable
	check 1 --repair
	found work-left /.wh..wh.cowfs/work/1 repaired
	found work-left /.wh..wh.cowfs/work/2 repaired
	same "what is shown" "" "$(show | diff "$T.before" -)"
}

case_work_in_a_directory_elsewhere() {
	make_layers
	mkdir work
	mount_simple -o workdir=work
	chmod 600 mnt/link1
	umount_union mnt
	touch work/work/7
	check 4 --workdir work
	found work-left "$(realpath work)/work/7" repairable
	check 1 --workdir work --repair
	absent work/work/7
}

case_unsynced_stale() {
	make_upper
	ln -s 1:2 "$state/unsynced/fffffff"
	show >"$T.before"
	ln -sf 1:2 "$state/unsynced/fffffff"
	ln -s nonsense "$state/unsynced/garbage"
	check 1 --repair
	found unsynced-stale /.wh..wh.cowfs/unsynced/fffffff repaired
	found unsynced-stale /.wh..wh.cowfs/unsynced/garbage repaired
	same "what is shown" "" "$(show | diff "$T.before" -)"
}

# As after a crash that took the data of a copy: marked, and not the same as the lower file.
case_unsynced_copy() {
	make_upper
	local mark copy
	show >"$T.before"
	mark=$(printf %x "$(stat -c %i upper/file)")
	copy=$(copy_in_index)
	take_data() {
		ln -s "$(getfattr --only-values -n trusted.cowfs.origin "$1")" "$state/unsynced/$2"
		: >"$1"
	}
	take_data upper/file "$mark"
	# A copy that only the index knows yet.
	rm upper/link1
	take_data "$state/index/$copy" "$(printf %x "$(stat -c %i "$state/index/$copy")")"
	check 4 --repair
	found unsynced-copy "/.wh..wh.cowfs/unsynced/$mark" left
	mkdir other
	check 4 --repair --lower other
	found unsynced-copy "/.wh..wh.cowfs/unsynced/$mark" left
	check 1 --repair --lower lower
	found unsynced-copy "/.wh..wh.cowfs/unsynced/$mark" repaired
	found_number 2
	same "data" "file linked" "$(cat upper/file "$state/index/$copy" | xargs)"
	absent "$state/unsynced/$mark"
}

case_killed_daemon() {
	new_file_system 64 disk
	ln -s disk/upper upper
	mkdir disk/upper
	make_layers
	mkdir lower/many
	touch lower/many/{1..200}
	mount_simple
	(chmod -R 600 mnt/many && rm -r mnt/dir && mv mnt/moved mnt/emptied/moved) 2>/dev/null &
	sleep 0.1
	kill -9 "$(daemon_pid mnt)"
	wait $! || true
	umount -l mnt
	"$COWFS" check --repair --lower lower upper || same "status" 1 $?
	check 0 --lower lower
	show >/dev/null
}

case_unreadable() {
	needs setpriv
	mkdir -p upper/secret
	chmod 700 upper/secret
	chmod 755 upper
	setpriv --reuid=65534 --clear-groups --inh-caps=-all "$COWFS" check upper >"$T.text" ||
		same "status" 4 $?
	grep -q '^/secret: cannot be read (left: Permission denied)$' "$T.text"
}

case_read_only_file_system() {
	make_upper
	touch upper/.wh.file
	mount --bind upper upper
	mount -o remount,ro,bind upper
	check 4
	found whiteout-beside-name /.wh.file repairable
	check 4 --repair
	found whiteout-beside-name /.wh.file left
	umount upper
}

# cannot WORDS ARGUMENT...: exit status 8, one sentence.
cannot() {
	local words=$1 status=0
	shift
	"$COWFS" check "$@" >"$T.stdout" 2>"$T.stderr" || status=$?
	same "status" 8 "$status"
	same "lines" 1 "$(wc -l <"$T.stderr")"
	same "output" "" "$(cat "$T.stdout")"
	grep -q -e "$words" "$T.stderr" || fail "said <$(cat "$T.stderr")>, not <$words>"
}

case_refusals() {
	make_upper
	mount_simple
	touch upper/.wh.file
	cannot "in use by another mount" --repair upper
	cannot "unmount it, then check its upper layer $T/upper" --repair mnt
	[ -e upper/.wh.file ]
	umount_union mnt
	cannot "absent: .*No such file" absent
	cannot "Not a directory" lower/file
	cannot "absent: .*No such file" --lower lower:absent upper
	cannot "the same directory" --lower upper upper
	cannot "lies inside" --lower upper/dir upper
	cannot "work directory \"absent\": No such file" --workdir absent upper
}

case_usage() {
	local status arguments
	mkdir upper
	for arguments in "" "a b" "--lower" "--lower : upper" "--unknown upper" "-x upper"; do
		status=0
		# shellcheck disable=SC2086 # several words
		"$COWFS" check $arguments >/dev/null 2>"$T.stderr" || status=$?
		same "status of check $arguments" 16 "$status"
		same "lines" 1 "$(wc -l <"$T.stderr")"
	done
	"$COWFS" check --help | grep -q '^Usage: cowfs check '
	"$COWFS" check --version | grep -q '^cowfs '
}

# A name may be anything: one line, no control characters.
case_hostile_names() {
	mkdir -p upper/d
	touch upper/d/$'.wh.\n\e[31m' upper/d/$'\n\e[31m'
	"$COWFS" check upper >"$T.text" || same "status" 4 $?
	same "lines" 2 "$(wc -l <"$T.text")"
	grep -qF '/d/.wh.\n\033[31m: a whiteout' "$T.text" || fail "$(cat "$T.text")"
	check 4
}

case_output_cut_short() {
	mkdir upper
	[ -c /dev/full ] || skip "no /dev/full"
	"$COWFS" check upper >/dev/full 2>"$T.stderr" || same "status" 8 $?
	grep -q "cannot write" "$T.stderr"
}

run_cases "$@"
