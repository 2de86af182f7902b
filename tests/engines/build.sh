#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# podman build with cowfs as its mount program: the layers of an image come out the same, to the byte.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2016
. "$(dirname "$0")/lib.sh"

CASE_SECONDS=300

write_recipe() {
	cat >Dockerfile <<-'END'
		FROM localhost/bb
		RUN mkdir -p /srv/low && for i in $(seq 200); do echo $i >/srv/low/f$i; done
		RUN echo two >/srv/two
		COPY Dockerfile /srv/copied
		RUN ln /srv/two /srv/two-linked
		RUN ln -s two /srv/link
		RUN rm -rf /srv/low
		RUN mkdir /srv/low && echo new >/srv/low/new
		RUN chmod 4755 /bin/busybox
		RUN touch '/srv/with:colon' '/srv/with space' '/srv/with\backslash'
		RUN chown -R 33:33 /srv/low
		RUN echo more >>/srv/two
		RUN rm /srv/link
		RUN mv /srv/low /srv/moved
		RUN dd if=/dev/zero of=/srv/sparse bs=1 count=1 seek=50000000 2>/dev/null
		RUN mkfifo /srv/fifo
		RUN mkdir -p /srv/a/b/c && touch /srv/a/b/c/d
		RUN rm -r /srv/a/b && touch /srv/a/b
		RUN touch -d '2001-02-03 04:05:06' /srv/old
		RUN echo 19 >/srv/19
		RUN echo 20 >/srv/20
	END
}

# Its time is given, so that the same layers have the same digests.
build() {
	on "$1" build -q --network host --isolation chroot --timestamp 1000000000 "${@:2}" .
}

twenty_layers() {
	build "$1" -t localhost/twenty
	on "$1" image inspect -f '{{.RootFS.Layers}}' localhost/twenty | tr ' ' '\n'
	on "$1" run --rm localhost/twenty sh -c "$describe"
	build "$1" --squash -t localhost/squashed
	on "$1" run --rm localhost/squashed sh -c "$describe"
}

case_twenty_layers() {
	prepare
	write_recipe
	same_on_both twenty_layers
	nothing_is_left
}

two_stages() {
	on "$1" build -q --network host --isolation oci --timestamp 1000000000 -f two-stages -t localhost/staged .
	on "$1" run --rm localhost/staged sh -c 'ls -R /opt; cat /opt/x'
}

case_two_stages() {
	prepare
	printf '%s\n' 'FROM localhost/bb:latest AS one' 'RUN mkdir /out && echo built >/out/x && ln /out/x /out/y' \
		'FROM localhost/bb' 'COPY --from=one /out /opt' 'RUN cat /opt/x && rm /opt/y' >two-stages
	same_on_both two_stages
	nothing_is_left
}

run_cases "$@"
