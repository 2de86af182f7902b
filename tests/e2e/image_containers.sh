#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# From images to containers, and back.
# shellcheck source-path=SCRIPTDIR source=image_lib.sh disable=SC2016
. "$(dirname "$0")/image_lib.sh"

# base: busybox, with a command and an environment of its own.
make_base() {
	use_store
	make_root root
	import -c 'ENTRYPOINT ["/bin/sh", "-c"]' -c 'CMD ["echo $A from $PWD as $(id -un)"]' -c 'ENV A=image B=image' \
		-c 'WORKDIR /srv' -c 'USER web' -c 'LABEL l=image' -c 'STOPSIGNAL KILL' "$T/root" base
}

case_what_the_image_says() {
	make_base
	same "all" "image from /srv as web" "$(cowrun run --rm base)"
	same "command" "hi image" "$(cowrun run --rm base 'echo hi $B')"
	same "variables" "own image" "$(cowrun run --rm -e A=own base 'echo $A $B')"
	same "user and directory" "root /tmp" "$(cowrun run --rm -u root -w /tmp base 'echo $(id -un) $PWD')"
	same "entry point" "a b" "$(cowrun run --rm --entrypoint echo base a b)"
	# Another entry point leaves the image's command out.
	same "nothing" "" "$(cowrun run --rm --entrypoint echo base)"
	cowrun create --name c --label l=own --label m=n base >/dev/null
	same "labels" '{"l":"own","m":"n"}' "$(cowrun inspect -f '{{json .Config.Labels}}' c)"
	same "image" "base $(cowrun image inspect -f '{{.Id}}' base)" "$(cowrun inspect -f '{{.Config.Image}} {{.Image}}' c)"
	import "$T/root" silent
	refused "say which is to run" cowrun run --rm silent
	refused "there is no image nothing" cowrun run --rm nothing
	status_is 125 cowrun run --rm nothing 2>/dev/null
	refused "say what its root is" cowrun run --rm
}

# Layers that are not unpacked, or not for this user, are, by a program of its own.
case_layers_come_back() {
	local layer
	make_base
	layer=$(ls "$images/layers")
	rm -r "$images/layers/$layer"
	same "command" "image from /srv as web" "$(cowrun run --rm base)"
	same "layers" "$layer" "$(ls "$images/layers")"
	rm -r "$images/layers/$layer" "$images/blobs/sha256/$layer"
	refused "^cowrun: localhost/base:latest.*No such file or directory" cowrun run --rm base
}

case_changes() {
	make_base
	cowrun run --name c base 'true'
	same "nothing" "" "$(cowrun diff c)"
	cowrun run --name d -u root base 'echo x >new; rm /bin/vi; echo y >>/etc/passwd; mkdir /made; mv /made /moved; chmod 700 /tmp; echo z >>/etc/hosts'
	same "diff" "C /bin D /bin/vi C /etc C /etc/passwd A /moved C /srv A /srv/new C /tmp" "$(cowrun diff d | xargs)"
	refused "there is none with this name" cowrun diff nothing
}

case_commit() {
	make_base
	cowrun run --name c -u root -v "$T:/volume" base 'echo x >/volume/on-the-volume; echo x >/srv/new; rm /bin/vi; mkdir /d; mv /d /e; echo z >>/etc/hosts'
	cowrun commit -q -m "a note" -a me -c 'CMD ["cat /srv/new"]' -c 'USER root' c work:1 >id
	same "runs" x "$(cowrun run --rm work:1)"
	refused "vi" cowrun run --rm work:1 'ls /bin/vi'
	cowrun run --rm work:1 'test -d /e && test ! -e /d && grep -q web /etc/passwd'
	same "history" "cowrun commit a note" "$(cowrun history --format '{{.CreatedBy}} {{.Comment}}' work:1 | head -n 1)"
	same "author" me "$(cowrun image inspect -f '{{.Author}}' work:1)"
	same "environment" '["A=image","B=image"]' "$(cowrun image inspect -f '{{json .Config.Env}}' work:1)"
	# The layer is what was changed, and no more.
	cowrun save -q -o oci:saved work:1
	image_layout check-oci saved >/dev/null
	layer=$(cowrun image inspect -f '{{json .RootFS.Layers}}' work:1 | tr -d '[]"' | tr , '\n' | tail -n 1 | cut -c 8-)
	same "entries" "./ bin/ bin/.wh.vi e/ srv/ srv/new volume/" \
		"$(tar -tf "saved/blobs/sha256/$layer" | grep -v '^\(etc\|dev\|proc\|sys\)/$' | sort | xargs)"
	# The same changes are the same image.
	same "again" "$(cat id)" "$(cowrun commit -q -m "a note" -a me -c 'CMD ["cat /srv/new"]' -c 'USER root' c work:2)"
	cowrun rm c >/dev/null
	cowrun rmi work:1 work:2 >/dev/null
	store_is_sound
}

case_commit_of_commits() {
	make_base
	for i in 1 2 3; do
		cowrun run --name "c$i" -u root "$([ "$i" = 1 ] && echo base || echo "work:$((i - 1))")" "echo $i >>/srv/log; rm -f /srv/old; echo $i >/srv/old"
		cowrun commit -q "c$i" "work:$i" >/dev/null
	done
	same "log" "1 2 3 3" "$(cowrun run --rm work:3 'cat log old' | xargs)"
	same "layers" 4 "$(cowrun image inspect -f '{{json .RootFS.Layers}}' work:3 | grep -o sha256 | wc -l)"
	store_is_sound
}

case_images_in_use() {
	make_base
	cowrun create --name c base >/dev/null
	refused "used by the container c" cowrun rmi base
	refused "used by the container c" cowrun rmi "$(cowrun images -q base)"
	cowrun tag base other
	cowrun rmi base | grep -q Untagged
	cowrun rmi -f other | grep -q Untagged
	same "stays" "<none>:<none>" "$(names)"
	same "runs" "image from /srv as web" "$(cowrun start -a c)"
	cowrun rm c >/dev/null
	cowrun rmi "$(cowrun images -q)" >/dev/null
	store_is_empty
}

# Between choosing an image and having a container of it nobody can take it away.
case_no_image_is_lost_on_the_way() {
	local i
	make_base
	for i in 1 2 3 4 5 6 7 8; do
		cowrun tag base "t:$i"
	done
	for i in 1 2 3 4 5 6 7 8; do
		cowrun create --name "c$i" "t:$i" >/dev/null 2>&1 &
		cowrun rmi -f "$(cowrun images -q base)" >/dev/null 2>&1 &
	done
	wait
	for i in 1 2 3 4 5 6 7 8; do
		[ -z "$(cowrun inspect -f '{{.Id}}' "c$i" 2>/dev/null)" ] ||
			same "c$i" "image from /srv as web" "$(cowrun start -a "c$i")"
	done
}

run_cases "$@"
