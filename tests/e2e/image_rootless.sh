#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Images of an ordinary user, who cannot give files to others: with subordinate ids, and with one id only.
# shellcheck source-path=SCRIPTDIR source=image_lib.sh disable=SC2016
. "$(dirname "$0")/image_lib.sh"

user=nobody

# The user's cowrun keeps its store in $T/home.
cowrun() {
	setpriv --reuid "$user" --regid nogroup --clear-groups env -i PATH="$PATH" COWFS="$COWFS" HOME="$T/home" \
		SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" "$COWRUN" --root "$T/home/store" "$@"
}

prepare() {
	use_store
	chmod 755 "$T" "$T/.."
	mkdir home
	chown "$user:nogroup" home
	images=$T/home/store/images
	make_tree tree
	mkdir -m 700 tree/closed
	chown 5:6 tree/closed
	touch tree/closed/file
	pack_tree tree tree.tar
}

# Only in the jail: /etc is the test's own there.
case_subordinate_ids() {
	prepare
	give_subordinate_ids "$user"
	import tree.tar app
	root=$(layer_root "$(diff_id tree.tar)")
	same "owner" 200032:200043 "$(stat -c %u:%g "$root/etc/deep/er/file")"
	same "owner of root's" "$user" "$(stat -c %U "$root/bin/program")"
	same "setuid" 4755 "$(stat -c %a "$root/bin/linked")"
	store_is_sound
	cowrun save -q -o oci:home/saved app
	image_layout check-oci home/saved >/dev/null
	# What belongs to subordinate ids goes, too.
	cowrun rmi app >/dev/null
	store_is_empty
}

# The directory is the user's, and its files are root's in the image; so are root's, whom the namespace does not know.
case_import_of_a_directory() {
	prepare
	give_subordinate_ids "$user"
	mkdir home/mine
	echo x >home/mine/file
	chown -R "$user:nogroup" home/mine
	echo y >home/mine/of-root
	import "$T/home/mine" app
	cowrun save -q -o oci:home/saved app
	blob=$(find home/saved/blobs -type f -size +1k | head -n 1)
	same "owners" "0/0 0/0 0/0" "$(tar --numeric-owner -tvf "$blob" | awk '{ print $2 }' | xargs)"
}

case_one_id_only() {
	prepare
	take_subordinate_ids "$user"
	import tree.tar app
	same "kept in" "$(diff_id tree.tar)" "$(ls "$images/layers-single")"
	root=$images/layers-single/$(diff_id tree.tar)/root
	same "owner" "$user" "$(stat -c %U "$root/etc/deep/er/file")"
	same "told" 33:44:0644:file \
		"$(getfattr --only-values -n user.containers.override_stat "$root/etc/deep/er/file" | sed 's/:0*644:/:0644:/')"
	cowrun rmi app >/dev/null
	store_is_empty
}

# The same image, whoever makes it.
case_the_same_as_root() {
	prepare
	take_subordinate_ids "$user"
	import tree.tar app
	cowrun images --digests --no-trunc --format '{{.ID}} {{.Digest}}' >mine
	"$COWRUN" --root "$T/roots" import -q tree.tar app >/dev/null
	"$COWRUN" --root "$T/roots" images --digests --no-trunc --format '{{.ID}} {{.Digest}}' | diff mine -
	cowrun save -q app >mine.tar
	"$COWRUN" --root "$T/roots" save -q app | cmp mine.tar -
}

# make_base: a root with something of web's in it.
make_base() {
	make_root root
	chown 33:33 root/srv
	chmod 4755 root/srv
	pack_tree root root.tar
	import root.tar base
}

# for_root COMMAND: in a container that root has of the user's image "mine".
for_root() {
	cowrun save -q -o oci:home/saved mine
	image_layout check-oci home/saved >/dev/null
	"$COWRUN" --root "$T/roots" load -q home/saved >/dev/null
	"$COWRUN" --root "$T/roots" run --rm mine "$@"
}

nothing_stays() {
	cowrun rm c >/dev/null
	cowrun rmi base mine >/dev/null
	store_is_empty
}

case_container_with_subordinate_ids() {
	prepare
	give_subordinate_ids "$user"
	make_base
	cowrun run --name c base sh -c 'echo x >/srv/new; chown 33:33 /srv/new; chmod 600 /srv/new; rm /bin/vi'
	same "diff" "C /bin D /bin/vi C /srv A /srv/new" "$(cowrun diff c | xargs)"
	cowrun commit -q c mine >/dev/null
	same "owners" "4755 33:33 600 33:33" "$(cowrun run --rm mine stat -c '%a %u:%g' /srv /srv/new | xargs)"
	same "owners for root" "4755 33:33 600 33:33" "$(for_root stat -c '%a %u:%g' /srv /srv/new | xargs)"
	nothing_stays
}

# Nobody but root is known in there, so all is root's, and what is changed stays root's.
case_container_with_one_id() {
	prepare
	take_subordinate_ids "$user"
	make_base
	cowrun run --name c base sh -c 'echo x >/tmp/new; chmod 4711 /tmp/new; rm /bin/vi' 2>/dev/null
	same "diff" "C /bin D /bin/vi C /tmp A /tmp/new" "$(cowrun diff c 2>/dev/null | xargs)"
	cowrun commit -q c mine >/dev/null
	same "mode" 4711 "$(cowrun run --rm mine stat -c %a /tmp/new 2>/dev/null)"
	same "owners for root" "4755 33:33 4711 0:0" "$(for_root stat -c '%a %u:%g' /srv /tmp/new | xargs)"
	same "owner in the container" 0:0 "$(cowrun run --rm mine stat -c %u:%g /srv 2>/dev/null)"
	cowrun rm c >/dev/null
	cowrun rmi mine >/dev/null
	cowrun run --name c base touch /srv/another 2>/dev/null
	cowrun commit -q c mine >/dev/null
	rm -r home/saved
	same "owners when changed" "4755 0:0 644 0:0" "$(for_root stat -c '%a %u:%g' /srv /srv/another | xargs)"
	nothing_stays
}

case_errors() {
	prepare
	take_subordinate_ids "$user"
	mkdir -m 700 theirs
	refused "Permission denied" setpriv --reuid "$user" --regid nogroup --clear-groups "$COWRUN" --root "$T/theirs/store" images
	chmod 600 tree.tar
	refused "tree.tar: Permission denied" cowrun import tree.tar
}

run_cases "$@"
