# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the tests of images share, beyond cowrun_lib.sh: the store is $T/store/images.

. "$(dirname "${BASH_SOURCE[0]}")/cowrun_lib.sh"

export SOURCE_DATE_EPOCH=1600000000

# In memory, where syncing, which is much of what images cost, costs nothing.
use_store() {
	needs python3
	mkdir "$T/memory"
	mount -t tmpfs -o mode=755 cases "$T/memory"
	T=$T/memory
	cd "$T" || exit
	images=$T/store/images
}

# image_layout COMMAND...: other programs' images, and the checker.
image_layout() {
	python3 "$(dirname "${BASH_SOURCE[0]}")/image_layout.py" "$@"
}

# make_tree DIRECTORY: a little of everything that a layer can hold.
make_tree() {
	mkdir -p "$1/bin" "$1/etc/deep/er"
	echo "#!/bin/sh" >"$1/bin/program"
	chmod 4755 "$1/bin/program"
	ln "$1/bin/program" "$1/bin/linked"
	ln -s ../bin "$1/etc/link"
	echo hello >"$1/etc/deep/er/file"
	chown 33:44 "$1/etc/deep/er/file"
	mkfifo "$1/etc/fifo"
	setfattr -n user.mine -v value "$1/etc/deep"
	chmod 1777 "$1/etc/deep/er"
	find "$1" -exec touch -h -d '2020-01-02 03:04:05.678' {} +
}

# pack_tree DIRECTORY FILE.tar
pack_tree() {
	tar -C "$1" --xattrs --xattrs-include='*' --format=pax --sort=name -cf "$2" .
}

# Two layers, one.tar and two.tar, and what they are unpacked.
make_layers() {
	make_tree one
	pack_tree one one.tar
	mkdir two
	echo two >two/file
	touch two/.wh.gone
	pack_tree two two.tar
}

diff_id() {
	sha256sum "$1" | cut -d ' ' -f 1
}

layer_root() {
	echo "$images/layers/$1/root"
}

# The diff ids of all that are unpacked.
layers() {
	find "$images"/layers* -mindepth 1 -maxdepth 1 -printf '%f\n' | sort
}

# The same of blobs, whatever they are.
blobs() {
	find "$images/blobs/sha256" -mindepth 1 -printf '%f\n' | sort
}

# No image, and nothing of one.
store_is_empty() {
	same "names" "" "$(names)"
	same "layers" "" "$(layers)"
	same "blobs" "" "$(blobs)"
	same "work" "" "$(find "$images/work" -mindepth 1)"
}

# Nothing is being made, every blob is what its name says, and something leads to it; every layer is that of an image.
store_is_sound() {
	local name known
	same "work" "" "$(find "$images/work" -mindepth 1)"
	blobs_are_true
	known=$(grep -rhsoE 'sha256:[0-9a-f]{64}' "$images/index.json" "$images/blobs" | cut -c 8- | sort -u)
	comm -23 <(blobs) - <<<"$known" | sed 's/^/# nothing leads to the blob /' | grep . && fail "stray blobs"
	comm -23 <(layers) - <<<"$known" | sed 's/^/# no image has the layer /' | grep . && fail "stray layers"
	for name in $(layers); do
		[ -f "$images/layers/$name/layer.json" ] || [ -f "$images/layers-single/$name/layer.json" ] || fail "the layer $name is incomplete"
	done
}

blobs_are_true() {
	[ -z "$(blobs)" ] ||
		(cd "$images/blobs/sha256" && sha256sum -- * | awk '$1 != $2 { print "# wrong content: " $2; wrong = 1 } END { exit wrong }') ||
		fail "a blob is not what its name says"
}

# import ARGUMENT...: silently.
import() {
	cowrun import -q "$@" >/dev/null
}

# names: of all images, in order.
names() {
	cowrun images --format '{{.Repository}}:{{.Tag}}' | sort | xargs
}
