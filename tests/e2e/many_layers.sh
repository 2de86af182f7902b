#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# 500 lower layers.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

# make_layers COUNT: each with a file of its own, one that all have, and one that every tenth deletes.
make_layers() {
	local i
	mkdir -p upper mnt
	layers=
	for ((i = 1; i <= $1; i++)); do
		mkdir -p "l$i/dir"
		echo "$i" >"l$i/own-$i"
		echo "$i" >"l$i/dir/all"
		echo "$i" >"l$i/dir/own-$i"
		if [ $((i % 10)) = 0 ]; then
			touch "l$i/.wh.own-$((i + 5))"
		fi
		layers=$layers:l$i
	done
	layers=${layers#:}
}

case_500_layers() {
	make_layers 500
	mount_union "$layers" upper mnt
	same "topmost" 1 "$(cat mnt/dir/all)"
	same "files" 451 "$(find mnt -maxdepth 1 -name 'own-*' | wc -l)"
	same "in the merged directory" 501 "$(find mnt/dir -type f | wc -l)"
	same "lowest" 500 "$(cat mnt/own-500)"
	absent mnt/own-15 mnt/own-495
	echo changed >mnt/dir/own-499
	mv mnt/dir mnt/moved
	rm mnt/own-1
	umount_union mnt
	mount_union "$layers" upper mnt
	same "changed" changed "$(cat mnt/moved/own-499)"
	same "in the moved directory" 501 "$(find mnt/moved -type f | wc -l)"
	absent mnt/own-1 mnt/dir
	same "layers" 501 "$(stat_number mnt layers)"
}

# What a warm lookup costs does not depend on the number of layers.
case_descriptors_are_bounded() {
	local pid
	make_layers 500
	mount_union "$layers" upper mnt
	find mnt -type f -exec cat {} + >/dev/null
	pid=$(daemon_pid mnt)
	# One for the root of each layer, and what is used now and then.
	at_most "descriptors" $((501 + 256)) "$(find "/proc/$pid/fd" -type l | wc -l)"
}

case_one_too_many() {
	make_layers 1
	layers=$(seq -s : -f l%.0f 2100)
	seq -f l%.0f 2 2100 | xargs mkdir
	refused "is the most" mount_union "$layers" upper mnt
	is_not_mounted mnt
}

run_cases "$@"
