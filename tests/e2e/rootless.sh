#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Without root: an ordinary user through fusermount3, and root of a user namespace without it.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119,SC2016
. "$(dirname "$0")/lib.sh"

user=nobody

# As the user, with nothing of ours in the environment but what the functions here need.
as_user() {
	setpriv --reuid "$user" --regid nogroup --clear-groups env -i PATH="$PATH" COWFS="$COWFS" HOME="$T" TERM=dumb "$@"
}

# /dev/fuse for everybody: a node of our own, laid over the machine's.
open_dev_fuse() {
	mknod -m 666 "$T/fuse" c 10 229
	mount --bind "$T/fuse" /dev/fuse 2>/dev/null || skip "cannot lay anything over /dev/fuse"
	as_user sh -c ': </dev/fuse' 2>/dev/null || as_user test -r /dev/fuse || skip "device nodes do not work in $T"
}

make_layers() {
	chmod 755 "$T"
	as_user sh -euc '
		cd "$HOME"
		mkdir -p r/lower/dir r/upper r/mnt r/work
		echo lower >r/lower/file
		echo lower >r/lower/dir/inner
		ln r/lower/file r/lower/linked
		echo kept >r/lower/dir/kept
		mkdir r/lower/gone
		touch r/lower/gone/x'
}

prepare() {
	mkdir -p home
	chown "$user" .
	open_dev_fuse
	make_layers
}

# What anybody does with a file system; runs as the user, in $HOME/r.
use_it='
	set -eu
	cd "$HOME/r"
	same() { [ "$2" = "$3" ] || { echo "# $1: expected <$2>, got <$3>"; exit 1; }; }
	echo more >>mnt/linked
	same content "lower more" "$(xargs <mnt/file)"
	same links 2 "$(stat -c %h mnt/file)"
	mv mnt/dir mnt/moved
	rm -r mnt/gone
	mkdir mnt/gone
	same recreated "" "$(ls -A mnt/gone)"
	ln -s target mnt/link
	mkfifo mnt/fifo
	chmod 640 mnt/moved/inner
	setfattr -n user.mine -v value mnt/moved/inner
	touch -d "2001-02-03 04:05:06.7" mnt/moved/inner'

look_again='
	set -eu
	cd "$HOME/r"
	same() { [ "$2" = "$3" ] || { echo "# $1: expected <$2>, got <$3>"; exit 1; }; }
	same names "fifo file gone link linked moved" "$(ls mnt | xargs)"
	same content "lower more" "$(xargs <mnt/file)"
	same links 2 "$(stat -c %h mnt/linked)"
	same recreated "" "$(ls -A mnt/gone)"
	same mode 640 "$(stat -c %a mnt/moved/inner)"
	same attribute value "$(getfattr --only-values -n user.mine mnt/moved/inner)"
	same attributes user.mine "$(getfattr -m - mnt/moved/inner | grep -v "^#" | xargs)"
	same time 981173106 "$(TZ=UTC stat -c %Y mnt/moved/inner)"'

# --- an ordinary user -------------------------------------------------------------------------------

ordinary_user() {
	prepare
	needs fusermount3
	as_user sh -c 'cd ~/r && exec "$COWFS" mount lower upper mnt'
	as_user sh -c "$use_it"
	same "owner" "$user" "$(as_user stat -c %U r/mnt/fifo)"
	as_user sh -c 'cd ~/r && "$COWFS" umount mnt'
	is_not_mounted r/mnt
	as_user sh -c 'cd ~/r && exec "$COWFS" mount lower upper mnt'
	as_user sh -c "$look_again"
	# Another user is not let in.
	refused "denied" setpriv --reuid 1 --regid 1 --clear-groups ls r/mnt
	as_user fusermount3 -u r/mnt
	is_not_mounted r/mnt
	as_user sh -c 'cd ~/r && exec "$COWFS" mount upper:lower mnt'
	as_user sh -c "$look_again"
	as_user fusermount3 -u r/mnt
	# setuid programs are none: fusermount3 forces nosuid.
	as_user sh -c 'cd ~/r && exec "$COWFS" mount lower upper mnt'
	findmnt -no OPTIONS r/mnt | grep -q nosuid
	refused "not permitted" as_user mknod r/mnt/null c 1 3
	refused "denied\|not permitted" as_user chown root r/mnt/file
	as_user fusermount3 -u r/mnt
}

case_ordinary_user() {
	in_namespaces ordinary_user
}

not_allowed() {
	prepare
	chmod 600 "$T/fuse"
	refused "/dev/fuse\|permission\|fusermount3" as_user sh -c 'cd ~/r && exec "$COWFS" mount lower upper mnt'
	is_not_mounted r/mnt
	chmod 666 "$T/fuse"
	# A mountpoint that is somebody else's.
	mkdir -p theirs
	refused "." as_user "$COWFS" mount r/lower r/upper theirs
	is_not_mounted theirs
	# allow_other wants user_allow_other in /etc/fuse.conf.
	if ! grep -q '^user_allow_other' /etc/fuse.conf 2>/dev/null; then
		refused "allow_other" as_user "$COWFS" mount -o allow_other r/lower r/upper r/mnt
		is_not_mounted r/mnt
	fi
	# CVE-2018-10906: an option smuggled in by a backslash.
	refused "." as_user "$COWFS" mount -o 'context=foo\,allow_other' r/lower r/upper r/mnt || true
	if mountpoint -q r/mnt; then
		findmnt -no OPTIONS r/mnt | grep -q allow_other && fail "allow_other was smuggled in"
	fi
}

case_not_allowed() {
	in_namespaces not_allowed
}

# --- root of a user namespace ------------------------------------------------------------------------

# A namespace of the user in which only its own id is known, as 0.
in_single_uid_namespace() {
	as_user unshare --user --map-root-user --mount sh -c "$1"
}

single_uid() {
	prepare
	in_single_uid_namespace "cd ~/r; \"\$COWFS\" mount lower upper mnt && $use_it
		cd ~/r
		same owner 0:0 \$(stat -c %u:%g mnt/fifo)
		same type fuse.cowfs \$(stat -f -c %T mnt | sed s/fuseblk/fuse.cowfs/ | sed s/^fuse\$/fuse.cowfs/)
		\"\$COWFS\" umount mnt
		\"\$COWFS\" mount lower upper mnt && $look_again
		umount mnt"
	same "owner in the upper" "$user" "$(stat -c %U r/upper/fifo)"
}

case_single_uid() {
	in_namespaces single_uid
}

# Ownership that cannot be set is kept in attributes, in the format that podman shares.
single_uid_with_attributes() {
	prepare
	as_user setfattr -n user.containers.override_stat -v 33:44:0750:file r/lower/dir/kept
	in_single_uid_namespace "cd ~/r; \"\$COWFS\" mount -o xattr_permissions=2 lower upper mnt && $use_it
		cd ~/r
		chmod 4755 mnt/file
		same setuid 4755 \$(stat -c %a mnt/file)
		touch mnt/new; chmod 600 mnt/new
		\"\$COWFS\" umount mnt
		\"\$COWFS\" mount -o xattr_permissions=2 lower upper mnt
		same setuid 4755 \$(stat -c %a mnt/file)
		same new 600 \$(stat -c %a mnt/new)
		same 'shown attributes' '' \"\$(getfattr -m - mnt/new)\"
		umount mnt"
	as_user getfattr --only-values -n user.containers.override_stat r/upper/new | grep -q '^0:0:0*600:file$' ||
		fail "the attribute says $(as_user getfattr -d -m - r/upper/new)"
	# The owner that the lower's attribute tells, as far as the namespace can show it.
	in_single_uid_namespace "cd ~/r; \"\$COWFS\" mount -o xattr_permissions=2 lower mnt && stat -c '%a %u:%g' mnt/dir/kept; umount mnt" >"$T/said"
	grep -q '^750 ' "$T/said" || fail "said $(cat "$T/said")"
}

case_single_uid_with_attributes() {
	in_namespaces single_uid_with_attributes
}

# Ranges from newuidmap: 0 is the user, 1 to 65535 are subordinate.
uid_ranges() {
	prepare
	give_subordinate_ids "$user"
	as_user unshare --user --map-root-user --map-auto --mount sh -c "cd ~/r; \"\$COWFS\" mount lower upper mnt && $use_it
		cd ~/r
		chown 33:44 mnt/file
		same owner 33:44 \$(stat -c %u:%g mnt/file)
		cp /bin/true mnt/program; chown 7:8 mnt/program; chmod 6755 mnt/program
		\"\$COWFS\" umount mnt
		\"\$COWFS\" mount lower upper mnt
		same owner 33:44 \$(stat -c %u:%g mnt/linked)
		same program '6755 7:8' \"\$(stat -c '%a %u:%g' mnt/program)\"
		setpriv --reuid 33 --regid 44 --clear-groups sh -c 'echo x >>mnt/file'
		umount mnt"
	same "owner in the upper" "200032:200043" "$(stat -c %u:%g r/upper/linked)"
}

case_uid_ranges() {
	in_namespaces uid_ranges
}

# A setuid program runs as its owner in the namespace that mounted it: it is not forced nosuid there.
setuid_in_namespace() {
	prepare
	give_subordinate_ids "$user"
	as_user unshare --user --map-root-user --map-auto --mount sh -euc '
		cd ~/r
		"$COWFS" mount lower upper mnt
		cp /usr/bin/id mnt/id
		chmod 4755 mnt/id
		setpriv --reuid 33 --regid 33 --clear-groups mnt/id -u
		umount mnt' >"$T/said"
	same "effective user" 0 "$(cat "$T/said")"
}

case_setuid_in_namespace() {
	in_namespaces setuid_in_namespace
}

run_cases "$@"
