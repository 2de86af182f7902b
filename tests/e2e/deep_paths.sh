#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Trees deeper than any path can name, and names as long as they can be.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

# 400 steps of 20 bytes: 8,400 bytes, twice PATH_MAX.
case_lower_tree() {
	mkdir -p lower
	deep_paths make lower 400
	mount_simple
	deep_paths walk mnt 400
	drop_caches 2
	deep_paths walk mnt 400
	remount_simple
	deep_paths walk mnt 400
	deep_paths remove mnt 400
	same "names" "" "$(ls -A mnt)"
	remount_simple
	same "names" "" "$(ls -A mnt)"
}

case_upper_tree() {
	mkdir -p lower
	mount_simple
	deep_paths make mnt 400
	remount_simple
	deep_paths walk mnt 400
	deep_paths remove mnt 400
}

case_copied_tree() {
	mkdir -p lower/tree
	deep_paths make lower/tree 300
	mount_simple -o redirect=copy
	mv mnt/tree mnt/moved
	deep_paths walk mnt/moved 300
	umount_union mnt
	deep_paths walk upper/moved 300
}

case_longest_path() {
	mkdir -p lower
	mount_simple
	deep_paths longest_path mnt
}

case_names_of_255_bytes() {
	local a b
	a=$(printf 'a%.0s' {1..255}) b=$(printf 'b%.0s' {1..255})
	mkdir -p "lower/$a/$a"
	echo x >"lower/$a/$a/$a"
	mount_simple
	echo more >>"mnt/$a/$a/$a"
	mv "mnt/$a/$a/$a" "mnt/$a/$a/$b"
	mv "mnt/$a" "mnt/$b"
	ln "mnt/$b/$a/$b" "mnt/$b/$a/$a"
	remount_simple
	same "content" "x more x more" "$(cat "mnt/$b/$a/$b" "mnt/$b/$a/$a" | xargs)"
	rm -r "mnt/$b/$a"
	remount_simple
	same "names" "$b" "$(ls -A mnt)"
	same "names" "" "$(ls -A "mnt/$b")"
}

odd_names=(' ' $'new\nline' $'\377\376' '*' '-rf' $'\\' '...' ' .wh.' '.wh' "it's" '%s%n' '🙂')

case_odd_names() {
	local name
	mkdir -p lower
	for name in "${odd_names[@]}"; do
		echo "$name" >"lower/$name"
		echo "$name" >>expected
	done
	mount_simple
	for name in "${odd_names[@]}"; do
		same "content" "$name" "$(cat "mnt/$name")"
		mv "mnt/$name" "mnt/x$name"
	done
	same "number" 12 "$(find mnt -mindepth 1 -printf x | wc -c)"
	rm mnt/x*
	remount_simple
	same "names" "" "$(ls -A mnt)"
}

run_cases "$@"
