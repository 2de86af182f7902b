#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Images from and for other programs: OCI layouts and archives, docker's archives. There are no other programs here: what
# comes was made, and what goes is checked, by image_layout.py, which goes by the specifications.
# shellcheck source-path=SCRIPTDIR source=image_lib.sh
. "$(dirname "$0")/image_lib.sh"

# manifest_digest DIRECTORY: of the only image of a layout.
manifest_digest() {
	python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["manifests"][0]["digest"])' \
		"$1/index.json"
}

load() {
	cowrun load "$@" >said
}

case_oci_layouts() {
	local how
	use_store
	needs zstd gzip
	make_layers
	for how in "--pack tar" "--pack gzip" "--pack zstd" "--docker-types --pack gzip" "--index"; do
		rm -rf layout
		# shellcheck disable=SC2086
		image_layout make-oci layout one.tar two.tar --name example.org/app:1 $how
		load oci:layout
		same "said" "Loaded image: example.org/app:1" "$(cat said)"
		[ "$how" = --index ] || same "digest" "$(manifest_digest layout)" \
			"$(cowrun image inspect -f '{{.Digest}}' app:1)"
		same "layers" "[\"sha256:$(diff_id one.tar)\",\"sha256:$(diff_id two.tar)\"]" \
			"$(cowrun image inspect -f '{{json .RootFS.Layers}}' app:1)"
		same "config" '["-c","echo hello"]' "$(cowrun image inspect -f '{{json .Config.Cmd}}' app:1)"
		same "layer" two "$(cat "$(layer_root "$(diff_id two.tar)")/file")"
		cowrun images -q | sed 1d | grep . && fail "there is one configuration only"
		store_is_sound
	done
}

case_oci_archives() {
	use_store
	make_layers
	image_layout make-oci layout one.tar two.tar --name app --pack gzip
	tar -C layout -cf plain.tar .
	tar -C layout -czf packed.tar.gz oci-layout index.json blobs
	load -i plain.tar
	same "said" "Loaded image: localhost/app:latest" "$(cat said)"
	cowrun rmi app >/dev/null
	load <packed.tar.gz
	same "digest" "$(manifest_digest layout)" "$(cowrun image inspect -f '{{.Digest}}' app)"
	# One without a name goes by its id.
	image_layout make-oci unnamed one.tar
	load unnamed
	grep -q '^Loaded image ID: sha256:' said
	store_is_sound
}

case_docker_archives() {
	use_store
	make_layers
	image_layout make-docker docker one.tar two.tar --name app:3
	tar -C docker -cf docker.tar .
	load -i docker.tar
	same "said" "Loaded image: localhost/app:3" "$(cat said)"
	same "layers" "[\"sha256:$(diff_id one.tar)\",\"sha256:$(diff_id two.tar)\"]" \
		"$(cowrun image inspect -f '{{json .RootFS.Layers}}' app:3)"
	image_layout make-docker legacy one.tar two.tar --legacy --name old
	tar -C legacy -cf legacy.tar .
	load -i legacy.tar
	same "id" "$(cowrun images -q app)" "$(cowrun images -q old)"
	load docker
	store_is_sound
}

# What comes is not for this machine alone, and what is for others is left where it is.
case_other_platforms() {
	use_store
	make_layers
	image_layout make-oci foreign one.tar --index --architecture s390x
	refused "no image for linux on" cowrun load foreign
	image_layout make-oci only one.tar --architecture s390x --name foreign
	load only
	same "architecture" s390x "$(cowrun image inspect -f '{{.Architecture}}' foreign)"
	store_is_sound
}

case_saved_for_others() {
	use_store
	needs zstd
	make_layers
	image_layout make-oci packed one.tar two.tar --name packed:1 --pack zstd
	image_layout make-oci docker one.tar --name docker:1 --pack gzip --docker-types
	load packed
	load docker
	import two two:2
	cowrun tag two:2 again
	cowrun save -q -o oci:saved packed:1 docker:1 two:2 again
	image_layout check-oci saved >checked
	# The very manifest that came.
	grep -q "^$(manifest_digest packed) localhost/packed:1" checked
	grep -q "localhost/again:latest" checked
	cowrun save -q --format oci-archive packed:1 >saved.tar
	mkdir unpacked
	tar -C unpacked -xf saved.tar
	image_layout check-oci unpacked | grep -q "^$(manifest_digest packed) localhost/packed:1"
	cowrun save -q -o docker.tar packed:1 docker:1 two:2 again
	image_layout check-docker docker.tar >checked
	same "ids" "$(cowrun images --no-trunc -q | sort)" "$(cut -d ' ' -f 1 checked | sort)"
	grep -q 'localhost/two:2 localhost/again:latest' checked
	same "left behind" "docker.tar saved.tar" "$(echo docker.tar* saved.tar*)"
	store_is_sound
	# There and back again.
	cowrun images --digests --no-trunc --format '{{.Repository}}:{{.Tag}} {{.ID}} {{.Digest}}' | sort >before
	mv store gone
	load saved
	cowrun images --digests --no-trunc --format '{{.Repository}}:{{.Tag}} {{.ID}} {{.Digest}}' | sort >after
	# Docker's media types have become OCI's.
	diff <(grep -v docker before) <(grep -v docker after)
	mv store gone/again
	load -i docker.tar
	cowrun images --format '{{.Repository}}:{{.Tag}}' | sort | diff - <(cut -d ' ' -f 1 before)
	store_is_sound
}

case_saved_by_id() {
	use_store
	make_layers
	import one app
	cowrun save -q -o oci:saved "$(cowrun images -q app)"
	same "name" None "$(image_layout check-oci saved | cut -d ' ' -f 2)"
	refused "there is no image" cowrun save -o oci:nothing nothing
	absent nothing
	mkdir empty
	cowrun save -q -o empty --format oci-dir app
	image_layout check-oci empty | grep -q localhost/app:latest
	refused "needs a directory" cowrun save --format oci-dir app
	cowrun save app | tar -tf - | grep -q manifest.json
}

# refused_in_every_form WORDS SPOIL: nothing of it stays.
refused_in_every_form() {
	rm -rf layout layout.tar
	image_layout make-oci layout one.tar two.tar --name evil --pack gzip --spoil "$2"
	tar -C layout -cf layout.tar .
	refused "$1" cowrun load layout
	store_is_sound
	refused "$1" cowrun load layout.tar
	store_is_sound
	same "names" "" "$(names)"
	same "layers" "" "$(layers)"
}

case_hostile_layouts() {
	use_store
	make_layers
	refused_in_every_form "damaged or was tampered with" digest
	refused_in_every_form "damaged or was tampered with" size
	refused_in_every_form "No such file" missing
	refused_in_every_form "64 hexadecimal digits" traversal
	refused_in_every_form "64 hexadecimal digits" short-digest
	refused_in_every_form "64 hexadecimal digits" upper-digest
	refused_in_every_form "unknown media type" media-type
	refused_in_every_form "is not JSON" manifest
	refused_in_every_form "is not JSON" deep
	refused_in_every_form "damaged or was tampered with" diff-id
	refused_in_every_form "differ in number" layer-count
	refused_in_every_form "config.Env" config-type
}

# A layer that is there already vouches for nothing that is packed otherwise.
case_hostile_layer_behind_a_known_one() {
	use_store
	make_layers
	import one.tar app
	image_layout make-oci layout two.tar --name evil --pack gzip --spoil "as:$(diff_id one.tar)"
	refused "damaged or was tampered with" cowrun load layout
	same "names" "localhost/app:latest" "$(names)"
	store_is_sound
}

case_hostile_docker_archives() {
	local spoil
	use_store
	make_layers
	for spoil in outside absolute link-outside missing fifo diff-id layer-count; do
		rm -rf docker
		image_layout make-docker docker one.tar two.tar --name evil --spoil "$spoil"
		tar -C docker -cf docker.tar .
		refused "leads out of it\|No such file\|no regular file\|tampered\|differ in number" cowrun load docker
		refused "leads out of it\|No such file\|no regular file\|tampered\|differ in number" cowrun load docker.tar
		store_is_sound
		same "names" "" "$(names)"
	done
	for text in '' '[]' '{}' '[1]' '[{}]' '[{"Config":1}]' '[{"Config":"x","Layers":[1]}]' '[{"Config":"manifest.json","Layers":[]}]'; do
		echo "$text" >docker/manifest.json
		refused "manifest.json" cowrun load docker
	done
	store_is_sound
}

# The outer archive is no more trusted than what is in it.
case_hostile_archive_around_it() {
	use_store
	make_layers
	image_layout make-oci layout one.tar --name evil
	python3 - <<'END'
import io, tarfile
with tarfile.open("evil.tar", "w") as archive:
    link = tarfile.TarInfo("blobs/sha256")
    link.type, link.linkname = tarfile.SYMTYPE, "/tmp"
    archive.addfile(link)
    archive.add("layout/index.json", "index.json")
    archive.add("layout/oci-layout", "oci-layout")
    for name in __import__("os").listdir("layout/blobs/sha256"):
        archive.add("layout/blobs/sha256/" + name, "blobs/sha256/" + name)
with tarfile.open("parent.tar", "w") as archive:
    entry = tarfile.TarInfo("../../../escaped")
    entry.size = 1
    archive.addfile(entry, io.BytesIO(b"x"))
END
	find /tmp -maxdepth 1 | sort >before
	"$COWRUN" --root "$T/store" load evil.tar >/dev/null 2>&1 || true
	find /tmp -maxdepth 1 | sort | diff before -
	refused "\.\." cowrun load parent.tar
	absent "$T/escaped" "$T/store/escaped" "$images/escaped"
	store_is_sound
}

run_cases "$@"
