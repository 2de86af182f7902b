#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cowrun cp: files into containers and out of them, and containers that would like to have other files copied.
# shellcheck source-path=SCRIPTDIR source=cowrun_lib.sh disable=SC2016
. "$(dirname "$0")/cowrun_lib.sh"

# A tree with one of everything.
make_tree() {
	mkdir -p "$1/sub/empty"
	echo one >"$1/one"
	echo two >"$1/sub/two words"
	ln "$1/one" "$1/sub/linked"
	ln -s ../one "$1/sub/link"
	ln -s /nowhere "$1/dangling"
	mkfifo "$1/fifo"
	head -c 3000000 /dev/urandom >"$1/big"
	: >"$1/none"
	chmod 640 "$1/one"
	chmod 1751 "$1/sub"
	chmod 4755 "$1/big"
	touch -h -d '2020-02-03 04:05:06.789' "$1"/* "$1"/sub/*
	touch -d '2020-02-03 04:05:06.789' "$1/sub" "$1"
}

# Names, types, permissions, link counts, times and contents of all below a directory.
describe() {
	(cd "$1" && find . -mindepth 1 ! -path . -printf '%p %y %m %n %T@ %l\n' | sort && find . -type f -exec sha256sum {} + | sort)
}

# both_ways CONTAINER: what docker's documentation says of its cp, on a container with nothing in /srv but what this does.
both_ways() {
	local c=$1
	# A file: new, over a file, into a directory.
	cowrun cp tree/one "$c:/srv/new"
	cowrun cp tree/none "$c:/srv/new"
	cowrun cp tree/one "$c:/srv"
	cowrun cp "$c:/srv/new" new
	same "overwritten" "" "$(cat new)"
	cowrun cp "$c:/srv/one" new
	same "back" "$(describe_file tree/one)" "$(describe_file new)"
	# A directory: its name in one that is there, or as a new one, or what is in it.
	cowrun cp tree "$c:/srv"
	cowrun cp tree "$c:/srv/renamed"
	cowrun cp tree/. "$c:/srv/renamed"
	cowrun cp "$c:/srv/tree" back
	mkdir into
	cowrun cp "$c:srv/renamed" into
	mkdir contents
	cowrun cp "$c:/srv/renamed/." contents
	chmod u-s tree/big
	same "directory, both ways" "$(describe tree)" "$(describe back)"
	same "renamed" "$(describe tree)" "$(describe into/renamed)"
	same "contents" "$(describe tree)" "$(describe contents)"
	chmod 4755 tree/big
	# As tars.
	cowrun cp "$c:/srv/tree/sub" - | tar -tf - >list
	same "names in the tar" "sub/ sub/empty/ sub/link sub/linked sub/two words" "$(sort list | xargs)"
	tar -C tree -cf - sub one | cowrun cp - "$c:/srv/renamed/sub/empty"
	cowrun cp "$c:/srv/renamed/sub/empty/sub/two words" - | tar -xOf - >said
	same "through tars" two "$(cat said)"
	# Links.
	cowrun cp "$c:/srv/tree/sub/link" link
	same "a link stays one" ../one "$(readlink link)"
	cowrun cp -L "$c:/srv/tree/sub/link" followed
	same "a link followed" one "$(cat followed)"
}

describe_file() {
	stat -c '%a %Y %s' "$1"
	cat "$1"
}

case_running() {
	make_tree tree
	start_one c
	both_ways c
	same "owner" "0 0 4755" "$(cowrun exec c stat -c '%u %g %a' /srv/tree/big)"
	cowrun pause c >/dev/null
	cowrun cp tree/one c:/srv/paused
	cowrun unpause c >/dev/null
	cowrun exec c test -s /srv/paused
	cowrun rm -f c >/dev/null
	all_is_gone
}

case_stopped() {
	make_tree tree
	make_root root
	remember_tree root
	cowrun create --name c --rootfs root sh -c 'cat /srv/one; stat -c "%u %g %a" /srv/tree/big; ls /srv' >/dev/null
	both_ways c
	cowrun start -a c >said
	same "seen by it" "one 0 0 4755 new one renamed tree" "$(xargs <said)"
	cowrun cp c:/srv/one again
	same "after its end" one "$(cat again)"
	tree_is_unchanged root
	cowrun rm c >/dev/null
	all_is_gone
}

# describe_holes FILE: its size and content, and whether it takes less on the disk.
describe_holes() {
	echo "$(stat -c %s "$1")" "$(sha256sum <"$1" | cut -c -64)" "$([ "$(stat -c %b "$1")" -lt 8192 ] && echo sparse)"
}

# holes_both_ways CONTAINER
holes_both_ways() {
	local c=$1 name
	rm -rf back
	cowrun cp sparse "$c:/srv/"
	cowrun cp "$c:/srv/sparse" back
	for name in start middle none all; do
		same "$name" "$(describe_holes "sparse/$name")" "$(describe_holes "back/$name")"
	done
	cowrun cp "$c:/srv/sparse" - | tar -xOf - sparse/middle | cmp - sparse/middle
	at_most "kilobytes of the tar" 4096 $(($(cowrun cp "$c:/srv/sparse" - | wc -c) / 1024))
}

case_holes() {
	mkdir sparse
	(
		cd sparse
		truncate -s 64M start middle all
		printf end | dd of=start bs=1 seek=67108861 conv=notrunc status=none
		head -c 500000 /dev/urandom | dd of=middle conv=notrunc status=none
		head -c 500000 /dev/urandom | dd of=middle bs=1M seek=40 conv=notrunc status=none
		head -c 300000 /dev/zero >none
	)
	start_one c
	same "there are holes here" sparse "$(describe_holes sparse/all | cut -d " " -f 3)"
	holes_both_ways c
	same "in it" "$(stat -c '%s' sparse/middle)" "$(cowrun exec c stat -c %s /srv/sparse/middle)"
	at_most "blocks in it" 8192 "$(cowrun exec c stat -c %b /srv/sparse/middle)"
	cowrun stop -t 0 c >/dev/null
	cowrun cp c:/srv/sparse/middle once_more
	same "stopped" "$(describe_holes sparse/middle)" "$(describe_holes once_more)"
	cowrun rm c >/dev/null
	cowrun create --name d --rootfs root true >/dev/null
	holes_both_ways d
	cowrun rm d >/dev/null
	all_is_gone
}

case_owners() {
	mkdir tree
	echo x >tree/x
	chown 33:50 tree/x
	start_one c
	cowrun cp tree c:/srv/roots
	cowrun cp -a tree c:/srv/kept
	same "owners inside" "0:0 33:50" "$(cowrun exec c stat -c %u:%g /srv/roots/x /srv/kept/x | xargs)"
	cowrun exec c sh -c 'chown 7:8 /srv/kept/x && chmod 6755 /srv/kept/x && mknod /srv/kept/null c 1 3'
	cowrun cp c:/srv/kept ours 2>said
	same "ours, and harmless" "0:0 755" "$(stat -c '%u:%g %a' ours/x)"
	grep -q 'null.*device' said
	[ ! -e ours/null ] || fail "a device came out"
	cowrun cp -a c:/srv/kept theirs
	same "as it was" "7:8 6755" "$(stat -c '%u:%g %a' theirs/x)"
	same "a device, if asked for" "1 3" "$(stat -c '%Hr %Lr' theirs/null 2>/dev/null || stat -c '%t %T' theirs/null)"
}

case_volumes() {
	mkdir data
	echo volume >data/file
	start_one c -v ./data:/srv/data -v named:/srv/named
	echo host >new
	cowrun cp new c:/srv/data/in
	same "in the bind" host "$(cat data/in)"
	cowrun cp c:/srv srv
	same "in a mount below" volume "$(cat srv/data/file)"
	cowrun stop -t 0 c >/dev/null
	cowrun cp new c:/srv/named/in
	cowrun cp new c:/srv/data/stopped
	same "in the bind of one that is stopped" host "$(cat data/stopped)"
	cowrun start c >/dev/null
	same "in the volume" host "$(cowrun exec c cat /srv/named/in)"
	# The kernel's own file systems are not copied.
	timeout 20 "$COWRUN" --root "$T/store" cp c:/ - | tar -tf - >list
	! grep -E '^(proc|sys)/.' list || fail "there are files of the kernel's in the tar"
	grep -qx 'srv/data/file' list
}

# refused STATUS PATTERN ARGUMENT...: one sentence.
refused() {
	local expected=$1 pattern=$2
	shift 2
	status_is "$expected" cowrun cp "$@" 2>said </dev/null
	grep -q -- "$pattern" said || fail "cp $*: said $(cat said)"
	same "lines of cp $*" 1 "$(wc -l <said)"
}

case_bad_input() {
	make_tree tree
	start_one c
	cowrun exec c sh -c 'mkdir -p /srv/d/one /srv/d/x && echo x >/srv/f && ln -s loop /srv/loop'
	refused 2 Usage
	refused 2 Usage a b c
	refused 2 'one of the two' tree/one out
	refused 2 'from one to another' c:/srv/f c:/srv/g
	refused 2 'path is missing' c: out
	refused 2 'option' --wrong c:/x out
	refused 1 'absent' absent:/x out
	refused 1 'No such file' c:/absent out
	refused 1 'No such file' c:/srv/f absent/out
	refused 1 'No such file' tree/absent c:/srv
	refused 1 'No such file' tree/one c:/absent/one
	refused 1 'no such directory' tree/one c:/srv/absent/
	refused 1 'no such directory' c:/srv/f absent/
	refused 1 'Not a directory' tree/one c:/srv/f/
	refused 1 'Not a directory' tree c:/srv/f
	refused 1 'Not a directory' c:/srv/d tree/one
	refused 1 'Not a directory' c:/srv/f/ out
	refused 1 'Is a directory' tree/one c:/srv/d
	refused 1 'unpacked into a directory' - c:/srv/f
	refused 1 'symbolic links' tree/one c:/srv/loop
	refused 1 'not a tar' - c:/srv/d
	same "nothing was lost" "f d/one d/x" "$(cowrun exec c sh -c 'cd /srv && echo f d/*')"
	! cowrun cp c:/srv/f - >/dev/full 2>said || fail "what cannot be written was"
	grep -q 'No space left' said
	same "the pipe that nobody reads" 1 "$(
		set +e
		"$COWRUN" --root "$T/store" cp c:/bin - 2>said | head -c 1 >/dev/null
		echo "${PIPESTATUS[0]}"
	)"
}

make_precious() {
	mkdir precious
	echo precious >precious/file
	remember_tree precious
}

# CVE-2018-15664: links of the container's mean what they mean in it.
case_links_that_lead_out() {
	make_precious
	start_one c
	echo evil >evil
	mkdir -p evil_tree/deep
	echo evil >evil_tree/deep/file
	cowrun exec c sh -c "mkdir -p $T/precious /srv/t && echo inside >$T/precious/file && cd /srv && ln -s $T/precious absolute &&
		ln -s ../../../../../../../../../..$T/precious relative && ln -s $T/precious/file file && ln -s /proc/1/root/..$T/precious magic &&
		ln -s $T/precious t/deep && ln -s $T/precious/new new"
	local link
	for link in absolute relative; do
		same "through $link" inside "$(cowrun cp "c:/srv/$link/file" - | tar -xOf -)"
		same "followed $link" inside "$(cowrun cp -L "c:/srv/$link" - | tar -xOf - "$link/file")"
	done
	same "a link to a file" inside "$(cowrun cp -L c:/srv/file - | tar -xOf -)"
	! cowrun cp c:/srv/magic/file out 2>/dev/null || fail "a link of proc was followed"
	cowrun cp evil c:/srv/absolute
	cowrun cp evil c:/srv/relative/second
	cowrun cp evil c:/srv/file
	cowrun cp evil c:/srv/new
	same "what a link means was replaced" "evil evil evil evil" \
		"$(cowrun exec c sh -c "cd $T/precious && cat evil second file new" | xargs)"
	! cowrun cp evil_tree/. c:/srv/t 2>/dev/null || fail "a link was taken for a directory"
	tree_is_unchanged precious
	# Coming out, a link is one.
	cowrun cp c:/srv out
	same "a link that came out" "$T/precious" "$(readlink out/absolute)"
	tree_is_unchanged precious
	# And one that is in the way outside is not written through.
	mkdir -p "$T/target/srv"
	ln -s "$T/precious" target/srv/t
	! cowrun cp c:/srv target 2>/dev/null || fail "a link outside was taken for a directory"
	tree_is_unchanged precious
}

# The same while the container puts a link in a directory's place and takes it away again.
case_swapped_meanwhile() {
	local i
	make_precious
	start_one c
	mkdir tree
	echo evil >tree/file
	cowrun exec c sh -c "mkdir -p /srv/place $T/precious && echo inside >/srv/place/file && ln -s $T/precious /srv/link"
	cowrun exec -d c sh -c 'cd /srv && while :; do mv place other; mv link place; mv place link; mv other place; done 2>/dev/null'
	for ((i = 0; i < 15; i++)); do
		cowrun cp tree/. c:/srv/place 2>/dev/null || true
		cowrun cp c:/srv/place "out$i" 2>/dev/null || true
		cowrun cp c:/srv/place/file "file$i" 2>/dev/null || true
	done
	# Links may have come out, which mean something else here.
	[ -z "$(find out* file* -type f -exec grep -l precious {} +)" ] || fail "a file of the host came out"
	tree_is_unchanged precious
}

# CVE-2019-14271: nothing of the container's is run or loaded, and names mean nothing but themselves.
case_nothing_is_loaded() {
	local name
	make_root root
	mkdir -p root/lib root/lib64 root/usr/lib out data
	printf '#!/bin/sh\necho run >>/srv/was_run\n' >evil
	chmod 755 evil
	for name in bin/tar bin/cowfs bin/cowrun bin/cp lib/libnss_files.so.2 lib/libarchive.so.13 etc/nsswitch.conf; do
		rm -f "root/$name"
		cp evil "root/$name"
	done
	cowrun run -d --name c -v ./data:/srv/data --rootfs root sleep 1000 >/dev/null
	echo kept >out/victim
	# Through a volume a container can have names that mean something in layers.
	cowrun exec c sh -c 'mkdir -p /srv/data/out && cd /srv/data/out && echo x >.wh.victim && echo x >.wh..wh..opq && echo x >.wh..wh.y'
	cowrun cp c:/srv/data/out/. out
	same "names" ".wh..wh..opq .wh..wh.y .wh.victim victim" "$(find out -mindepth 1 -printf '%f\n' | LC_ALL=C sort | xargs)"
	same "what was there" kept "$(cat out/victim)"
	cowrun cp evil c:/srv/x
	cowrun cp c:/srv/x x
	! cowrun exec c test -e /srv/was_run || fail "a program of the container's was run"
	[ ! -e /srv/was_run ] || fail "it was run outside"
}

# killed RUNNER: a copy into a container that does not run is killed in the middle, when it has mounted the union.
killed() {
	local copy
	mkfifo never
	exec 9<>never
	"$1" create --name c --rootfs root sleep 1000 >/dev/null
	"$1" cp - c:/srv <never &
	copy=$!
	wait_until pgrep --exact cowfs
	kill -KILL "$(pgrep --oldest --full "cowrun.* cp - c:/srv")"
	wait "$copy" || true
	wait_until nothing_is_left
	"$1" cp tree/one c:/srv
	"$1" start c >/dev/null
	same "what was copied afterwards" one "$("$1" exec c cat /srv/one)"
	"$1" rm -f c >/dev/null
	wait_until nothing_is_left
}

case_killed() {
	mkdir tree
	echo one >tree/one
	make_root root
	killed cowrun
}

# Whichever of its processes is killed while it reads a container that does not run: nothing is left, and the next one reads.
case_killed_while_reading() {
	local copy pattern
	make_root root
	head -c 30000000 /dev/urandom >root/srv/big
	cowrun create --name c --rootfs root true >/dev/null
	mkfifo slow
	for pattern in oldest newest daemon; do
		exec 9<>slow
		"$COWRUN" --root "$T/store" cp c:/srv/big - >slow &
		copy=$!
		wait_until pgrep --exact cowfs
		sleep 0.2
		case $pattern in
		daemon) kill -KILL "$(pgrep --exact cowfs)" ;;
		*) kill -KILL "$(pgrep "--$pattern" --full "cowrun.* cp c:/srv/big")" ;;
		esac
		[ "$pattern" != daemon ] || timeout 10 cat slow >/dev/null &
		status=0
		wait "$copy" || status=$?
		different "status with the $pattern" 0 "$status"
		exec 9>&-
		wait_until nothing_is_left
		! grep " $T/store" /proc/self/mountinfo || fail "a mount is left"
		cowrun cp c:/srv/big whole
		cmp whole root/srv/big
		timeout 10 "$COWRUN" --root "$T/store" start c >/dev/null || fail "it is locked"
	done
	cowrun rm -f c >/dev/null
	all_is_gone
}

# -- ordinary users --

user=nobody
group=nogroup

rootless() {
	setpriv --reuid "$user" --regid "$group" --clear-groups env -i PATH="$PATH" COWFS="$COWFS" HOME="$T/home" \
		XDG_RUNTIME_DIR="$T/run" TERM=dumb "$COWRUN" "$@"
}

prepare_user() {
	chmod 755 "$T"
	mkdir home run tree mine
	chmod 700 run
	echo one >tree/one
	chmod 640 tree/one
	make_root root
	chown -R "$user:$group" home run root tree mine
}

user_copies() {
	rootless run -d --name c --rootfs root sleep 1000 >/dev/null
	rootless cp tree c:/srv
	same "owner inside" "0 0 640" "$(rootless exec c stat -c '%u %g %a' /srv/tree/one)"
	rootless cp c:/srv/tree mine/running
	status_is 1 rootless cp -a c:/srv/tree mine/a 2>said
	grep -q 'only root' said
	status_is 1 rootless cp c:/srv/tree "$T/notmine" 2>said
	grep -q 'Permission denied' said
	rootless stop -t 0 c >/dev/null
	rootless cp tree c:/srv/stopped
	rootless cp c:/srv/stopped mine/stopped
	same "both came back" "one one" "$(cat mine/running/one mine/stopped/one | xargs)"
	same "the user's" "$user $user" "$(stat -c %U mine/running/one mine/stopped/one | xargs)"
	rootless start c >/dev/null
	same "it sees it" one "$(rootless exec c cat /srv/stopped/one)"
	rootless rm -f c >/dev/null
	wait_until nothing_is_left
	killed rootless
}

case_rootless_alone() {
	prepare_user
	take_subordinate_ids "$user"
	user_copies
}

case_rootless_with_ids() {
	prepare_user
	give_subordinate_ids "$user"
	user_copies
	rootless run -d --name k --rootfs root sleep 1000 >/dev/null
	chown 0:0 tree/one
	chmod 644 tree/one
	rootless cp -a tree k:/srv
	same "owners kept" "0 0" "$(rootless exec k stat -c '%u %g' /srv/tree/one)"
	rootless exec k sh -c 'chown 33:33 /srv/tree/one && chmod 600 /srv/tree/one'
	rootless cp k:/srv/tree/one mine/subordinate
	same "of a subordinate id" "$user one" "$(stat -c %U mine/subordinate) $(cat mine/subordinate)"
	rootless rm -f k >/dev/null
}

run_cases "$@"
