#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every form the program is called in (mount_helper.sh has those of mount(8)), its life as a daemon, and its end.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

make_layers() {
	make_two_layers
	mkdir work bin
	ln -s "$COWFS" bin/fuse-overlayfs
}

works() {
	same "content" "a b" "$(cat mnt/file mnt/only-b | xargs)"
	echo new >mnt/new
	umount mnt
	wait_until test -e upper/new
	same "new" new "$(cat upper/new)"
	rm upper/new
}

case_mount_command() {
	make_layers
	"$COWFS" mount a:b upper mnt
	works
	"$COWFS" mount -o workdir=work,lowerdir=a:b,upperdir=upper mnt
	works
}

case_read_only_union() {
	make_layers
	"$COWFS" mount a:b mnt
	same "content" "a b" "$(cat mnt/file mnt/only-b | xargs)"
	refused "read-only" touch mnt/new
	refused "read-only" rm -f mnt/file
	refused "read-only" chmod 600 mnt/file
	refused "read-only" sh -c 'echo x >mnt/file'
	umount mnt
	"$COWFS" mount -o ro a:b upper mnt
	refused "read-only" touch mnt/new
	umount mnt
	same "upper" "" "$(find upper -mindepth 1 -name .wh..wh.cowfs -prune -o -mindepth 1 -print)"
}

case_escaped_colons() {
	mkdir -p 'lo:wer' 'up:per' 'm:nt' 'back\slash'
	echo x >'lo:wer/file'
	echo y >'back\slash/other'
	"$COWFS" mount 'lo\:wer:back\\slash' 'up:per' 'm:nt' || "$COWFS" mount 'lo\:wer:back\slash' 'up:per' 'm:nt'
	same "content" "x y" "$(cat 'm:nt/file' 'm:nt/other' | xargs)"
	umount 'm:nt'
	"$COWFS" -o 'lowerdir=lo\:wer,upperdir=up\:per' 'm:nt'
	same "content" x "$(cat 'm:nt/file')"
	umount 'm:nt'
}

case_as_fuse_overlayfs() {
	make_layers
	bin/fuse-overlayfs -o "lowerdir=$T/a:$T/b,upperdir=$T/upper,workdir=$T/work" "$T/mnt"
	works
	bin/fuse-overlayfs -o "lowerdir=a:b" -o upperdir=upper -o workdir=work mnt
	works
}

# The lists seen from podman, buildah and containerd: see the notes on clients.
case_argument_lists_of_engines() {
	make_layers
	mkdir -p l
	ln -s ../a l/AAAAAAAAAAAAAAAAAAAAAAAAAA
	ln -s ../b l/BBBBBBBBBBBBBBBBBBBBBBBBBB
	bin/fuse-overlayfs -o "lowerdir=$T/l/AAAAAAAAAAAAAAAAAAAAAAAAAA:$T/l/BBBBBBBBBBBBBBBBBBBBBBBBBB,upperdir=$T/upper,workdir=$T/work,,volatile" "$T/mnt"
	works
	bin/fuse-overlayfs -o "lowerdir=l/AAAAAAAAAAAAAAAAAAAAAAAAAA:$T/b,upperdir=upper,workdir=work," mnt
	works
	bin/fuse-overlayfs -o "lowerdir=a:b,upperdir=upper,workdir=work,private" mnt
	works
	bin/fuse-overlayfs -o 'lowerdir=a:b,upperdir=upper,workdir=work,context="system_u:object_r:container_file_t:s0:c1,c2"' mnt
	works
	bin/fuse-overlayfs overlay mnt -o workdir=work,upperdir=upper,lowerdir=a:b,dev,suid
	works
	bin/fuse-overlayfs -o lowerdir=a:b mnt
	same "read-only" "a b" "$(cat mnt/file mnt/only-b | xargs)"
	umount mnt
}

# `l/X/../diff1`: `..` after the link, never as text.
case_dot_dot_after_a_link() {
	mkdir -p store/X-real/diff store/X-real/diff1 store/l upper mnt
	echo right >store/X-real/diff1/file
	mkdir -p store/diff1
	echo wrong >store/diff1/file
	ln -s ../X-real/diff store/l/X
	"$COWFS" mount store/l/X/../diff1 upper mnt
	same "content" right "$(cat mnt/file)"
}

# Options of tens of kilobytes.
case_long_options() {
	local i lowers=
	make_layers
	for i in {1..200}; do
		mkdir -p "layers/a-rather-long-name-for-a-layer-as-engines-like-them-0123456789abcdef-$i/diff"
		lowers=$lowers:$T/layers/a-rather-long-name-for-a-layer-as-engines-like-them-0123456789abcdef-$i/diff
	done
	bin/fuse-overlayfs -o "lowerdir=a:b$lowers,upperdir=upper,workdir=work" mnt
	works
}

case_version_and_help() {
	make_layers
	"$COWFS" --version | grep -q '^cowfs [0-9]'
	bin/fuse-overlayfs --version | grep -q '^fuse-overlayfs: version 1\.1[0-9]'
	for command in "" mount umount stat; do
		# shellcheck disable=SC2086 # an empty one is none
		"$COWFS" $command --help | grep -q '^Usage: cowfs'
		# shellcheck disable=SC2086
		"$COWFS" $command --version | grep -q '^cowfs [0-9]'
	done
	same "words on stderr" "" "$("$COWFS" --help 2>&1 >/dev/null)"
}

# --- the daemon ---

# stderr is a pipe that engines read to its end; stdout and stdin likewise.
case_descriptors_are_released() {
	make_layers
	same "said" "" "$(timeout 10 "$COWFS" mount a:b upper mnt 2>&1 </dev/null)"
	is_mounted mnt
	local pid
	pid=$(daemon_pid mnt)
	same "descriptors 0 to 2" "/dev/null /dev/null /dev/null" "$(readlink "/proc/$pid/fd/0" "/proc/$pid/fd/1" "/proc/$pid/fd/2" | xargs)"
	same "working directory" / "$(readlink "/proc/$pid/cwd")"
	echo x >mnt/x
	works
}

case_closed_descriptors() {
	make_layers
	"$COWFS" mount a:b upper mnt <&- >&- 2>&-
	works
}

case_live_when_it_returns() {
	local i
	make_layers
	for i in {1..20}; do
		"$COWFS" mount a:b upper mnt
		cat mnt/only-b >/dev/null
		mountpoint -q mnt
		"$COWFS" umount mnt
	done
}

case_exits_when_unmounted() {
	local pid
	make_layers
	"$COWFS" mount a:b upper mnt
	pid=$(daemon_pid mnt)
	umount mnt
	wait_until process_is_gone "$pid"
	"$COWFS" mount a:b upper mnt
	pid=$(daemon_pid mnt)
	fusermount3 -u mnt
	wait_until process_is_gone "$pid"
	"$COWFS" mount a:b upper mnt
	pid=$(daemon_pid mnt)
	"$COWFS" umount mnt
	wait_until process_is_gone "$pid"
}

# The daemon that ends may find another mount where its own was, with the same number.
case_next_mount_stays() {
	needs strace
	make_layers
	"$COWFS" mount a:b upper mnt
	strace -f -qq -e trace=statx -e inject=statx:delay_enter=700000 -o /dev/null -p "$(daemon_pid mnt)" &
	note_process $!
	sleep 0.5
	umount mnt
	"$COWFS" mount a:b mnt
	wait $! || true
	sleep 0.2
	is_mounted mnt
	umount mnt
}

case_lazy_umount() {
	local pid
	make_layers
	"$COWFS" mount a:b upper mnt
	pid=$(daemon_pid mnt)
	exec 3>mnt/open
	umount -l mnt
	is_not_mounted mnt
	echo still works >&3
	kill -0 "$pid"
	exec 3>&-
	wait_until process_is_gone "$pid"
	same "written" "still works" "$(cat upper/open)"
}

case_busy() {
	make_layers
	"$COWFS" mount a:b upper mnt
	exec 3<mnt/file
	refused "in use\|busy" "$COWFS" umount mnt
	is_mounted mnt
	same "content" a "$(cat <&3)"
	exec 3<&-
	"$COWFS" umount mnt
}

by_signal() {
	local pid
	make_layers
	"$COWFS" mount a:b upper mnt
	pid=$(daemon_pid mnt)
	echo before >mnt/new
	kill "-$1" "$pid"
	wait_until process_is_gone "$pid"
	wait_until is_not_mounted mnt
	same "written" before "$(cat upper/new)"
	"$COWFS" mount a:b upper mnt
	same "again" before "$(cat mnt/new)"
}

case_sigterm() {
	by_signal TERM
}

case_sigint() {
	by_signal INT
}

# A daemon that was killed leaves an upper that can be mounted again.
case_sigkill() {
	local pid
	make_layers
	"$COWFS" mount a:b upper mnt
	pid=$(daemon_pid mnt)
	echo before >mnt/new
	sync mnt/new
	kill -KILL "$pid"
	wait_until process_is_gone "$pid"
	umount -l mnt
	"$COWFS" mount a:b upper mnt
	same "again" before "$(cat mnt/new)"
}

case_foreground() {
	make_layers
	"$COWFS" mount -f a:b upper mnt &
	note_process $!
	wait_until is_mounted mnt
	same "content" a "$(cat mnt/file)"
	umount mnt
	wait $!
}

case_verbose() {
	make_layers
	"$COWFS" mount -v a:b upper mnt >"$T.said" 2>&1
	[ -s "$T.said" ] || fail "-v says nothing"
	works
}

case_stat() {
	make_layers
	"$COWFS" mount a:b upper mnt
	cat mnt/file >/dev/null
	"$COWFS" stat mnt | grep -q '^layers *3$'
	"$COWFS" stat mnt | grep -q '^ *lookup'
	same "layers" 3 "$(stat_number mnt layers)"
	if command -v python3 >/dev/null; then
		"$COWFS" stat --json mnt | python3 -c 'import json, sys; json.load(sys.stdin)["messages"]["lookup"]'
	fi
}

# Each mount loads them, and each daemon keeps its part of them.
case_few_libraries() {
	[ -z "${COWFS_SANITIZERS-}" ] || skip "a sanitizer brings libraries along"
	needs ldd
	local library
	for library in archive crypto ncurses xml2 stdc; do
		ldd "$COWFS" | grep -q "lib$library" && fail "cowfs loads lib$library"
	done
	at_most "libraries" 6 "$(ldd "$COWFS" | grep -c ' => ')"
}

case_archive_commands() {
	local command
	for command in apply commit convert explore squash; do
		"$COWFS" "$command" --help | grep -q "^Usage: cowfs $command" || fail "cowfs $command --help"
	done
	[ -e "$(dirname "$COWFS")/cowfs-archive" ] || skip "this cowfs is installed"
	cp "$COWFS" .
	if [ -e /usr/libexec/cowfs-archive ] || [ -e /usr/local/libexec/cowfs-archive ]; then
		skip "another cowfs is installed"
	fi
	refused "cowfs: .*/libexec/cowfs-archive, which has the command commit: No such file" ./cowfs commit upper
}

run_cases "$@"
