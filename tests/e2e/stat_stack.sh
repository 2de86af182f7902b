#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What `cowfs stat` tells of the layers.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

# in_status MOUNTPOINT EXPRESSION: a Python expression on `status`, printed.
in_status() {
	"$COWFS" stat --json "$1" | python3 -c "import json, os, sys; status = json.load(sys.stdin); print($2)"
}

case_layers() {
	needs python3
	make_two_layers
	"$COWFS" mount a:b upper mnt
	same "paths" "$T/upper $T/a $T/b" "$(in_status mnt '*(layer["path"] for layer in status["stack"])')"
	same "roles" "upper lower lower" "$(in_status mnt '*(layer["role"] for layer in status["stack"])')"
	same "device and inode" "$(stat -c '%d %i' a)" "$(in_status mnt 'status["stack"][1]["device"], status["stack"][1]["inode"]' | tr -d '(,)')"
	same "dialect" aufs "$(in_status mnt 'status["stack"][0]["dialect"]')"
	same "namespace" "$(stat -L -c %i /proc/self/ns/mnt)" "$(in_status mnt 'status["mount_namespace"]')"
	same "text" "$T/upper=rw $T/a=ro+wh $T/b=ro+wh" "$("$COWFS" stat mnt | sed -n '/^stack/,$s/.* //p' | xargs)"
}

case_options() {
	needs python3
	make_two_layers
	mkdir work
	"$COWFS" mount -o workdir=work,uidmapping=0:0:1000:5000:1000:7,squash_to_gid=5,xattr_permissions=2,whiteout=overlay,volatile a:b upper mnt
	same "workdir" "$T/work" "$(in_status mnt 'status["workdir"]')"
	same "options" "whiteout=overlay,redirect=copy,volatile,uidmapping=0:0:1000:5000:1000:7,squash_to_gid=5,xattr_permissions=2" \
		"$(in_status mnt 'status["options"]')"
	same "dialect" overlay "$(in_status mnt 'status["stack"][0]["dialect"]')"
	umount_union mnt
	# They are what a mount takes.
	"$COWFS" mount -o noxattr,ro a:b upper mnt
	same "without attributes" "whiteout=aufs,redirect=on,ro,noxattr" "$(in_status mnt 'status["options"]')"
	umount_union mnt
}

# Any directory of the union can be asked, by whatever name it is known.
case_below_the_mountpoint() {
	needs python3
	make_two_layers
	mkdir -p b/dir/sub bound
	"$COWFS" mount a:b upper mnt
	same "root" / "$(in_status mnt 'status["path"]')"
	same "below" /dir/sub "$(in_status mnt/dir/sub 'status["path"]')"
	mount --bind mnt/dir bound
	same "bound" /dir "$(in_status bound 'status["path"]')"
	same "below it" /dir/sub "$(in_status bound/sub 'status["path"]')"
	mv mnt/dir mnt/moved
	same "moved" /moved/sub "$(in_status bound/sub 'status["path"]')"
	umount bound
}

# More than an attribute can hold.
case_many_long_paths() {
	local name i lowers=
	needs python3
	name=$(printf 'x%.0s' {1..250})
	mkdir -p "$name/$name" mnt
	for i in {1..200}; do
		mkdir "$name/$name/$i"
		lowers=$lowers:$name/$name/$i
	done
	"$COWFS" mount "${lowers#:}" mnt
	same "layers" "200 $T/$name/$name/200" "$(in_status mnt 'len(status["stack"]), status["stack"][199]["path"]' | tr -d "(,')")"
	umount_union mnt
}

case_any_bytes() {
	local name=$'a\n\033[31m"\\ \351'
	needs python3
	mkdir "$name" mnt
	"$COWFS" mount "${name//\\/\\\\}" mnt
	same "text" "$T/a\\n\\033[31m\"\\\\ \\351=ro+wh" "$("$COWFS" stat mnt | sed -n 's/^stack *//p')"
	"$COWFS" stat --json mnt | python3 -c '
import json, os, sys
layer = json.load(sys.stdin)["stack"][0]
assert os.stat(os.fsencode(layer["path"])).st_ino == layer["inode"], layer'
}

# Looking changes no count.
case_not_counted() {
	make_two_layers
	"$COWFS" mount a:b upper mnt
	"$COWFS" stat mnt >/dev/null
	same "ioctls" 0 "$(stat_number mnt ioctl)"
}

run_cases "$@"
