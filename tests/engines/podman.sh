#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# podman with cowfs as its mount program, as root: what containers do, and what is kept of them.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2016
. "$(dirname "$0")/lib.sh"

change='mkdir -p /srv/a; echo one >/srv/a/f; ln /srv/a/f /srv/a/g; rm -rf /etc/deep /bin/w*; chmod 4755 /bin/busybox; ln -s f /srv/a/l
	mkfifo /srv/p; touch "/srv/with:colon" "/srv/with space"; chown -R 33:50 /srv/a; mv /etc/group /etc/moved; touch -d "2001-02-03 04:05:06" /srv/a/*'

life_of_one() {
	on "$1" run --rm localhost/bb echo said
	on "$1" run --rm --read-only localhost/bb sh -c 'touch /x 2>&1; echo $?'
	on "$1" run -d --name c localhost/bb sleep 1000 >/dev/null
	on "$1" exec c sh -c "$change"
	on "$1" diff c | sort
	on "$1" exec c sh -c "$describe"
	on "$1" cp c:/srv/a - | tar -tvf - | awk '{ print $1, $2, $6 }' | sort
	on "$1" export c | tar -tf - | sort
	on "$1" pause c >/dev/null
	on "$1" unpause c >/dev/null
	on "$1" stop -t 0 c >/dev/null
	ls "$(on "$1" mount c)"
	on "$1" umount c >/dev/null
	on "$1" start c >/dev/null
	on "$1" exec c cat /srv/a/g
	on "$1" commit -q c localhost/changed >/dev/null
	on "$1" rm -f -t 0 c >/dev/null
	on "$1" run --rm localhost/changed sh -c "$describe"
}

case_life_of_one() {
	prepare
	same_on_both life_of_one
	nothing_is_left
}

# With fuse-overlayfs this fails: lower layers on id-mapped mounts, and the same map as an option.
case_id_maps() {
	prepare
	same "ids" "0 0 0 33" "$(on cowfs run --rm --uidmap 0:100000:65536 --gidmap 0:100000:65536 localhost/bb \
		sh -c 'id -u; stat -c %u /bin/busybox; touch /new; stat -c %u /new; chown 33 /etc/passwd; stat -c %u /etc/passwd' | xargs)"
	nothing_is_left
}

options_of_run() {
	mkdir -p "volume.$1"
	echo host >"volume.$1/file"
	on "$1" run --rm -v "$T/volume.$1:/v:O" localhost/bb sh -c 'echo changed >/v/file; cat /v/file'
	cat "volume.$1/file"
	on "$1" run --rm --privileged localhost/bb id -u
	on "$1" run --rm --memory 64m --cpus 0.5 --pids-limit 50 localhost/bb echo limited
	STORAGE='--storage-opt overlay.mountopt=volatile' on "$1" run --rm localhost/bb sh -c 'echo x >/x; cat /x'
}

case_options_of_run() {
	prepare
	same_on_both options_of_run
	nothing_is_left
}

# Owners and modes kept in attributes, as for stores on NFS; fuse-overlayfs 1.10 shows the mode of the mask.
case_force_mask() {
	needs fuse-overlayfs
	STORAGE='--storage-opt overlay.force_mask=shared'
	prepare
	same "modes" "600 5:6 700 0:0 4711 0:0" "$(on cowfs run --name c localhost/bb \
		sh -c 'umask 077; echo x >/f; chown 5:6 /f; mkdir /d; chmod 4711 /bin/busybox; stat -c "%a %u:%g" /f /d /bin/busybox' | xargs)"
	on cowfs commit -q c localhost/masked >/dev/null
	on cowfs rm c >/dev/null
	same "in the image" "600 5:6 700 0:0" "$(on cowfs run --rm localhost/masked stat -c '%a %u:%g' /f /d | xargs)"
	nothing_is_left
}

# Saved, pushed, removed and loaded again; that digests are the same too is for build.sh to see.
images_that_travel() {
	local image=localhost/travels
	on "$1" run --name c localhost/bb sh -c "$change; touch -d '2001-02-03 04:05:06' /srv/* /etc/* && touch -d '2001-02-03 04:05:06' /srv /etc /bin"
	on "$1" commit -q c "$image" >/dev/null
	on "$1" rm c >/dev/null
	on "$1" save -q -o "$1.docker.tar" "$image"
	on "$1" save -q --format oci-archive -o "$1.oci.tar" "$image"
	on "$1" push -q "$image" "dir:$T/$1.dir"
	on "$1" push -q "$image" "oci:/tmp/layout.$1:1"
	on "$1" rmi "$image" >/dev/null
	for from in "docker-archive:$1.docker.tar" "oci-archive:$1.oci.tar" "dir:$T/$1.dir" "oci:/tmp/layout.$1:1"; do
		on "$1" run --rm "$(on "$1" pull -q "$from")" sh -c "$describe"
	done
}

case_images_that_travel() {
	prepare
	same_on_both images_that_travel
	nothing_is_left
}

# Two containers that share a volume, and a third that holds their namespaces.
pod() {
	on "$1" kube play --network none pod.yaml >/dev/null
	wait_until on "$1" exec pod-two test -e /srv/done
	on "$1" logs pod-two
	on "$1" exec pod-one ls -d /srv/own /bin/wc
	on "$1" diff pod-two | sort
	on "$1" kube down pod.yaml >/dev/null
	on "$1" ps -aq
}

case_pod() {
	local place
	place=$(PATH=$PATH:/usr/libexec/podman command -v catatonit) || skip "catatonit is not installed"
	prepare
	sed -i "s|^\\[engine\\]|&\nhelper_binaries_dir = [\"$(dirname "$place")\"]|" containers.conf
	cat >pod.yaml <<-'END'
		apiVersion: v1
		kind: Pod
		metadata: { name: pod }
		spec:
		  restartPolicy: Never
		  containers:
		  - name: one
		    image: localhost/bb:latest
		    command: [sh, -c, "mkdir /srv/own; echo from one >/shared/new; mv /shared/new /shared/x; sleep 100"]
		    volumeMounts: [{ name: shared, mountPath: /shared }]
		  - name: two
		    image: localhost/bb:latest
		    command: [sh, -c, "until [ -e /shared/x ]; do sleep 0.1; done; cat /shared/x; rm -r /bin/w*; touch /srv/done; sleep 100"]
		    volumeMounts: [{ name: shared, mountPath: /shared }]
		  volumes: [{ name: shared, emptyDir: {} }]
	END
	same_on_both pod
	grep -q 'from one' "$T.cowfs"
	nothing_is_left
}

case_many_at_once() {
	local i
	prepare
	for ((i = 0; i < 20; i++)); do
		on cowfs run --rm --name "c$i" localhost/bb sh -c "echo $i >/x; sleep 0.2; cat /x" >"said.$i" &
	done
	wait
	for ((i = 0; i < 20; i++)); do
		same "said by c$i" "$i" "$(cat "said.$i")"
	done
	nothing_is_left
}

# Whatever dies, the store can be used again.
case_killed() {
	prepare
	on cowfs run -d --name c localhost/bb sleep 1000 >/dev/null
	on cowfs exec c sh -c 'echo kept >/kept'
	kill -KILL "$(on cowfs inspect -f '{{.State.Pid}}' c)"
	on cowfs wait c >/dev/null
	on cowfs start c >/dev/null
	same "after the container's death" kept "$(on cowfs exec c cat /kept)"
	# shellcheck disable=SC2046 # one number
	kill -KILL $(daemons)
	! on cowfs exec c cat /kept 2>said || fail "a union without its daemon was read"
	on cowfs stop -t 0 c >/dev/null 2>&1 || true
	on cowfs start c >/dev/null
	same "after the daemon's death" kept "$(on cowfs exec c cat /kept)"
	on cowfs rm -f -t 0 c >/dev/null
	on cowfs system prune -af >/dev/null
	same "images" "" "$(on cowfs images -q)"
	same "layers" l "$(ls cowfs/root/overlay)"
	nothing_is_left
}

run_cases "$@"
