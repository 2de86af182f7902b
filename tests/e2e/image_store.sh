#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Images: made, named, looked at, removed.
# shellcheck source-path=SCRIPTDIR source=image_lib.sh
. "$(dirname "$0")/image_lib.sh"

case_import_in_every_form() {
	use_store
	needs gzip zstd
	make_tree tree
	pack_tree tree tree.tar
	gzip -nk tree.tar
	zstd -qk tree.tar
	for file in tree.tar tree.tar.gz tree.tar.zst; do
		cowrun import -q "$file" "from:${file##*.}" >>ids
	done
	cowrun import -q - from:pipe <tree.tar >>ids
	# However it was packed, the configuration is the same.
	same "ids" 1 "$(sort -u ids | wc -l)"
	same "layers" "$(diff_id tree.tar)" "$(layers)"
	remember_tree tree
	cp -a tree kept
	rm -r tree
	mv "$(layer_root "$(diff_id tree.tar)")" tree
	tree_is_unchanged tree
	mv tree "$(layer_root "$(diff_id kept/../tree.tar)")"
	cowrun import -q kept from:directory >>ids
	same "layers" 2 "$(layers | wc -l)"
	store_is_sound
	same "link" "$(stat -c %i "$(layer_root "$(diff_id tree.tar)")/bin/program")" \
		"$(stat -c %i "$(layer_root "$(diff_id tree.tar)")/bin/linked")"
}

case_same_input_gives_the_same_image() {
	use_store
	make_tree tree
	pack_tree tree tree.tar
	cowrun import -q -c 'ENV A=b' -c 'CMD ["x"]' -m note tree.tar a >one
	cowrun import -q -c 'ENV A=b' -c 'CMD ["x"]' -m note tree b >>one
	cowrun images --digests --no-trunc --format '{{.Repository}} {{.ID}} {{.Digest}}' | sort >>one
	cowrun save -q -o one.tar a b
	cp -a tree elsewhere
	mv store gone
	sleep 0.01
	(
		cd elsewhere || exit
		cowrun import -q -c 'ENV A=b' -c 'CMD ["x"]' -m note ../tree.tar a >../two
		cowrun import -q -c 'ENV A=b' -c 'CMD ["x"]' -m note "$PWD" b >>../two
	)
	cowrun images --digests --no-trunc --format '{{.Repository}} {{.ID}} {{.Digest}}' | sort >>two
	cowrun save -q -o two.tar a b
	cmp one two
	cmp one.tar two.tar
	# Without a variable it is the time of what is imported; the option comes before both.
	unset SOURCE_DATE_EPOCH
	touch -d @1500000000 tree.tar
	import tree.tar c
	same "created" 2017-07-14T02:40:00Z "$(cowrun image inspect -f '{{.Created}}' c)"
	SOURCE_DATE_EPOCH=1 cowrun import -q --source-date-epoch 2 tree.tar d
	same "created" 1970-01-01T00:00:02Z "$(cowrun image inspect -f '{{.Created}}' d)"
	refused "SOURCE_DATE_EPOCH" env SOURCE_DATE_EPOCH=x "$COWRUN" --root "$T/store" import tree.tar
	refused "source-date-epoch" cowrun import --source-date-epoch -1 tree.tar
}

case_configuration() {
	use_store
	make_layers
	cowrun import -q -c 'CMD ["sh", "-c", "x y"]' -c 'ENTRYPOINT /run it' -c 'ENV A=1 B="2 3"' \
		-c 'ENV A=4' -c 'WORKDIR /srv' -c 'WORKDIR sub' -c 'USER web' -c 'EXPOSE 80' \
		-c 'VOLUME /data' -c 'LABEL k="v w"' -c 'STOPSIGNAL SIGINT' one.tar app:1 >id
	same "config" '{"Cmd":["sh","-c","x y"],"Entrypoint":["/bin/sh","-c","/run it"],"Env":["A=4","B=2 3"],"WorkingDir":"/srv/sub","User":"web","ExposedPorts":{"80/tcp":{}},"Volumes":{"/data":{}},"Labels":{"k":"v w"},"StopSignal":"SIGINT"}' \
		"$(cowrun image inspect -f '{{json .Config}}' app:1)"
	same "id" "$(cat id)" "$(cowrun image inspect -f '{{.Id}}' app:1)"
	same "layers" "[\"sha256:$(diff_id one.tar)\"]" "$(cowrun image inspect -f '{{json .RootFS.Layers}}' app:1)"
	same "os" linux "$(cowrun image inspect -f '{{.Os}}' app:1)"
	cowrun image inspect app:1 | python3 -c '
import json, sys
image, = json.load(sys.stdin)
assert image["RepoTags"] == ["localhost/app:1"] and image["Size"] > 0 and image["History"], image'
	same "history" "cowrun import" "$(cowrun history --format '{{.CreatedBy}}' app:1)"
	refused "ENV NAME=VALUE" cowrun import -c 'ENV =x' one.tar
	refused "begins with none of" cowrun import -c 'RUN x' one.tar
	store_is_sound
}

case_names() {
	use_store
	make_layers
	import one.tar app
	import two.tar example.org/team/app:2
	same "names" "example.org/team/app:2 localhost/app:latest" "$(names)"
	cowrun tag app example:5000/x app:v2
	cowrun tag "$(cowrun images -q app:2)" app:latest
	# The image that had the name keeps its others.
	same "names" "example.org/team/app:2 example:5000/x:latest localhost/app:latest localhost/app:v2" "$(names)"
	same "short name" "$(cowrun images -q app:2)" "$(cowrun images -q app:latest)"
	same "by short name" "[\"example.org/team/app:2\",\"localhost/app:latest\"]" \
		"$(cowrun image inspect -f '{{json .RepoTags}}' app:2)"
	cowrun tag app:v2 other.example/app:2
	refused "may be example.org/team/app:2 or other.example/app:2" cowrun image inspect app:2
	for name in App a//b 'a b' :x a:b:c ../a "$(printf 'a%.0s' {1..300})" 'a:;' 'ä'; do
		refused "cannot be the name" cowrun tag app "$name"
	done
	refused "there is no image nothing" cowrun tag nothing x
	store_is_sound
}

# An image without a name stays until it is removed by its id.
case_a_name_that_moves_on() {
	use_store
	make_layers
	cowrun import -q one.tar app >first
	import two.tar app
	same "names" "<none>:<none> localhost/app:latest" "$(names)"
	cowrun rmi "$(cut -c 8-18 first)" | grep -q "Deleted: $(cat first)"
	same "names" "localhost/app:latest" "$(names)"
	store_is_sound
}

case_remove() {
	use_store
	make_layers
	image_layout make-oci shared one.tar two.tar --name both
	cowrun load -q shared
	import one.tar app
	cowrun tag app again
	same "layers" 2 "$(layers | wc -l)"
	refused "2 names" cowrun rmi "$(cowrun images -q app)"
	same "said" "Untagged: localhost/again:latest" "$(cowrun rmi again)"
	# What another image has, stays.
	cowrun rmi both | grep -q Deleted:
	same "layers" "$(diff_id one.tar)" "$(layers)"
	store_is_sound
	cowrun tag app again
	cowrun rmi -f "$(cowrun images -q app)" | grep -c Untagged: | grep -qx 2
	store_is_empty
	refused "there is no image" cowrun rmi app
	status_is 1 cowrun rmi app
	store_is_sound
}

case_lists() {
	use_store
	make_layers
	same "titles" "REPOSITORY TAG IMAGE ID CREATED SIZE" "$(cowrun images | xargs)"
	import --source-date-epoch 1000 one.tar old
	import two.tar new:1
	cowrun images | sed -n 2p | grep -qE '^localhost/new +1 +[0-9a-f]{12} +[0-9]+ years ago +[0-9.]+k?B$'
	same "order" "localhost/new localhost/old" "$(cowrun images --format '{{.Repository}}' | xargs)"
	cowrun images --format json | python3 -c '
import json, sys
lines = [json.loads(line) for line in sys.stdin]
assert [line["Tag"] for line in lines] == ["1", "latest"], lines'
	same "one" "localhost/old" "$(cowrun images --format '{{.Repository}}' old)"
	same "none" "" "$(cowrun images --format '{{.Repository}}' ld)"
	cowrun images --digests --no-trunc | grep -qE "sha256:[0-9a-f]{64} +sha256:[0-9a-f]{64}"
	refused "there is no .X" cowrun images --format '{{.X}}'
	cowrun image ls -q | grep -qE '^[0-9a-f]{12}$'
	refused "there is no such command" cowrun image frobnicate
}

# Terminals obey what they are shown.
case_hostile_texts_are_shown_harmless() {
	use_store
	make_layers
	import -m "$(printf 'a\033[2Jb')" one.tar app
	cowrun history app | grep -q 'a?\[2Jb'
}

case_wrong_input() {
	use_store
	head -c 10000 /dev/urandom >noise
	: >empty
	make_layers
	head -c 1500 one.tar >"cut.tar"
	xz -k one.tar 2>/dev/null || printf '\3757zXZ\0' >one.tar.xz
	refused "not a tar" cowrun import noise
	refused "." cowrun import empty
	refused "cut short" cowrun import cut.tar
	refused "xz -dc" cowrun import one.tar.xz
	refused "No such file" cowrun import nothing.tar
	refused "no number\|must be a number\|unknown option" cowrun import --frobnicate one.tar
	refused "Usage" cowrun import
	refused "cannot be the name" cowrun import one.tar 'Bad Name'
	refused "neither an index.json nor a manifest.json" cowrun load one.tar
	refused "neither an index.json" cowrun load one
	refused "unknown image\|there is no image" cowrun history nothing
	refused "--format can be" cowrun save --format floppy x
	store_is_empty
	import one.tar app
	mkdir full
	touch full/x
	refused "not empty" cowrun save -o oci:full app
	refused "No such file" cowrun save -o nowhere/x.tar app
	same "left behind" "full" "$(find . -name 'full*' -o -name 'nowhere*' | cut -c 3-)"
}

case_damaged_store() {
	use_store
	make_layers
	import one.tar good
	cowrun import -q two.tar bad >id
	echo x >>"$images/blobs/sha256/$(cut -c 8- id)"
	refused "is damaged" cowrun image inspect bad
	same "names" "localhost/good:latest" "$(names)"
	# While one cannot be read, nobody knows what it needs.
	import one.tar good
	[ -d "$(layer_root "$(diff_id two.tar)")" ] || fail "a layer was swept away"
	import two.tar bad
	store_is_sound
	echo '{' >"$images/index.json"
	refused "index.json is not JSON" cowrun images
}

# A layer that is missing comes back from its blob.
case_layers_are_unpacked_again() {
	use_store
	make_layers
	import one.tar app
	rm -r "$images/layers"
	import one.tar app
	[ -p "$(layer_root "$(diff_id one.tar)")/etc/fifo" ]
	store_is_sound
}

case_full_disk() {
	use_store
	mkdir store
	mount -t tmpfs -o size=3m,mode=700 small store
	make_layers
	import one.tar app
	mkdir large
	head -c 2000000 /dev/urandom >large/file
	pack_tree large large.tar
	# The blob has room, the layer has not.
	refused "No space left" cowrun import large.tar large
	same "names" "localhost/app:latest" "$(names)"
	store_is_sound
	head -c 5000000 /dev/urandom >large/file
	pack_tree large large.tar
	refused "No space left" cowrun import large.tar large
	refused "No space left" cowrun import large large
	image_layout make-oci layout one.tar large.tar --name large
	refused "No space left" cowrun load layout
	tar -C layout -cf layout.tar .
	refused "No space left" cowrun load layout.tar
	same "names" "localhost/app:latest" "$(names)"
	store_is_sound
	cowrun rmi app
	import two.tar app
	store_is_sound
}

# All of them want the same layers.
case_at_the_same_time() {
	local i
	use_store
	make_layers
	image_layout make-oci layout one.tar two.tar
	for i in 1 2 3 4 5 6; do
		cowrun import -q one.tar "import:$i" >/dev/null &
		cowrun load -q layout >/dev/null &
		(cowrun import -q two.tar "gone:$i" >/dev/null && cowrun rmi "gone:$i" >/dev/null) &
		cowrun images >/dev/null &
	done
	wait
	same "names" "<none>:<none> localhost/import:1 localhost/import:2 localhost/import:3 localhost/import:4 localhost/import:5 localhost/import:6" "$(names)"
	cowrun tag import:1 last
	cowrun rmi last
	store_is_sound
}

# One unpacks, the others wait for it.
case_unpacked_once() {
	local i
	use_store
	needs strace
	make_layers
	for i in 1 2 3 4; do
		# Slow enough to meet.
		strace -f -qq -o "trace.$i" -e trace=syncfs -e inject=syncfs:delay_enter=300000 \
			"$COWRUN" --root "$T/store" load -q "$(make_variant "$i")" &
	done
	wait
	same "unpacked" 5 "$(cat trace.* | grep -c syncfs)"
	store_is_sound
}

# The first layer is the same in all, and the second one each one's own.
make_variant() {
	mkdir "own.$1"
	echo "$1" >"own.$1/file"
	pack_tree "own.$1" "own.$1.tar"
	image_layout make-oci "layout.$1" one.tar "own.$1.tar" --name "v:$1"
	echo "layout.$1"
}

run_cases "$@"
