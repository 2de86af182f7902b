#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Layers that change underneath or carry nonsense: never out of the layer, never a hang, never a crash.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

CASE_SECONDS=60

# The layers lie where a relative link leads to `outside`, which it does not from the mountpoint: the
# kernel follows links that are shown, and that is the reader's own affair.
make_layers() {
	mkdir -p mnt store
	cd store
	mkdir -p lower/dir/sub upper outside/sub
	echo inside >lower/dir/file
	echo inside >lower/dir/sub/file
	echo inside >lower/file
	echo secret >outside/file
	echo secret >outside/sub/file
	cd ..
	ln -s store/lower store/upper .
	remember_tree store/outside
}

# Whatever it answers, it answers something, and the daemon goes on.
still_alive() {
	timeout 20 find mnt -ls >/dev/null 2>&1 || true
	timeout 20 "$COWFS" stat mnt >/dev/null || fail "the daemon does not answer"
	echo alive >mnt/alive || fail "nothing can be made any more"
	rm mnt/alive
}

# Nothing of outside is read or written: content, names, or through any change.
stays_inside() {
	local path
	for path in "$1" "$1/file" "$1/sub/file" "$1/sub"; do
		timeout 5 cat "$path" 2>/dev/null | grep -q secret && fail "$path shows what is outside"
		(echo written | timeout 5 tee -a "$path") >/dev/null 2>&1 || true
		timeout 5 chmod 777 "$path" 2>/dev/null || true
	done
	timeout 5 touch "$1/new" 2>/dev/null || true
	timeout 5 mkdir "$1/newdir" 2>/dev/null || true
	timeout 5 rm -rf "$1/sub" 2>/dev/null || true
	timeout 5 mv "$1/file" "$1/moved" 2>/dev/null || true
	tree_is_unchanged store/outside
}

case_link_in_place_of_a_lower_directory() {
	make_layers
	mount_simple
	find mnt >/dev/null
	drop_caches 3
	mv lower/dir lower/away
	ln -s ../outside lower/dir
	stays_inside mnt/dir
	drop_caches 3
	stays_inside mnt/dir
	still_alive
}

case_link_in_place_of_an_upper_directory() {
	make_layers
	mount_simple
	echo x >mnt/dir/new
	echo x >mnt/dir/sub/new
	drop_caches 3
	mv upper/dir upper/away
	ln -s ../outside upper/dir
	stays_inside mnt/dir
	drop_caches 3
	stays_inside mnt/dir
	still_alive
}

# Over and over, while somebody works there (CVE-2018-15664 and its kin).
case_swapping_forever() {
	local i
	make_layers
	mkdir upper/dir
	cp -r upper/dir spare
	mount_simple -o timeout=0
	(
		set +e
		while :; do
			mv upper/dir "$T/kept" 2>/dev/null && ln -s ../outside upper/dir
			rm -f upper/dir
			mv "$T/kept" upper/dir 2>/dev/null
		done
	) >/dev/null 2>&1 &
	note_process $!
	for i in {1..300}; do
		timeout 5 touch "mnt/dir/new$i" 2>/dev/null || true
		timeout 5 chmod 700 mnt/dir/file 2>/dev/null || true
		timeout 5 cat mnt/dir/file 2>/dev/null | grep -q secret && fail "read what is outside"
	done
	kill -9 $!
	tree_is_unchanged store/outside
}

case_fifo_in_place_of_a_file() {
	make_layers
	mount_simple
	keep_in_memory mnt/file
	rm lower/file
	mkfifo lower/file
	timeout 5 cat mnt/file >/dev/null 2>&1 || different "status" 124 $?
	timeout 5 sh -c 'echo x >>mnt/file' 2>/dev/null || different "status" 124 $?
	forget_all
	drop_caches 3
	timeout 5 sh -c 'exec 3<>mnt/file' 2>/dev/null || different "status" 124 $?
	still_alive
}

case_device_in_place_of_a_file() {
	make_layers
	mount_simple
	keep_in_memory mnt/file
	rm lower/file
	mknod lower/file c 1 5
	at_most "bytes read from /dev/zero" 0 "$(timeout 5 cat mnt/file 2>/dev/null | tr -d '\n[:alpha:]' | head -c 100 | wc -c)"
	timeout 5 sh -c 'echo x >>mnt/file' 2>/dev/null || different "status" 124 $?
	still_alive
}

case_files_vanish_and_change() {
	make_layers
	mount_simple
	exec 3<mnt/dir/sub/file
	rm -r lower/dir
	echo short >lower/file
	drop_caches 3
	timeout 5 cat <&3 >/dev/null 2>&1 || different "status" 124 $?
	timeout 5 cat mnt/file >/dev/null 2>&1 || different "status" 124 $?
	timeout 5 sh -c 'echo x >>mnt/dir/sub/file' 2>/dev/null || different "status" 124 $?
	still_alive
}

case_loops() {
	make_layers
	ln -s loop lower/loop
	ln -s ../mnt lower/back
	ln -s . lower/self
	mount_simple
	refused "too many" cat mnt/loop
	same "through itself" inside "$(cat mnt/self/self/self/file)"
	same "through the mountpoint" inside "$(cat mnt/back/back/file)"
	echo x >>mnt/back/back/file
	still_alive
}

# Whiteouts that make no sense.
case_odd_whiteouts() {
	make_layers
	mkdir top
	mkdir top/.wh.file
	touch top/.wh.file/x top/.wh. top/.wh..wh. top/.wh... top/.wh..
	ln -s /etc/passwd top/.wh.dir
	mkdir top/.wh..wh..opq
	mkfifo top/.wh.fifo
	mount_union top:lower upper mnt
	still_alive
	same "visible" "" "$(find mnt -name '.wh.*')"
	echo x >mnt/file
	mkdir -p mnt/dir
	rm -rf mnt/dir mnt/file
	still_alive
}

garbage_values="y Y x n yy 0 $(printf 'g%.0s' {1..250})"

case_garbage_in_opaque_attributes() {
	local value number=0
	make_layers
	mkdir top
	for value in $garbage_values; do
		number=$((number + 1))
		mkdir -p "lower/d$number" "top/d$number"
		echo x >"lower/d$number/file"
		setfattr -n trusted.overlay.opaque -v "$value" "top/d$number"
		setfattr -n user.fuseoverlayfs.opaque -v "$value" "top/d$number"
		setfattr -n trusted.overlay.redirect -v "../$value" "top/d$number"
		setfattr -n trusted.overlay.metacopy -v "$value" "top/d$number"
	done
	setfattr -n trusted.overlay.opaque top
	mount_union top:lower upper mnt
	still_alive
	rm -rf mnt/d1
	mv mnt/d2 mnt/moved
	still_alive
}

# Our own attributes and files, as somebody else might have left them.
redirects="/ . .. ../.. ../outside /../outside //// dir dir/sub/../.. /dir/sub /absent $(printf '/long%.0s' {1..500})"

case_garbage_in_redirects() {
	local value number=0
	make_layers
	mount_simple
	mkdir mnt/made
	umount_union mnt
	for value in $redirects; do
		number=$((number + 1))
		mkdir "upper/r$number"
		setfattr -n trusted.cowfs.redirect -v "$value" "upper/r$number"
		setfattr -n trusted.cowfs.origin -v "$value" "upper/r$number" 2>/dev/null || true
	done
	mkdir upper/binary
	setfattr -n trusted.cowfs.redirect -v 0x00ff2f00 upper/binary
	# One that contains itself.
	mkdir -p upper/dir/sub
	setfattr -n trusted.cowfs.redirect -v /dir upper/dir/sub
	mount_simple
	timeout 20 find mnt -name file -exec cat {} + 2>/dev/null | grep -q secret && fail "redirected to the outside"
	still_alive
	timeout 20 rm -rf mnt/r* mnt/binary
	still_alive
	tree_is_unchanged store/outside
}

case_garbage_in_origins_and_index() {
	local value number=0
	make_layers
	ln lower/file lower/linked
	mount_simple
	echo more >>mnt/linked
	chmod 600 mnt/dir/file
	umount_union mnt
	for value in '' : 0:0 zz:zz ffffffffffffffff:ffffffffffffffff 123 "$(printf '9%.0s' {1..60}):1"; do
		number=$((number + 1))
		echo x >"upper/o$number"
		setfattr -n trusted.cowfs.origin -v "$value" "upper/o$number"
		setfattr -n trusted.cowfs.links -v "$value" "upper/o$number"
		: >"upper/.wh..wh.cowfs/index/$number"
		mkdir -p "upper/.wh..wh.cowfs/index/dir$number"
	done
	# Each entry of the index says something else than it should.
	find upper/.wh..wh.cowfs/index -type f -exec sh -c 'echo garbage >"$1"; setfattr -n trusted.cowfs.links -v garbage "$1"' sh {} \;
	mkfifo upper/.wh..wh.cowfs/index/fifo
	ln -s /etc/passwd upper/.wh..wh.cowfs/index/link
	mount_simple
	still_alive
	timeout 10 cat mnt/linked mnt/file >/dev/null
	timeout 10 sh -c 'echo more >>mnt/file'
	timeout 10 rm -f mnt/linked mnt/file mnt/o*
	still_alive
}

case_state_directory_is_a_link() {
	make_layers
	ln -s ../outside upper/.wh..wh.cowfs
	if "$COWFS" mount lower upper mnt 2>"$T.stderr"; then
		echo x >mnt/new
		rm mnt/file
	else
		same "lines on stderr" 1 "$(wc -l <"$T.stderr")"
	fi
	tree_is_unchanged store/outside
}

case_state_directory_is_a_file() {
	make_layers
	echo x >upper/.wh..wh.cowfs
	refused "." "$COWFS" mount lower upper mnt
	is_not_mounted mnt
	rm upper/.wh..wh.cowfs
	mkdir -p upper/.wh..wh.cowfs
	ln -s ../../outside upper/.wh..wh.cowfs/work
	if "$COWFS" mount lower upper mnt 2>/dev/null; then
		echo x >mnt/new
		echo x >>mnt/file
	fi
	tree_is_unchanged store/outside
}

case_garbage_in_override_stat() {
	local value number=0
	make_layers
	for value in '' 0 0:0 0:0:0755 0:0:0755:file 0:0:0755:dir 0:0:0755:block-1-3 0:0:0755:char-0-0 0:0:0755:char \
		-1:-1:-1 99999999999:0:0755 0:0:99999 a:b:c 0:0:0755:file:more 0:0:0755:socket 0:0:0755:symlink; do
		number=$((number + 1))
		echo x >"lower/f$number"
		mkdir "lower/d$number"
		setfattr -n user.containers.override_stat -v "$value" "lower/f$number" "lower/d$number"
	done
	mount_simple -o xattr_permissions=2
	still_alive
	timeout 20 chmod 600 mnt/f* 2>/dev/null || true
	timeout 20 cat mnt/f4 >/dev/null
	still_alive
	timeout 20 rm -rf mnt/f* mnt/d*
	still_alive
}

# Names that no directory should hold are refused by the kernel; these only look so.
case_a_mount_inside_a_layer() {
	make_layers
	mkdir lower/mounted
	mount -t tmpfs tmpfs lower/mounted
	echo other >lower/mounted/other
	mount_simple
	timeout 10 ls mnt/mounted >/dev/null 2>&1 || true
	still_alive
	umount lower/mounted
}

run_cases "$@"
