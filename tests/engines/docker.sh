#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Docker with cowfs in the place of fuse-overlayfs: what containers do, what is kept of them, and images that are built.
# shellcheck source-path=SCRIPTDIR source=docker_lib.sh disable=SC2016
. "$(dirname "$0")/docker_lib.sh"

change='mkdir -p /srv/a; echo one >/srv/a/f; ln /srv/a/f /srv/a/g; rm -rf /etc/deep /bin/w*; chmod 4755 /bin/busybox; ln -s f /srv/a/l
	mkfifo /srv/p; touch "/srv/with:colon" "/srv/with space"; chown -R 33:50 /srv/a; mv /etc/group /etc/moved; settle'

life_of_one() {
	on "$1" run --rm bb echo said
	on "$1" run --rm --user 33 bb sh -c 'id -u; touch /srv/x 2>&1; touch /tmp/x && stat -c %u /tmp/x'
	on "$1" run -d --name con bb sleep 1000 >/dev/null
	on "$1" exec con sh -c "$change"
	on "$1" diff con | sort
	on "$1" exec con sh -c "$describe"
	on "$1" cp con:/srv/a - | tar -tvf - | awk '{ print $1, $2, $6 }' | sort
	on "$1" cp bb.tar con:/srv/copied
	on "$1" exec con sh -c 'sha256sum /srv/copied && rm /srv/copied && settle'
	on "$1" export con | tar -tf - | sort
	on "$1" pause con >/dev/null
	on "$1" unpause con >/dev/null
	on "$1" stop -t 0 con >/dev/null
	on "$1" start con >/dev/null
	on "$1" exec con cat /srv/a/g
	on "$1" commit con changed >/dev/null
	describe_layers "$1" changed
	on "$1" rm -f con >/dev/null
	on "$1" run --rm changed sh -c "$describe"
	on "$1" ps -aq
}

case_life_of_one() {
	prepare_docker peer cowfs
	same_on_both life_of_one
	stop_docker cowfs
	docker_left_nothing
}

options_of_run() {
	mkdir -p "volume.$1"
	echo host >"volume.$1/file"
	on "$1" run --rm --read-only --tmpfs /tmp:size=1m bb sh -c 'touch /x 2>&1; echo $?; touch /tmp/x; ls /tmp'
	on "$1" run --rm -v "$T/volume.$1:/v" -v "$T/volume.$1:/ro:ro" bb sh -c 'cat /v/file; echo changed >/v/file; touch /ro/x 2>&1; true'
	cat "volume.$1/file"
	# A new volume begins as a copy of what the image has there.
	on "$1" run --rm -v named:/etc bb sh -c 'ls /etc; echo more >/etc/more'
	on "$1" run --rm -v named:/x bb cat /x/more
	on "$1" run --rm --memory 64m --cpus 0.5 --pids-limit 50 bb echo limited
	on "$1" run --rm --init bb echo with init
}

case_options_of_run() {
	prepare_docker peer cowfs
	same_on_both options_of_run
	stop_docker cowfs
	docker_left_nothing
}

write_recipe() {
	cat >Dockerfile <<-'END'
		FROM bb
		RUN mkdir -p /srv/low && for i in $(seq 200); do echo $i >/srv/low/f$i; done; settle
		RUN echo two >/srv/two && settle
		RUN ln /srv/two /srv/two-linked && ln -s two /srv/link && settle
		RUN rm -rf /srv/low && settle
		RUN mkdir /srv/low && echo new >/srv/low/new && settle
		RUN chmod 4755 /bin/busybox && touch '/srv/with:colon' '/srv/with space' && settle
		RUN chown -R 33:33 /srv/low && rm /srv/link && settle
		RUN mv /srv/low /srv/moved && settle
		RUN dd if=/dev/zero of=/srv/sparse bs=1 count=1 seek=5000000 2>/dev/null; mkfifo /srv/fifo; settle
		RUN mkdir -p /srv/a/b/c && touch /srv/a/b/c/d && settle
		RUN rm -r /srv/a/b && touch /srv/a/b && settle
	END
	printf '%s\n' 'FROM bb AS one' 'RUN mkdir /srv/out && echo built >/srv/out/x && ln /srv/out/x /srv/out/y && settle' \
		'FROM built' 'COPY --from=one /srv/out /opt' 'COPY Dockerfile /srv/moved/new' 'RUN cat /opt/x && rm -r /srv/a' >two-stages
	mkdir -p context
	mv Dockerfile two-stages context
}

# build SIDE ARGUMENT...
build() {
	on "$1" build -q --network none "${@:2}" context >/dev/null
}

built_images() {
	build "$1" -t built
	# Those before anything is removed.
	layers_of "$1" built | head -n 4
	describe_layers "$1" built
	on "$1" run --rm built sh -c "$describe"
	build "$1" -f context/two-stages -t staged
	describe_layers "$1" staged
	on "$1" run --rm staged sh -c "$describe"
}

# The builder that came with Docker, and which others have replaced.
case_build() {
	export DOCKER_BUILDKIT=0
	prepare_docker peer cowfs
	write_recipe
	same_on_both built_images
	# Saved, removed and loaded again, with its digests.
	on cowfs save -o built.tar built
	layers_of cowfs built >"$T.layers"
	on cowfs rmi staged built >/dev/null
	on cowfs load -q -i built.tar >/dev/null
	layers_of cowfs built | diff "$T.layers" -
	on cowfs run --rm built sh -c '[ ! -e /srv/low ] && cat /srv/moved/new'
	stop_docker cowfs
	docker_left_nothing
}

case_buildkit() {
	export DOCKER_BUILDKIT=1
	prepare_docker peer cowfs
	write_recipe
	on cowfs build -q --network none -t first - <context/Dockerfile >/dev/null 2>said ||
		! grep -q 'buildx' said || skip "$(cat said)"
	same_on_both built_images
	stop_docker cowfs
	docker_left_nothing
}

case_many_at_once() {
	local i said=()
	prepare_docker cowfs
	for ((i = 0; i < 20; i++)); do
		on cowfs run --rm --name "c$i" bb sh -c "echo $i >/x; sleep 0.2; cat /x" >"said.$i" &
		said+=($!)
	done
	wait "${said[@]}"
	for ((i = 0; i < 20; i++)); do
		same "said by c$i" "$i" "$(cat "said.$i")"
	done
	stop_docker cowfs
	docker_left_nothing
}

# Whatever dies, the store can be used again.
case_killed() {
	prepare_docker cowfs
	on cowfs run -d --name con bb sleep 1000 >/dev/null
	on cowfs exec con sh -c 'echo kept >/kept'
	kill -KILL "$(on cowfs inspect -f '{{.State.Pid}}' con)"
	same "ends with" 137 "$(on cowfs wait con)"
	wait_until no_daemon
	on cowfs start con >/dev/null
	same "after the container's death" kept "$(on cowfs exec con cat /kept)"
	# shellcheck disable=SC2046 # one number
	kill -KILL $(daemons)
	! on cowfs exec con cat /kept >said 2>&1 || fail "a union without its daemon was read"
	on cowfs stop -t 0 con >/dev/null
	on cowfs start con >/dev/null
	same "after the daemon's death" kept "$(on cowfs exec con cat /kept)"
	kill -KILL "$(cat cowfs/pid)"
	wait_until process_is_gone "$(cat cowfs/pid)"
	start_docker cowfs
	on cowfs start con >/dev/null
	same "after Docker's death" kept "$(on cowfs exec con cat /kept)"
	on cowfs rm -f con >/dev/null
	wait_until no_daemon
	on cowfs system prune -af >/dev/null
	same "images" "" "$(on cowfs images -q)"
	same "layers" l "$(ls cowfs/data/fuse-overlayfs)"
	same "names of layers" "" "$(ls cowfs/data/fuse-overlayfs/l)"
	stop_docker cowfs
	docker_left_nothing
}

# dockerd is told to end while containers run.
case_stopped() {
	prepare_docker cowfs
	on cowfs run -d --name con bb sh -c 'echo kept >/kept; exec sleep 1000' >/dev/null
	on cowfs run -d --name dee bb sleep 1000 >/dev/null
	same "unions" 2 "$(daemons | wc -l)"
	same "driver" fuse-overlayfs "$(on cowfs info -f '{{.Driver}}')"
	same "seen from outside" 1 "$("$COWFS" stat "$(on cowfs inspect -f '{{.GraphDriver.Data.MergedDir}}' con)" | grep -c '^pid\b')"
	stop_docker cowfs
	docker_left_nothing
	start_docker cowfs
	on cowfs start con >/dev/null
	same "kept" kept "$(on cowfs exec con cat /kept)"
	stop_docker cowfs
	docker_left_nothing
}

run_cases "$@"
