#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Layers as archives: what is written is what others read, what others write is unpacked, and what fails leaves nothing.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119,SC2016
. "$(dirname "$0")/lib.sh"

# One of everything that a layer may hold.
make_tree() {
	mkdir -p "$1/dir/sub" "$1/read-only" "$1/längs"
	echo content >"$1/file"
	ln "$1/file" "$1/dir/linked"
	ln -s ../target "$1/dir/link"
	ln -s "$(printf 'long/%.0s' {1..60})" "$1/long-link"
	mkfifo "$1/fifo"
	mknod "$1/null" c 1 3
	mknod "$1/disk" b 8 300
	printf x >"$1/längs/$(printf 'n%.0s' {1..255})"
	truncate -s 4300M "$1/sparse"
	printf data | dd of="$1/sparse" bs=1 seek=4G conv=notrunc status=none
	setfattr -n user.mine -v value "$1/file"
	setfattr -n user.empty "$1/dir"
	setcap cap_net_raw+ep "$1/file"
	setfacl -m u:7:rw "$1/file"
	setfacl -d -m u:8:rwx "$1/dir"
	echo inherits >"$1/dir/inherits"
	chown 123:456 "$1/dir" "$1/dir/sub"
	chown -h 70000:3000000 "$1/dir/link"
	chmod 6755 "$1/dir/inherits"
	touch -d '2001-02-03 04:05:06.123456789' "$1/file" "$1/dir/sub"
	touch -d '1975-01-01 00:00:00' "$1/fifo"
	chmod 555 "$1/read-only"
}

# As describe_tree, with links and holes.
describe_closely() {
	(
		cd "$1"
		find . -printf '%p %y %m %U:%G %T@ %l %n\n' | sort
		find . -type f -printf '%p %s\n' | sort
		find . \( -type b -o -type c \) -exec stat -c '%n %t:%T' {} + | sort
		find . -type f -size -1G -print0 | sort -z | xargs -0 sha256sum
		describe_xattrs
		getcap -r . | sort
	) || true
}

same_trees() {
	describe_closely "$1" >"$T.first"
	describe_closely "$2" >"$T.second"
	diff "$T.first" "$T.second" | head -n 20 | sed 's/^/# /'
	cmp -s "$T.first" "$T.second" || fail "$1 and $2 differ"
}

# Only these names are here.
only() {
	same "names" "$(printf '%s\n' "$@" | sort | xargs)" "$(find . -mindepth 1 -maxdepth 1 -printf '%P\n' | sort | xargs)"
}

case_tar_reads_what_commit_writes() {
	make_tree layer
	"$COWFS" commit -o layer.tar layer
	mkdir copy
	tar -C copy --xattrs --xattrs-include='*' --sparse -xpf layer.tar 2>tar.err || fail "$(cat tar.err)"
	[ ! -s tar.err ] || fail "tar says: $(cat tar.err)"
	same_trees layer copy
	at_most "kilobytes of the sparse file" 64 "$(du -k copy/sparse | cut -f 1)"
}

case_apply_reads_what_tar_writes() {
	local format
	make_tree layer
	for format in gnu posix; do
		tar -C layer --format=$format --xattrs --xattrs-include='*' --sparse -cf "$format.tar" .
		"$COWFS" apply $format.tar $format
		# Nothing but pax keeps attributes and nanoseconds.
		[ $format = gnu ] || same_trees layer $format
	done
	same "sparse" "$(stat -c %s layer/sparse)" "$(stat -c %s gnu/sparse)"
	cmp -i 4294967000 layer/sparse gnu/sparse || fail "GNU's sparse file is another"
}

case_apply_reads_its_own() {
	make_tree layer
	touch layer/dir/.wh.gone
	"$COWFS" commit layer >layer.tar
	"$COWFS" apply - copy <layer.tar
	rm layer/dir/.wh.gone copy/dir/.wh.gone
	touch -r copy/dir layer/dir
	same_trees layer copy
	at_most "kilobytes of the sparse file" 64 "$(du -k copy/sparse | cut -f 1)"
}

case_compressed() {
	local suffix
	make_tree layer
	rm layer/sparse
	"$COWFS" commit -o layer.tar layer
	for suffix in tar.gz tgz tar.zst tzst; do
		"$COWFS" commit -o layer.$suffix layer
		"$COWFS" commit layer --compress="$(sed 's/.*gz$/gzip/; s/.*zst$/zstd/' <<<$suffix)" | cmp - layer.$suffix
	done
	gzip -dc layer.tar.gz | cmp - layer.tar
	needs bzip2 xz
	bzip2 -k layer.tar
	xz -k layer.tar
	for suffix in tar.gz tar.zst tar.bz2 tar.xz; do
		"$COWFS" apply layer.$suffix copy
		same_trees layer copy
		rm -r copy
	done
}

case_same_bytes() {
	mkdir -p a b c
	echo 1 >a/x
	echo 2 >a/y
	mkdir a/dir
	touch -d 2001-01-01 a/dir a/x
	# In another order, on another day.
	mkdir b/dir
	echo 2 >b/y
	echo 1 >b/x
	touch -d 2001-01-01 b/dir b/x
	"$COWFS" commit --source-date-epoch 1000000000 -o a.tar a
	SOURCE_DATE_EPOCH=1000000000 "$COWFS" commit -o b.tar b
	cmp a.tar b.tar
	same "latest time" 1000000000 "$(tar --full-time --utc -tvf a.tar | awk '{ print $4, $5 }' | sort | tail -n 1 | xargs -I{} date -u -d {} +%s)"
}

case_json() {
	make_two_layers
	"$COWFS" commit --json -o layer.tar.gz a:b >said
	same "digest" "sha256:$(sha256sum <layer.tar.gz | cut -d ' ' -f 1)" "$(grep -o '"digest":"[^"]*' said | cut -d '"' -f 4)"
	same "diff id" "sha256:$(gzip -dc layer.tar.gz | sha256sum | cut -d ' ' -f 1)" "$(grep -o '"diffId":"[^"]*' said | cut -d '"' -f 4)"
	same "size" "$(stat -c %s layer.tar.gz)" "$(grep -o '"size":[0-9]*' said | cut -d : -f 2)"
	"$COWFS" apply --json layer.tar.gz copy | grep -v mediaType >again
	grep -v mediaType said | diff - again
}

# Everything that only the layers below can tell, on a live mount.
case_commit_of_a_mount() {
	mkdir -p lower/dir lower/gone lower/replaced
	echo inner >lower/dir/inner
	echo content >lower/a
	ln lower/a lower/dir/b
	echo x >lower/gone/x
	echo y >lower/replaced/y
	mount_simple
	echo more >>mnt/a
	mv mnt/dir mnt/moved
	rm -r mnt/gone mnt/replaced
	mkdir mnt/replaced
	echo new >mnt/replaced/new
	"$COWFS" commit -o layer.tar mnt
	same "names" "./ .wh.dir .wh.gone a moved/ moved/b moved/inner replaced/ replaced/.wh..wh..opq replaced/new" "$(tar tf layer.tar | xargs)"
	"$COWFS" apply layer.tar copy
	mkdir again
	mount_union copy:lower again
	diff -r mnt again
	same "one file" "$(stat -c %i again/a)" "$(stat -c %i again/moved/b)"
	refused "give its mountpoint" "$COWFS" commit -o no.tar mnt/moved
	umount_union mnt
	"$COWFS" commit -o later.tar upper:lower
	cmp layer.tar later.tar
	refused "needed to write" "$COWFS" commit -o no.tar upper
	absent no.tar
}

case_apply_for_the_kernel() {
	make_two_layers
	touch a/.wh.only-b
	mkdir -p b/dir a/dir
	touch b/dir/hidden a/dir/.wh..wh..opq
	"$COWFS" commit -o layer.tar a
	"$COWFS" apply --dialect=overlay layer.tar copy
	mount -t overlay -o lowerdir=copy:b overlay mnt 2>/dev/null || skip "the kernel has no overlayfs here"
	absent mnt/only-b mnt/dir/hidden
	same "file" a "$(cat mnt/file)"
	umount mnt
}

case_onto() {
	mkdir -p root/dir root/gone
	echo old >root/dir/old
	echo old >root/file
	mkdir -p layer/dir
	touch layer/.wh.gone layer/dir/.wh..wh..opq
	echo new >layer/file
	echo new >layer/dir/new
	"$COWFS" commit -o layer.tar layer
	refused "no empty directory" "$COWFS" apply layer.tar root
	"$COWFS" apply --onto layer.tar root
	absent root/gone root/dir/old root/.wh.gone root/dir/.wh..wh..opq
	same "file" new "$(cat root/file)"
	same "new" new "$(cat root/dir/new)"
}

case_squash() {
	mkdir -p top middle bottom/dir
	echo b >bottom/dir/b
	echo b >bottom/hidden
	echo m >middle/m
	touch middle/.wh.hidden top/.wh.m
	echo t >top/t
	mkdir all squashed
	mount_union top:middle:bottom all
	"$COWFS" squash -o two top:middle
	mount_union two:bottom squashed
	diff -r all squashed
	same "squashed" ".wh.hidden .wh.m t" "$(find two -mindepth 1 -printf '%P\n' | sort | xargs)"
	"$COWFS" squash --flatten -o tree.tar.gz all
	same "tree" "./ dir/ dir/b t" "$(tar tzf tree.tar.gz | xargs)"
	"$COWFS" squash --dialect=overlay -o kernel top:middle
	same "device" "character special file" "$(stat -c %F kernel/hidden)"
}

case_convert() {
	mkdir -p layer/opaque layer/dir
	touch layer/.wh.gone layer/opaque/.wh..wh..opq layer/dir/.wh.gone layer/opaque/file
	touch -d 2001-01-01 layer/dir layer/opaque
	"$COWFS" convert --to=overlay layer copy
	same "device" "character special file" "$(stat -c %F copy/dir/gone)"
	cp -a layer before
	"$COWFS" convert --to=overlay layer
	absent layer/.wh.gone layer/opaque/.wh..wh..opq
	same "device" "character special file" "$(stat -c %F layer/gone)"
	same "time" "$(stat -c %Y before/dir)" "$(stat -c %Y layer/dir)"
	diff <(cd copy && find . -printf '%p %y %T@\n' | grep -v gone | sort) <(cd layer && find . -printf '%p %y %T@\n' | grep -v gone | sort)
	"$COWFS" convert --to=overlay layer
	"$COWFS" convert --to=aufs layer
	diff -r before layer
	same "attributes" "" "$(getfattr -R -d -m - layer)"
	mkdir lower upper mnt
	mount_union lower upper mnt
	refused "in use" "$COWFS" convert --to=overlay upper
	refused "mounted union" "$COWFS" convert --to=overlay mnt
}

# --- Without root ----------------------------------------------------------------------------------

as_user() {
	setpriv --reuid nobody --regid nogroup --clear-groups env -i PATH="$PATH" COWFS="$COWFS" "$@"
}

case_ordinary_user() {
	make_tree layer
	touch layer/.wh.gone
	"$COWFS" commit -o layer.tar layer
	chmod 777 .
	as_user "$COWFS" apply layer.tar copy 2>said
	same "owner" "3:4" "$(mkdir -m 777 two && touch two/f && chown 3:4 two/f && "$COWFS" commit -o two.tar two && as_user "$COWFS" apply two.tar two-copy && getfattr --only-values -n user.containers.override_stat two-copy/f | cut -d : -f 1-2)"
	as_user "$COWFS" commit --options xattr_permissions=2 -o again.tar copy
	# Symbolic links have no such attribute; capabilities and devices are kept as far as may be.
	tar --numeric-owner -tvf layer.tar | grep -v '^l' | awk '{ print $1, $2, $3, $6 }' >first
	tar --numeric-owner -tvf again.tar | grep -v '^l' | awk '{ print $1, $2, $3, $6 }' >second
	diff first second
	mkdir mnt
	mount_union -o xattr_permissions=2 copy mnt
	same "device" "1:3 666" "$(chmod 666 layer/null && stat -c '%t:%T' mnt/null) 666"
	same "setuid" 6755 "$(stat -c %a mnt/dir/inherits)"
	same "group" "123:456" "$(stat -c %u:%g mnt/dir/sub)"
	refused "cannot be given its owner" as_user "$COWFS" apply --owners=disk two.tar no
	as_user unshare --user --map-root-user "$COWFS" apply two.tar alone
	same "owner, of root of a namespace with one id" "3:4" "$(getfattr --only-values -n user.containers.override_stat alone/f | cut -d : -f 1-2)"
	as_user "$COWFS" apply --owners=mine two.tar mine
	same "mine" "$(id -u nobody)" "$(stat -c %u mine/f)"
	absent no
}

# --- Where it is written -----------------------------------------------------------------------------

case_outputs() {
	mkdir -p lower/dir lower/other
	echo x >lower/file
	"$COWFS" commit lower >plain.tar
	"$COWFS" commit -o >(cmp - plain.tar && touch piped) lower
	wait_until test -e piped
	touch target.tar
	ln -s target.tar link.tar
	"$COWFS" commit -o link.tar lower
	cmp target.tar plain.tar
	same "link" target.tar "$(readlink link.tar)"
	"$COWFS" commit -o /dev/stdout lower >again.tar
	cmp again.tar plain.tar
	[ -L /dev/stdout ] || fail "/dev/stdout was replaced"
	"$COWFS" squash --compress=gzip -o named lower
	gzip -dc named | cmp - plain.tar
}

case_not_into_itself() {
	mkdir -p lower/dir
	mount_simple
	touch -d 2001-01-01 lower/dir lower
	refused "lies in lower" "$COWFS" commit -o lower/x.tar upper:lower
	refused "lies in lower" "$COWFS" squash -o lower/dir/x upper:lower
	refused "lies in lower" "$COWFS" convert --to=overlay lower lower/dir/x
	refused "lies in mnt" "$COWFS" commit -o mnt/dir/x.tar mnt
	refused "lies in mnt" "$COWFS" squash -o mnt/x mnt
	refused "part of what" "$COWFS" commit -o upper/x.tar mnt
	same "times" "2001-01-01 2001-01-01" "$(stat -c %y lower lower/dir | cut -d ' ' -f 1 | xargs)"
	same "lower" dir "$(ls -A lower)"
}

# --- What goes wrong -------------------------------------------------------------------------------

case_bad_input() {
	mkdir layer
	head -c 20000 /dev/urandom >layer/file
	"$COWFS" commit -o good.tar layer
	gzip -k good.tar
	head -c 10000 good.tar >cut.tar
	head -c 10000 good.tar.gz >cut.tar.gz
	head -c 512 good.tar >header.tar
	: >empty.tar
	echo nonsense >text.tar
	mkdir unreadable
	refused "cut short" "$COWFS" apply cut.tar new
	refused "cut short" "$COWFS" apply cut.tar.gz new
	refused "cut short" "$COWFS" apply header.tar new
	refused "cut short" "$COWFS" apply - new <cut.tar
	refused "not a tar" "$COWFS" apply empty.tar new
	refused "not a tar" "$COWFS" apply text.tar new
	refused "no such file" "$COWFS" apply missing.tar new
	refused "is a directory" "$COWFS" apply layer new
	refused "no such file" "$COWFS" apply good.tar missing/new
	refused "name of its own" "$COWFS" apply good.tar .
	refused "no such file" "$COWFS" commit -o new missing
	refused "no such file" "$COWFS" commit -o missing/new layer
	refused "is a directory" "$COWFS" commit -o unreadable layer
	refused "no such file" "$COWFS" squash -o new layer:missing
	refused "no empty directory" "$COWFS" squash -o layer layer
	refused "no such file" "$COWFS" convert --to=aufs missing new
	refused "not a directory" "$COWFS" commit -o new good.tar
	chmod 700 unreadable
	refused "permission denied" as_user "$COWFS" commit "$T/unreadable/x"
	refused "permission denied" as_user "$COWFS" commit "$T"
	chmod 000 layer/file
	refused "file\": permission denied" as_user "$COWFS" commit layer
	chmod 644 layer/file
	rmdir unreadable
	only cut.tar cut.tar.gz empty.tar good.tar good.tar.gz header.tar layer text.tar
}

status_of() {
	local status=0
	"$@" >/dev/null 2>&1 </dev/null || status=$?
	echo "$status"
}

case_usage() {
	local arguments
	mkdir layer
	for arguments in "commit" "commit layer layer" "commit --bogus layer" "commit --compress=rar layer" \
		"commit --source-date-epoch=soon layer" "commit --json layer" "commit --exclude=/ layer" "commit -o" \
		"apply" "apply x.tar" "apply --dialect=ufs x y" "apply --owners=all x y" "apply a b c" \
		"commit -o x.tar.xz layer" "apply --onto --dialect=aufs x y" "squash layer" "squash -o x" \
		"squash --json -o x layer" "squash --owners=mine -o x.tar layer" "squash -o x.tar.bz2 layer" \
		"convert layer" "convert --to=aufs" "convert --to=aufs --owners=mine layer" \
		"convert --to=aufs a b c"; do
		# shellcheck disable=SC2086 # words
		same "$arguments" 2 "$(status_of "$COWFS" $arguments)"
	done
	same "terminal" 2 "$(script -qec "$COWFS commit layer" /dev/null >said </dev/null && echo 0 || echo $?)"
	grep -q "terminal" said || fail "$(cat said)"
	for arguments in commit apply squash convert; do
		"$COWFS" $arguments --help | grep -q "^Usage: cowfs $arguments"
		"$COWFS" $arguments --version | grep -q '^cowfs'
	done
	only layer said
}

case_disk_full() {
	mkdir -p layer small
	head -c 3000000 /dev/urandom >layer/file
	mkdir layer/dir
	"$COWFS" commit -o layer.tar layer
	mount -t tmpfs -o size=2m tmpfs small
	refused "no space" "$COWFS" apply layer.tar small/new
	refused "no space" "$COWFS" commit -o small/new.tar.zst layer
	refused "no space" "$COWFS" squash -o small/new layer
	refused "no space" "$COWFS" convert --to=overlay layer small/new
	refused "no space" sh -c '"$COWFS" commit layer >/dev/full'
	(
		ulimit -f 1000
		refused "too large" "$COWFS" commit -o small/x.tar layer
	)
	same "left" "" "$(ls -A small)"
	umount small
}

# A directory is being made, and its file is there.
has_begun() {
	[ -n "$(find . -path './.cowfs-*.tmp/file')" ]
}

# blocked PID: it waits for somebody to read what it writes.
blocked() {
	grep -q pipe "/proc/$1/wchan" 2>/dev/null || grep -q '^1 ' "/proc/$1/syscall"
}

# interrupted SIGNAL PID: it ends by that signal.
interrupted() {
	local status=0
	kill -s "$1" "$2"
	wait "$2" || status=$?
	same "status" "$((128 + $(kill -l "$1")))" "$status"
}

case_interrupted() {
	local signal
	mkdir layer
	mkfifo pipe
	head -c 3000000 /dev/urandom >layer/file
	"$COWFS" commit -o layer.tar layer
	for signal in INT TERM HUP; do
		{
			head -c 1000000 layer.tar
			sleep 20
		} >pipe &
		note_process $!
		# Without job control the shell has it ignore SIGINT.
		env --default-signal=INT "$COWFS" apply - copy <pipe &
		note_process $!
		wait_until has_begun
		interrupted $signal $!
		kill %% 2>/dev/null || true
	done
	# Somebody has it open, and does not read.
	exec 9<>pipe
	"$COWFS" commit layer >pipe &
	note_process $!
	wait_until blocked $!
	interrupted TERM $!
	only layer layer.tar pipe
}

# However much there is, what is held in memory stays the same: less than the one file has.
case_constant_memory() {
	local directory
	[ -z "${COWFS_SANITIZERS-}" ] || skip "a sanitizer needs all addresses there are"
	mkdir layer layer/{1..20}
	for directory in layer/*; do
		many_files create "$directory" 1000
	done
	truncate -s 2G layer/sparse
	head -c 100000000 /dev/urandom >layer/large
	(
		ulimit -v 80000
		"$COWFS" commit -o layer.tar.zst layer
		"$COWFS" apply layer.tar.zst copy
		"$COWFS" squash -o squashed copy
	)
	cmp layer/large squashed/large
	same "names" "$(find layer | wc -l)" "$(find squashed | wc -l)"
}

run_cases "$@"
