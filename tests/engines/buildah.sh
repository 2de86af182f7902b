#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# buildah with cowfs as its mount program, as root and as an ordinary user: the same images come out, to the byte.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2016
. "$(dirname "$0")/lib.sh"

CASE_SECONDS=300

user=tester

# on SIDE ARGUMENT...: buildah there. AS runs it as somebody else.
on() {
	local side=$1 options=()
	shift
	case $side in
	cowfs) options=(--storage-opt "overlay.mount_program=$T/program/fuse-overlayfs") ;;
	peer) ! command -v fuse-overlayfs >/dev/null || options=(--storage-opt "overlay.mount_program=$(command -v fuse-overlayfs)") ;;
	esac
	# shellcheck disable=SC2086 # words
	${AS-} buildah --root "$T/$side/root" --runroot "$T/$side/run" --storage-driver overlay "${options[@]}" "$@"
}

# commit SIDE CONTAINER IMAGE: its time is given, so that the same layers have the same digests.
commit() {
	on "$1" commit -q --timestamp 1000000000 "$2" "$3" >/dev/null
}

# layers_of SIDE IMAGE
layers_of() {
	on "$1" inspect --type image --format '{{.OCIv1.RootFS.DiffIDs}}' "$2" | xargs -n 1
}

# contents_of SIDE IMAGE: what a container of it has.
contents_of() {
	local container
	container=$(on "$1" from "$2")
	on "$1" run "$container" sh -c "$describe"
	on "$1" rm "$container" >/dev/null
}

# Every side has the image bb, made from nothing.
prepare_sides() {
	local side container
	needs buildah runc
	write_configuration "${1-}"
	export BUILDAH_ISOLATION=chroot BUILDAH_RUNTIME=runc
	mkdir -p program
	ln -sf "$COWFS" program/fuse-overlayfs
	make_root root
	tar -C root -cf bb.tar .
	write_recipe
	${2-true}
	for side in cowfs peer; do
		container=$(on "$side" from scratch)
		on "$side" add -q "$container" bb.tar / >/dev/null
		on "$side" config --env PATH=/usr/bin:/bin "$container"
		commit "$side" "$container" localhost/bb
		on "$side" rm "$container" >/dev/null
	done
}

prepare_root() {
	# A hard limit on open files below its own is one that it cannot set.
	prepare_sides "default_ulimits = [\"nofile=$(ulimit -Hn):$(ulimit -Hn)\", \"nproc=32768:32768\"]"
}

become_user() {
	needs newuidmap newgidmap
	useradd --no-create-home --home-dir "$T/home" --user-group "$user" 2>/dev/null ||
		printf '%s:x:4711:4711::%s:/bin/sh\n' "$user" "$T/home" >>/etc/passwd
	grep -q "^$user:" /etc/group || echo "$user:x:4711:" >>/etc/group
	take_subordinate_ids "$user"
	echo "$user:200000:65536" | tee -a /etc/subuid >>/etc/subgid
	mkdir -p home cowfs peer
	mkdir -m 700 runtime
	chown "$user:$user" home runtime cowfs peer
	AS="setpriv --reuid $user --regid $user --init-groups env -i HOME=$T/home PATH=$PATH XDG_RUNTIME_DIR=$T/runtime TMPDIR=$T/tmp
		BUILDAH_ISOLATION=chroot CONTAINERS_CONF=$CONTAINERS_CONF CONTAINERS_STORAGE_CONF=$CONTAINERS_STORAGE_CONF"
	$AS unshare --user --map-root-user --map-auto true 2>said || skip "newuidmap does not work here: $(head -n 1 said)"
}

write_recipe() {
	mkdir -p context/tree/below
	echo copied >context/tree/below/file
	ln -s below/file context/tree/link
	cat >context/Dockerfile <<-'END'
		FROM localhost/bb AS first
		RUN mkdir -p /srv/low && for i in $(seq 100); do echo $i >/srv/low/f$i; done
		COPY tree /opt
		RUN echo two >/srv/two && ln /srv/two /srv/linked && ln -s two /srv/link
		RUN rm -rf /srv/low && mkdir /srv/low && echo new >/srv/low/new
		RUN chmod 4755 /bin/busybox && chown -R 33:33 /srv/low && rm /srv/link
		RUN mv /srv/low /srv/moved && mkfifo /srv/fifo && touch '/srv/with:colon'
		FROM localhost/bb
		COPY --from=first /srv /srv
		RUN rm -r /srv/moved /bin/w*
		RUN mkdir /srv/moved && echo last >/srv/moved/last
	END
}

by_hand() {
	local container
	container=$(on "$1" from --name hand localhost/bb)
	on "$1" run "$container" sh -c 'echo one >/srv/one; ln /srv/one /srv/linked; rm -rf /bin/w*; mv /etc/group /etc/moved; chown 33:50 /srv/one'
	on "$1" copy -q "$container" context/tree /opt >/dev/null
	on "$1" run "$container" sh -c 'cat /opt/below/file; rm /opt/link'
	commit "$1" "$container" localhost/hand
	on "$1" rm "$container" >/dev/null
	layers_of "$1" localhost/hand
	contents_of "$1" localhost/hand
}

# build SIDE IMAGE OPTION...: and what came of it.
build() {
	on "$1" bud -q --timestamp 1000000000 -t "localhost/$2" "${@:3}" context >/dev/null
	layers_of "$1" "localhost/$2"
	contents_of "$1" "localhost/$2"
}

builds() {
	build "$1" layers --layers
	build "$1" no-layers --layers=false
	build "$1" squashed --squash
	build "$1" first --layers --target first
}

case_by_hand() {
	prepare_root
	same_on_both by_hand
	nothing_is_left
}

case_builds() {
	prepare_root
	same_on_both builds
	nothing_is_left
}

case_mount() {
	local container place
	prepare_root
	container=$(on cowfs from localhost/bb)
	place=$(on cowfs mount "$container")
	echo outside >"$place/srv/file"
	same "in the container" outside "$(on cowfs run "$container" cat /srv/file)"
	same "a change" "A /srv/file" "$("$COWFS" diff "$place" | grep srv/file)"
	on cowfs umount "$container" >/dev/null
	on cowfs rm "$container" >/dev/null
	on cowfs rmi -a >/dev/null
	same "layers" l "$(ls cowfs/root/overlay)"
	nothing_is_left
}

case_by_hand_as_user() {
	prepare_sides '' become_user
	same_on_both by_hand
	wait_until no_daemon
}

case_builds_as_user() {
	prepare_sides '' become_user
	same_on_both builds
	wait_until no_daemon
}

run_cases "$@"
