#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The commands that look into layers: bare directories and a live mount give the same answers, and those are true.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"
tools=$(realpath "$(dirname "$0")")/layer_tools.py

# A bit of everything that an upper layer can have, on mnt/. The arguments are those of a mount.
make_changes() {
	mkdir -p a/etc b/etc b/dir/sub b/deep/er b/again/old upper mnt work
	echo above >a/file
	echo below >b/file
	echo passwd >a/etc/passwd
	echo motd >b/etc/motd
	echo inside >b/dir/inside
	echo x >b/deep/er/x
	echo one >b/one
	ln b/one b/two
	ln -s etc/../file b/link
	ln -s /etc/passwd b/absolute
	ln -s ../../../../../../etc/hostname b/outside
	mkfifo b/fifo
	mount_union "$@" a:b upper mnt
	echo more >>mnt/file
	rm mnt/etc/motd
	mv mnt/dir mnt/moved
	echo more >>mnt/one
	mv mnt/etc/passwd mnt/etc/renamed
	rm -r mnt/again
	mkdir -p mnt/again/new
	chmod 600 mnt/deep/er/x
	: >mnt/$'new\nline\033[31m'
}

# answers STACK...: what all the commands say, but inode numbers, which without attributes are not always the same.
answers() {
	all_answers "$@" | sed 's/"inode":[0-9]*//g'
}

all_answers() {
	"$COWFS" layers "$@" | awk '{ $2 = ""; print }'
	"$COWFS" diff --stat --content "$@"
	"$COWFS" diff -u "$@"
	"$COWFS" diff --json "$@"
	"$COWFS" tree "$@"
	"$COWFS" tree --json "$@"
	"$COWFS" ls -l "$@" / etc moved
	"$COWFS" cat "$@" file one two link moved/inside
}

# The same for whence, which takes paths: those of the mount have a prefix.
places() {
	local prefix=$1 path
	shift
	for path in file etc/motd etc/passwd etc/renamed moved moved/inside one two link dir dir/inside again again/old \
		deep/er/x; do
		"$COWFS" whence "$@" "$prefix$path"
		"$COWFS" whence --json "$@" "$prefix$path"
	done
}

# same_from_both BARE-OPTION...: asked of the mount, while it lives, and of the directories.
same_from_both() {
	answers mnt >"$T.mounted"
	answers "$@" a:b --upper upper >"$T.bare"
	diff "$T.mounted" "$T.bare" >"$T.diff" || fail "$(sed 's/^/# /' "$T.diff" | head -n 20)"
	answers "$@" --layers a:b --upper upper >"$T.bare"
	cmp "$T.mounted" "$T.bare"
	places mnt/ >"$T.mounted"
	places "" "$@" --layers a:b --upper upper >"$T.bare"
	diff "$T.mounted" "$T.bare" >"$T.diff" || fail "$(sed 's/^/# /' "$T.diff" | head -n 20)"
	umount_union mnt
	answers "$@" a:b --upper upper >"$T.after"
	answers "$@" -o upperdir=upper a:b >"$T.options"
	cmp "$T.after" "$T.options"
}

case_same_from_both() {
	make_changes
	same_from_both
}

case_same_with_devices() {
	make_changes -o whiteout=overlay
	same_from_both
}

case_same_with_a_work_directory() {
	make_changes -o workdir=work,redirect=copy
	same_from_both -o workdir=work
}

case_same_with_owners_in_attributes() {
	make_changes -o xattr_permissions=2,uidmapping=0:0:1:1:1001:10
	chown 1003:7 mnt/file
	same "owner" 1003 "$("$COWFS" ls --json mnt/file | grep -o '"uid":[0-9]*' | cut -d: -f 2)"
	same_from_both -o xattr_permissions=2,uidmapping=0:0:1:1:1001:10
}

case_same_without_attributes() {
	make_changes -o noxattr
	same_from_both -o noxattr
}

# --- True answers ---

case_shows_what_the_mount_shows() {
	needs python3
	make_changes
	same "names" "$(cd mnt && find . -mindepth 1 -printf '/%P\0' | sort -z | tr '\0' '@')" \
		"$("$COWFS" tree -0 mnt | sort -z | tr '\0' '@')"
	"$COWFS" tree --json mnt | python3 -c '
import json, os, stat, sys
for entry in json.load(sys.stdin):
    path = os.path.join("mnt", entry["path"][1:])
    status = os.lstat(path)
    # Until it was read, an opaque directory is taken for a merged one.
    links = status.st_nlink if entry["type"] == "directory" else entry["links"]
    expected = (int(entry["mode"], 8), links, entry["uid"], entry["gid"], entry["size"],
                entry["mtime"] * 10**9 + entry["mtime_nsec"], entry["inode"])
    told = (stat.S_IMODE(status.st_mode), status.st_nlink, status.st_uid, status.st_gid, status.st_size,
            status.st_mtime_ns, status.st_ino)
    assert expected == told, (path, expected, told)
    assert entry.get("target") == (os.readlink(path) if os.path.islink(path) else None), path'
	(cd mnt && find . -type f -printf '%P\0') | while IFS= read -r -d '' path; do
		cmp "mnt/$path" <("$COWFS" cat mnt "$path")
	done
}

# The real path of each file is that file.
case_whence_is_true() {
	local path real
	make_changes
	(cd mnt && find . -mindepth 1 -printf '%P\0') | while IFS= read -r -d '' path; do
		real=$("$COWFS" whence -0 "mnt/$path" | tr -d '\0')
		same "type of $path" "$(stat -c %F "mnt/$path")" "$(stat -c %F "$real")"
		[ -L "$real" ] || [ ! -f "$real" ] || cmp "$real" "mnt/$path"
		if [ ! -L "mnt/$path" ] && [ ! -p "mnt/$path" ]; then
			# Of several hard links it may be another one.
			same "attribute of $path" "$(stat -c %i "$real")" \
				"$(stat -c %i "$(getfattr --only-values -n user.cowfs.path "mnt/$path")")"
		fi
	done
}

case_whence_in_words() {
	make_changes
	same "copied up" "/file: file, from layer 0, copied up from layer 1
   0  $T/upper/file  shown
   1  $T/a/file      covered by layer 0
   2  $T/b/file      covered by layer 0" "$("$COWFS" whence mnt/file)"
	same "deleted" "/etc/motd: deleted
   0  $T/upper/etc/.wh.motd  whiteout, hides what is below
   2  $T/b/etc/motd          hidden by a whiteout in layer 0" "$("$COWFS" whence mnt/etc/motd)"
	same "moved" "/moved/inside: file, from layer 2
   2  $T/b/dir/inside  shown" "$("$COWFS" whence mnt/moved/inside)"
	"$COWFS" whence mnt/two | grep -q 'copied up through another hard link'
	"$COWFS" whence mnt/moved | grep -q 'moved here from /dir, shown'
	same "in a deleted directory" "/again/old: deleted
   2  $T/b/again/old  hidden by an opaque directory in layer 0: $T/upper/again" "$("$COWFS" whence mnt/again/old)"
	# From wherever it is asked.
	cd mnt/etc || exit
	same "relative" "/file: file, from layer 0, copied up from layer 1" "$("$COWFS" whence ../file | head -n 1)"
	same "several" 4 "$("$COWFS" whence ../file renamed . .. | grep -c '^/')"
}

case_diff_in_words() {
	make_changes
	same "diff" 'C /again
A /again/new
D /again/old
C /deep
C /deep/er
C /deep/er/x
D /dir
C /etc
D /etc/motd
D /etc/passwd
A /etc/renamed
C /file
A /moved
A /moved/inside
A /moved/sub
A /new\nline\033[31m
C /one
C /two' "$("$COWFS" diff mnt)"
	same "below a path" $'C /etc\nD /etc/motd\nD /etc/passwd\nA /etc/renamed' "$("$COWFS" diff mnt etc)"
	same "the same" "$("$COWFS" diff mnt etc)" "$("$COWFS" diff mnt/etc)"
	same "what is deleted" "D /dir" "$("$COWFS" diff mnt/dir)"
	same "what is not changed" "" "$("$COWFS" diff mnt link)"
	same "layers" $'C /etc\nA /etc/passwd\nC /file' "$("$COWFS" diff a:b)"
	same "one layer" $'A /etc\nA /etc/passwd\nA /file' "$("$COWFS" diff a)"
}

case_diff_content() {
	make_changes
	touch mnt/etc/renamed mnt/deep
	"$COWFS" diff --content mnt >"$T.said"
	for line in "T /deep" "T /deep/er/x" "C /etc" "C /file" "C /two" "C /again" "A /moved/inside" "D /dir"; do
		grep -qx "$line" "$T.said" || fail "no line $line in: $(cat "$T.said")"
	done
	same "stat" "C           +5 /file" "$("$COWFS" diff --stat mnt file | head -n 1)"
	same "deleted bytes" "D           -7 /dir" "$("$COWFS" diff --stat mnt dir | head -n 1)"
}

# What diff -u prints makes of the old tree the new one.
case_diff_unified() {
	needs patch diff
	mkdir lower upper mnt
	seq 100 >lower/numbers
	echo gone >lower/gone
	printf 'no line feed' >lower/ends
	head -c 1000 /dev/urandom >lower/binary
	mount_union lower upper mnt
	sed -i '50s/.*/changed/' mnt/numbers
	rm mnt/gone
	echo new >mnt/new
	echo more >>mnt/ends
	"$COWFS" diff -u mnt >"$T.patch"
	cp -r lower patched
	patch -s -d patched -p1 <"$T.patch"
	diff -r patched mnt
	echo x >>mnt/binary
	"$COWFS" diff -u mnt | grep -q '^Binary files a/binary and b/binary differ'
}

random_difference() {
	local seed
	needs python3
	for seed in 1 2 3 4; do
		mkdir "$seed" "$seed/lower" "$seed/upper" "$seed/mnt"
		python3 "$tools" make "$seed" "$seed/lower"
		mount_union "$@" "$seed/lower" "$seed/upper" "$seed/mnt"
		python3 "$tools" change "$seed" "$seed/mnt"
		"$COWFS" diff --json --content "$seed/mnt" >"$T.told"
		python3 "$tools" compare "$seed/lower" "$seed/mnt" <"$T.told" || fail "seed $seed"
		"$COWFS" diff --json --content "$seed/lower" --upper "$seed/upper" | cmp "$T.told" -
		[ "$(grep -c '"kind":"\(changed\|deleted\|touched\)"' "$T.told")" -gt 3 ] || fail "seed $seed changed next to nothing"
		umount_union "$seed/mnt"
	done
}

case_diff_is_that_of_two_walks() {
	random_difference
}

case_diff_is_that_of_two_walks_with_devices() {
	random_difference -o whiteout=overlay
}

# --- What cannot be ---

# A link leads nowhere but in the union.
case_links_stay_inside() {
	mkdir -p lower
	ln -s /etc/passwd lower/absolute
	ln -s ../../../../../../../../etc/passwd lower/relative
	ln -s /proc/self/root/etc/passwd lower/magic
	refused "no such file" "$COWFS" cat lower absolute
	refused "no such file" "$COWFS" cat lower relative
	refused "no such file" "$COWFS" cat lower magic
	refused "no such file" "$COWFS" cat lower ../../../etc/passwd
	refused "no such file" "$COWFS" ls lower absolute/
	mkdir lower/etc
	echo ours >lower/etc/passwd
	same "in the union" "ours ours" "$("$COWFS" cat lower absolute relative | xargs)"
}

# fails STATUS WORDS COMMAND...: with one sentence.
fails() {
	local expected=$1 words=$2 status=0
	shift 2
	timeout 20 "$@" >"$T.stdout" 2>"$T.stderr" || status=$?
	same "status of $*" "$expected" "$status"
	same "sentences of $* ($(cat "$T.stderr"))" 1 "$(wc -l <"$T.stderr")"
	grep -qi -e "$words" "$T.stderr" || fail "$*: said <$(cat "$T.stderr")>, not <$words>"
}

case_usage() {
	local command
	mkdir lower
	for command in layers diff ls tree cat; do
		fails 2 "give a mounted union" "$COWFS" "$command"
		fails 2 "-x is unknown" "$COWFS" "$command" -x lower
		fails 2 "xyz is unknown" "$COWFS" "$command" --xyz lower
		fails 2 "needs a value" "$COWFS" "$command" lower --upper
		fails 2 "empty name" "$COWFS" "$command" lower::lower
		fails 2 "empty name" "$COWFS" "$command" --layers ""
		fails 2 "empty name" "$COWFS" "$command" lower --upper ""
		fails 2 "does not say how layers are read" "$COWFS" "$command" -o volatile lower
	done
	fails 2 "exclude" "$COWFS" ls --json -0 lower
	fails 2 "one operand too many" "$COWFS" layers lower lower
	fails 2 "one operand too many" "$COWFS" tree lower a b
	fails 2 "wants a number" "$COWFS" tree -L 0 lower
	fails 2 "wants a number" "$COWFS" tree -L 1x lower
	fails 2 "for people" "$COWFS" diff -u --json lower
	fails 2 "give a path" "$COWFS" whence
	fails 2 "needs --layers" "$COWFS" whence --upper lower x
}

case_what_is_not_there() {
	local command
	mkdir lower other
	echo x >lower/file
	for command in layers diff ls tree cat; do
		fails 1 "absent" "$COWFS" "$command" absent
		fails 1 "absent" "$COWFS" "$command" lower:absent
		fails 1 "absent" "$COWFS" "$command" lower --upper absent
		fails 1 "not a directory" "$COWFS" "$command" lower/file:other
		fails 1 "same directory" "$COWFS" "$command" lower:lower
	done
	fails 1 "absent: no such file" "$COWFS" ls lower absent
	fails 1 "file/x: not a directory" "$COWFS" ls lower file/x
	fails 1 "absent: no such file" "$COWFS" diff lower absent
	fails 1 "absent: no such file" "$COWFS" tree lower absent
	fails 1 "file: not a directory" "$COWFS" tree lower file
	fails 1 "is a directory" "$COWFS" cat lower
	fails 1 "no layer has it" "$COWFS" whence --layers lower absent
	fails 1 "begin with .wh." "$COWFS" whence --layers lower .wh.file
	fails 1 "not in a mounted cowfs union" "$COWFS" whence lower/file
}

case_dead_mount() {
	local pid
	make_two_layers
	"$COWFS" mount a:b upper mnt
	pid=$(daemon_pid mnt)
	kill -KILL "$pid"
	wait_until process_is_gone "$pid"
	for command in layers diff ls tree cat whence; do
		fails 1 "daemon behind this mount is gone" "$COWFS" "$command" mnt
	done
	fails 1 "daemon behind this mount is gone" "$COWFS" whence mnt/file
	umount -l mnt
}

# Another file system's directory in a layer's place, seen from elsewhere.
case_another_mount_namespace() {
	make_two_layers
	"$COWFS" mount a:b upper mnt
	mkdir elsewhere
	# shellcheck disable=SC2016 # the inner shell expands it
	unshare --mount --propagation private sh -c 'mount --bind elsewhere b && "$COWFS" layers mnt' 2>"$T.stderr" &&
		fail "it was not noticed"
	grep -q "b\" of the mounted union is another directory here; .*mount namespace" "$T.stderr" ||
		fail "it said <$(cat "$T.stderr")>"
	mv b moved
	fails 1 "b\" of the mounted union: no such file.*moved" "$COWFS" layers mnt
	mkdir b
	fails 1 "b\" of the mounted union is another directory.*moved" "$COWFS" layers mnt
	rmdir b
	mv moved b
	"$COWFS" layers mnt >/dev/null
}

# What an ordinary user may not read is said, and the rest told.
case_unreadable_directories() {
	make_two_layers
	mkdir a/secret b/open
	: >a/secret/x
	: >b/open/y
	chmod 700 a/secret
	chmod 755 .
	as_nobody() {
		setpriv --reuid nobody --clear-groups "$COWFS" "$@"
	}
	as_nobody tree -0 a:b >"$T.said" 2>"$T.stderr" && fail "no failure"
	same "told" "/file /only-b /open /open/y /secret" "$(tr '\0' ' ' <"$T.said" | sed 's/ $//')"
	grep -q "secret: Permission denied" "$T.stderr"
	as_nobody diff a:b >"$T.said" 2>"$T.stderr" && fail "no failure"
	grep -qx "A /secret" "$T.said"
	grep -q "secret: Permission denied" "$T.stderr"
	as_nobody layers a:b >"$T.said" 2>"$T.stderr" && fail "no failure"
	grep -q "1 directories cannot be read" "$T.stderr"
	chmod 700 a
	fails 1 "permission denied" setpriv --reuid nobody --clear-groups "$COWFS" ls a:b
}

# An ordinary user sees what may be seen of root's mount, and is told what is lost.
case_without_privilege() {
	make_two_layers
	mkdir b/dir
	: >b/dir/x
	chmod 755 .
	"$COWFS" mount a:b upper mnt
	mv mnt/dir mnt/moved
	setpriv --reuid nobody --clear-groups "$COWFS" ls mnt >"$T.said" 2>"$T.stderr"
	grep -q "only root can read the attributes" "$T.stderr" || fail "it said <$(cat "$T.stderr")>"
	grep -qx "moved" "$T.said"
}

case_full_disk() {
	local command
	mkdir lower
	echo x >lower/file
	for command in "layers lower" "ls lower" "tree lower" "diff lower" "cat lower file" "whence --layers lower file"; do
		# shellcheck disable=SC2086 # words
		"$COWFS" $command >/dev/full 2>"$T.stderr" && fail "$command did not notice"
		grep -q "cannot write" "$T.stderr" || fail "$command said <$(cat "$T.stderr")>"
	done
}

# --- Names, numbers, colours ---

case_strange_names() {
	local name
	needs python3
	mkdir lower upper mnt
	for name in $'new\nline' $'escape\033[2J' $'\351' 'back\slash' '"quoted"' $'\303\274ber' $'\342\200\256right'; do
		: >"lower/$name"
	done
	"$COWFS" ls lower | LC_ALL=C grep -q '[[:cntrl:]]' && fail "control characters were printed"
	same "lines" 7 "$("$COWFS" ls lower | wc -l)"
	same "raw" "$(find lower -type f -printf '%P\0' | sort -z | cksum)" "$("$COWFS" ls -0 lower | sort -z | cksum)"
	"$COWFS" ls --json lower | python3 -c '
import json, os, sys
names = {os.fsencode(entry["path"])[1:] for entry in json.load(sys.stdin)}
assert names == set(os.listdir(b"lower")), names'
	find lower -type f -printf '%P\0' | xargs -0 "$COWFS" whence --json --layers lower | python3 -c '
import json, sys
assert len(json.load(sys.stdin)) == 7'
}

case_colours_on_a_terminal() {
	needs script
	make_two_layers
	script -qec "TERM=xterm $COWFS ls a" /dev/null </dev/null >"$T.said"
	script -qec "TERM=xterm $COWFS layers a --upper upper" /dev/null </dev/null | grep -q $'\033\[32m' || fail "no colour"
	script -qec "TERM=xterm $COWFS layers --no-color a --upper upper" /dev/null </dev/null | grep -q $'\033' && fail "colour"
	script -qec "TERM=xterm NO_COLOR=1 $COWFS layers a --upper upper" /dev/null </dev/null | grep -q $'\033' && fail "colour"
	script -qec "TERM=dumb $COWFS layers a --upper upper" /dev/null </dev/null | grep -q $'\033' && fail "colour"
	"$COWFS" layers a --upper upper | grep -q $'\033' && fail "colour in a pipe"
	true
}

case_layers_counts() {
	needs python3
	mkdir -p a/dir lower
	head -c 1000 /dev/zero >a/file
	ln a/file a/dir/linked
	: >a/.wh.gone
	: >a/dir/.wh..wh..opq
	ln -s x a/link
	mknod a/device c 0 0
	"$COWFS" layers --json a:lower | python3 -c '
import json, sys
a, lower = json.load(sys.stdin)
expected = {"entries": 4, "directories": 1, "bytes": 1000, "whiteouts": 3, "prefix_whiteouts": 1,
            "node_whiteouts": 1, "marker_opaques": 1, "attribute_opaques": 0, "dialect": "mixed", "role": "lower"}
assert {key: a[key] for key in expected} == expected, a
assert lower["entries"] == 0 and lower["dialect"] == "-", lower'
	same "paths" "$T/a $T/lower" "$("$COWFS" layers -0 a:lower | tr '\0' ' ' | sed 's/ $//')"
	same "quick" "   0 $T/a=ro+wh" "$("$COWFS" layers -q a)"
}

# --- Attributes of a mount ---

case_attributes() {
	local name
	make_changes
	same "layer" "0 2" "$(for name in file moved/inside; do getfattr --only-values -n user.cowfs.layer "mnt/$name"; echo; done | xargs)"
	same "layer's path" "$T/b" "$(getfattr --only-values -n user.cowfs.layer_path mnt/moved/inside)"
	same "path" "$T/b/dir/inside" "$(getfattr --only-values -n user.cowfs.path mnt/moved/inside)"
	same "origin" "$T/a/file" "$(getfattr --only-values -n user.cowfs.copied_from mnt/file)"
	refused "no such attribute" getfattr -n user.cowfs.copied_from mnt/moved/inside
	refused "no such attribute" getfattr -n user.cowfs.nothing mnt/file
	same "root" "$T/upper" "$(getfattr --only-values -n user.cowfs.path mnt)"
	refused "no such attribute" getfattr -h -n user.cowfs.layer mnt/link
	refused "not permitted" setfattr -n user.cowfs.layer -v 1 mnt/file
	refused "no such attribute" setfattr -x user.cowfs.layer mnt/file
}

case_attributes_are_not_copied() {
	make_changes
	setfattr -n user.mine -v x mnt/file
	same "listed" "user.mine" "$(getfattr -d -m - mnt/file | sed -n 's/=.*//p')"
	cp -a mnt copied
	tar --xattrs --xattrs-include='*' -C mnt -cf archive.tar .
	mkdir unpacked
	tar --xattrs --xattrs-include='*' -C unpacked -xf archive.tar
	same "copied" "user.mine" "$(getfattr -R -d -m - copied | sed -n 's/=.*//p' | sort -u)"
	same "packed" "user.mine" "$(getfattr -R -d -m - unpacked | sed -n 's/=.*//p' | sort -u)"
}

# A question for another name costs what it did: one message, and no look at the layers.
case_attributes_cost_others_nothing() {
	needs strace
	make_two_layers
	"$COWFS" mount -o follow=0 a:b upper mnt
	exec 3<mnt/file
	getfattr -n user.other mnt/file 2>/dev/null || true
	strace -f -qq -e trace=statx,getxattr,fgetxattr,listxattr,openat,openat2 -o "$T.calls" -p "$(daemon_pid mnt)" &
	note_process $!
	sleep 0.3
	getfattr -n user.other mnt/file 2>/dev/null || true
	getfattr -n user.cowfs.nothing mnt/file 2>/dev/null || true
	kill $!
	wait $! 2>/dev/null || true
	same "calls" "" "$(cat "$T.calls")"
}

run_cases "$@"
