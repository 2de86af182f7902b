#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Images and layers that cowrun and cowfs write, read by podman, skopeo and umoci; and theirs, read by us.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2016
. "$(dirname "$0")/lib.sh"

: "${COWRUN:?the path of the program cowrun must be in COWRUN}"

cowrun() {
	"$COWRUN" --root "$T/store" "$@"
}

# An image of two layers in cowrun's store, the second of which removes, replaces and adds.
make_image() {
	make_root tree
	chmod 4755 tree/bin/busybox
	cowrun import -c 'ENV PATH=/bin' -c 'CMD ["cat", "/srv/f"]' tree base >/dev/null
	cowrun run --name c base sh -c 'echo changed >/srv/f; ln /srv/f /srv/g; rm -r /bin/w*; mkdir -p /opt/d; chown 33:50 /opt/d; mkfifo /opt/p;
		touch "/opt/with space" /opt/with:colon; touch -d "2001-02-03 04:05:06" /srv/* /opt/*; mv /etc/group /etc/moved'
	cowrun commit c changed >/dev/null
	cowrun rm c >/dev/null
	cowrun run --rm changed sh -c "$describe" >"$T.ours"
}

diff_ids() {
	grep -o 'sha256:[0-9a-f]*' | sort
}

case_ours_in_podman() {
	local archive
	prepare
	make_image
	cowrun save -o docker.tar changed
	cowrun save --format oci-archive -o oci.tar changed
	for archive in docker.tar oci.tar; do
		on cowfs load -q -i "$archive" >/dev/null
		on cowfs run --rm localhost/changed sh -c "$describe" >"$T.theirs"
		diff -U 2 "$T.ours" "$T.theirs" || fail "podman makes something else of $archive"
		same "command" changed "$(on cowfs run --rm localhost/changed)"
		same "diff ids" "$(cowrun image inspect -f '{{json .RootFS.Layers}}' changed | diff_ids)" \
			"$(on cowfs image inspect -f '{{json .RootFS.Layers}}' localhost/changed | diff_ids)"
		on cowfs rmi -f localhost/changed >/dev/null
	done
	nothing_is_left
}

case_podmans_here() {
	local archive
	prepare
	on cowfs run --name c localhost/bb sh -c 'echo changed >/srv/f; ln /srv/f /srv/g; rm -r /bin/w*; mkdir /opt; chown 33:50 /opt; touch -d "2001-02-03 04:05:06" /srv/*'
	on cowfs commit -q c localhost/changed >/dev/null
	on cowfs run --rm localhost/changed sh -c "$describe" >"$T.theirs"
	on cowfs save -q -o docker.tar localhost/changed
	on cowfs save -q --format oci-archive -o oci.tar localhost/changed
	for archive in docker.tar oci.tar; do
		cowrun load -i "$archive" >/dev/null
		cowrun run --rm changed sh -c "$describe" >"$T.ours"
		diff -U 2 "$T.theirs" "$T.ours" || fail "cowrun makes something else of $archive"
		cowrun rmi -f changed >/dev/null
	done
	nothing_is_left
}

case_skopeo() {
	needs skopeo
	write_configuration
	make_image
	cowrun save --format oci-dir -o layout changed
	skopeo inspect --raw oci:layout >raw
	same "digest" "sha256:$(sha256sum <raw | cut -d ' ' -f 1)" "$(skopeo inspect oci:layout | grep -o '"Digest": "[^"]*' | cut -d '"' -f 4)"
	same "layers" "$(grep -o '"digest":"sha256:[0-9a-f]*' raw | tail -n 2 | grep -o 'sha256:.*' | sort)" "$(skopeo inspect oci:layout | sed -n '/"Layers"/,/]/p' | diff_ids)"
	skopeo copy -q --remove-signatures oci:layout docker-archive:copied.tar:localhost/copied:latest
	cowrun load -i copied.tar >/dev/null
	cowrun run --rm copied sh -c "$describe" >"$T.theirs"
	diff -U 2 "$T.ours" "$T.theirs" || fail "the image has changed on its way"
	nothing_is_left
}

# A tree, but for what the runtime puts into it.
describe_image() {
	describe_tree "$1" | grep -vE '^\./(dev|proc|sys|etc) d|\./dev/|etc/(hosts|hostname|resolv.conf)'
}

case_umoci() {
	local tag
	needs umoci
	make_image
	cowrun save --format oci-dir -o layout changed
	tag=$(grep -o '"org.opencontainers.image.ref.name": *"[^"]*' layout/index.json | sed 's/.*"//')
	umoci unpack --image "layout:$tag" bundle 2>said || fail "umoci: $(cat said)"
	cowrun run -d --name c changed sleep 100 >/dev/null
	cowrun cp -a c:/ ours
	cowrun rm -f c >/dev/null
	describe_image bundle/rootfs >"$T.theirs"
	describe_image ours >"$T.ours"
	diff -U 2 "$T.ours" "$T.theirs" || fail "umoci unpacks something else"
	nothing_is_left
}

# Layers that cowfs commit writes, put on each other by umoci, are the union.
case_layers_in_umoci() {
	needs umoci
	make_root lower
	mkdir -p upper mnt lower/srv/gone lower/srv/replaced
	echo 1 | tee lower/srv/gone/x lower/srv/replaced/x lower/srv/linked >lower/srv/changed
	ln lower/srv/linked lower/srv/again
	setfattr -n user.mine -v value lower/srv/changed
	"$COWFS" mount lower upper mnt
	echo 2 >>mnt/srv/changed
	echo 2 >>mnt/srv/again
	rm -r mnt/srv/gone mnt/srv/replaced mnt/bin/w*
	mkdir mnt/srv/replaced
	mv mnt/etc mnt/srv/moved
	chown -R 33:50 mnt/srv/replaced
	mkfifo mnt/srv/fifo
	touch "mnt/srv/with space" mnt/srv/with:colon
	describe_tree mnt >"$T.ours"
	"$COWFS" commit -o layer.tar.gz mnt
	"$COWFS" umount mnt
	"$COWFS" commit -o base.tar lower
	umoci init --layout layout
	umoci new --image layout:x
	umoci raw add-layer --image layout:x base.tar
	gunzip layer.tar.gz
	umoci raw add-layer --image layout:x layer.tar
	umoci unpack --image layout:x bundle 2>said || fail "umoci: $(cat said)"
	describe_tree bundle/rootfs >"$T.theirs"
	diff -U 2 "$T.ours" "$T.theirs" || fail "umoci makes something else of the layers"
	nothing_is_left
}

run_cases "$@"
