#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cowfs explore of images in files and directories, which image_layout.py makes by the specifications.
# shellcheck source-path=SCRIPTDIR source=image_lib.sh source=explore_lib.sh disable=SC2119
. "$(dirname "$0")/image_lib.sh"
. "$(dirname "$0")/explore_lib.sh"

use_images() {
	needs python3 script
	make_layers
	mkdir unpacked
	export TMPDIR=$T/unpacked
}

nothing_is_left() {
	same "left behind" "" "$(ls -A "$TMPDIR")"
}

# Both layers, of which the upper one is selected.
shows_image() {
	shows "cowfs explore: 2 layers, as of layer 0"
	shows "0 ro .* step 1 "
	shows "1 ro .* step 0 "
	shows "A     4   file"
	shows "wasted: hidden above"
}

quits() {
	keys q
	shows "status 0"
	stop
	nothing_is_left
}

# complains WORDS ARGUMENT...: it fails in a terminal, says one line with these words, and leaves nothing.
complains() {
	local words=$1 status=0
	shift
	script -qec "ASAN_OPTIONS=detect_leaks=0 $COWFS explore $*" /dev/null >"$T.said" </dev/null || status=$?
	same "status of $*" 1 "$status"
	same "lines of $(cat "$T.said")" 1 "$(wc -l <"$T.said")"
	grep -q -e "^cowfs: .*$words" "$T.said" || fail "it said <$(cat "$T.said")>"
	nothing_is_left
}

case_docker_archives() {
	use_images
	image_layout make-docker docker one.tar two.tar --name app:3
	tar -C docker -cf - . >app:3.tar
	start app:3.tar
	shows_image
	same "permissions" "700 1" "$(stat -c '%a' "$TMPDIR"/*) $(find "$TMPDIR" -mindepth 1 -maxdepth 1 | wc -l)"
	# The archive itself is needed no more.
	same "unpacked" "layer-0 layer-1" "$(cd "$TMPDIR"/* && echo *)"
	same "owner" "33 44" "$(stat -c '%u %g' "$TMPDIR"/*/layer-0/etc/deep/er/file)"
	keys Tab Down
	shows "as of layer 1"
	shows "^sha256:$(diff_id one.tar | cut -c 1-20)"
	keys / e r / f
	shows "/etc/deep/er/file"
	# Where it comes from is told by the layer's digest, and not by where it was unpacked.
	keys Enter w
	shows "in all layers"
	shows "sha256:$(diff_id one.tar | cut -c 1-12):/etc/deep/er/file"
	shows_not "layer-0\|$TMPDIR"
	keys q
	shows "as of layer 1"
	keys Escape
	keys Escape
	quits
	start docker
	shows_image
	quits
	image_layout make-docker legacy one.tar two.tar --legacy
	tar -C legacy -czf legacy.tar.gz .
	start legacy.tar.gz
	shows_image
	quits
}

case_oci_images() {
	use_images
	needs zstd
	image_layout make-oci layout one.tar two.tar --name app --pack gzip
	start layout
	shows_image
	quits
	tar -C layout --zstd -cf packed.tar.zst oci-layout index.json blobs
	start packed.tar.zst --image app
	shows_image
	quits
	image_layout make-oci index one.tar two.tar --pack zstd --index
	tar -C index -cf index.tar .
	# For another machine, of which there is only this one.
	image_layout make-oci foreign one.tar two.tar --index --architecture s390x
	start foreign
	shows_image
	quits
	mkfifo pipe
	cat index.tar >pipe &
	start pipe
	shows_image
	quits
}

case_an_upper_layer_above() {
	use_images
	image_layout make-oci layout one.tar two.tar
	mkdir upper
	echo new >upper/new
	start layout --upper upper
	shows "A     4   new"
	shows "0 rw .*upper *│"
	shows "1 ro .* step 1 "
	keys r
	shows "2 ro .* step 0 "
	quits
}

# Everybody else's files, and devices, which only root can make.
case_ordinary_users() {
	use_images
	mknod one/null c 1 3
	chmod 0 one/etc/deep/er/file
	pack_tree one one.tar
	image_layout make-docker docker one.tar two.tar
	tar -C docker -cf docker.tar .
	chown nobody unpacked
	chmod 755 .
	needs tmux
	terminal new-session -d -x 80 -y 24 \
		"setpriv --reuid nobody --regid nogroup --clear-groups env TERM=screen $COWFS explore docker.tar; echo \"status \$?\"; sleep 100"
	note_process "$(terminal display-message -p '#{pid}')"
	shows_image
	keys Home
	keys / n u l
	shows "        /null"
	keys Escape
	keys / e r / f
	shows "     6 /etc/deep/er/file"
	keys Enter Enter
	shows "as of layer 0: /etc/deep/er/file"
	keys v
	shows "^hello"
	keys q
	getfattr -d "$TMPDIR"/*/layer-0/etc/deep/er/file | grep -q '="33:44:' || fail "the owner is lost"
	quits
}

# Of two images, one by its name.
case_several_images() {
	use_images
	use_store
	make_tree one
	mkdir two
	echo 2 >two/second
	import one example.org/group/app:1
	import two other:2
	cowrun tag other:2 again
	cowrun tag app:1 a.example/same:1
	cowrun tag other:2 b.example/same:1
	cowrun save -q -o docker.tar app:1 other:2 again a.example/same:1 b.example/same:1
	cowrun save -q -o oci:layout app:1 other:2 again a.example/same:1 b.example/same:1
	for image in docker.tar layout; do
		complains "holds several images, choose one with --image NAME: .*example.org/group/app:1" "$image"
		complains "holds no image third; it holds .*localhost/other:2" --image third "$image"
		complains "may mean several" --image same:1 "$image"
		start --image app:1 "$image"
		shows "+ etc/"
		quits
		start "$image" --image=again
		shows "second"
		quits
	done
	cowrun save -q -o names.tar other:2 again
	start names.tar
	shows "second"
	quits
	start docker.tar --image "$(cowrun images -q other:2 | cut -c 1-6)"
	shows "second"
	quits
}

# image_archives.sh has more of them, for the documents are read in the same way.
case_damaged_images() {
	local spoil
	use_images
	for spoil in digest size missing; do
		rm -rf layout
		image_layout make-oci layout one.tar two.tar --pack gzip --spoil "$spoil"
		complains "layout" layout
	done
	for spoil in link-outside fifo layer-count; do
		rm -rf docker
		image_layout make-docker docker one.tar two.tar --spoil "$spoil"
		tar -C docker -cf docker.tar .
		complains "docker.tar" docker.tar
	done
	rm -rf layout
	image_layout make-oci layout one.tar two.tar --spoil diff-id
	complains "damaged or was tampered with" layout
}

case_what_is_no_image() {
	use_images
	image_layout make-oci layout one.tar two.tar
	tar -C layout -cf whole.tar .
	head -c 7000 whole.tar >cut.tar
	tar -C layout -czf whole.tar.gz .
	head -c 300 whole.tar.gz >cut.tar.gz
	: >empty
	echo text >text
	complains "cut short" cut.tar
	complains "cut short" cut.tar.gz
	complains "empty" empty
	complains "text" text
	complains "neither an index.json nor a manifest.json" one.tar
	complains "No such file" absent.tar
	TMPDIR=$T/absent script -qec "$COWFS explore whole.tar" /dev/null </dev/null >said && fail "there is no directory"
	grep -q "temporary directory .*absent: No such file.*TMPDIR" said
	refused "needs a terminal" "$COWFS" explore whole.tar </dev/null
	refused "one operand too many" "$COWFS" explore whole.tar whole.tar
	refused "--image chooses" "$COWFS" explore --image x one
	refused "--image chooses" "$COWFS" explore --image x --layers one
	refused "needs a value" "$COWFS" explore whole.tar --image
	nothing_is_left
}

# A layer may hold such files, and so may what a union shows.
case_layers_that_look_like_images() {
	use_images
	mkdir site mnt
	echo '{}' >site/index.json
	echo '{"name":"site"}' >site/manifest.json
	start site
	shows "1 layers"
	shows "index.json"
	quits
	image_layout make-oci layout one.tar two.tar
	start --layers layout
	shows "+ blobs/"
	quits
	start layout:one
	shows "+ blobs/"
	quits
	mount_union layout mnt
	start mnt
	shows "+ blobs/"
	quits
	mkdir site/inside
	umount_union mnt
	mv layout site/layout
	mount_union site mnt
	start mnt/layout
	shows_image
	quits
	umount_union mnt
}

case_no_space() {
	use_images
	head -c 2000000 /dev/urandom >one/large
	pack_tree one one.tar
	image_layout make-docker docker one.tar two.tar
	tar -C docker -cf docker.tar .
	mount -t tmpfs -o size=1m tmpfs unpacked
	complains "No space left on device; TMPDIR chooses" docker.tar
	complains "No space left on device; TMPDIR chooses" docker
}

# ended_by SIGNAL WANTED ARGUMENT...: when WANTED is there, what is unpacked is deleted, and the signal tells who started it how it ended.
ended_by() {
	local signal=$1 wanted=$2
	shift 2
	terminal new-session -d -x 80 -y 24 "env TERM=screen $COWFS explore $*; echo \"status \$?\"; sleep 100"
	note_process "$(terminal display-message -p '#{pid}')"
	wait_until sh -c "ls '$TMPDIR'/*/$wanted >'$T.ls' 2>&1"
	[ "$wanted" = files ] || shows "cowfs explore"
	kill "-$signal" "$(pgrep -P "$(terminal display-message -p '#{pane_pid}')" -x cowfs-archive)"
	shows "status $((128 + $(kill -l "$signal")))"
	stop
	nothing_is_left
}

case_signals() {
	local signal
	use_images
	needs tmux pgrep
	image_layout make-docker docker one.tar two.tar
	tar -C docker -cf docker.tar .
	for signal in TERM HUP INT; do
		ended_by "$signal" layer-1 docker.tar
	done
	# While the archive is still coming.
	mkfifo pipe
	exec 9<>pipe
	head -c 2000 docker.tar >&9
	ended_by TERM files pipe
	exec 9>&-
	# Who is killed leaves it, and who comes next deletes it, but not that of one who lives.
	start docker.tar
	kill -KILL "$(pgrep -P "$(terminal display-message -p '#{pane_pid}')" -x cowfs-archive)"
	shows "status 137"
	stop
	mkdir "$TMPDIR/cowfs-0123456789abcdef"
	chmod 755 "$TMPDIR/cowfs-0123456789abcdef"
	start docker.tar
	COWFS_OWN=$(cd "$TMPDIR" && find . -maxdepth 1 -name 'cowfs-*' -perm 700)
	same "directories" 1 "$(wc -l <<<"$COWFS_OWN")"
	script -qec "$COWFS explore $T/docker.tar" /dev/null <<<q >/dev/null
	[ -d "$TMPDIR/$COWFS_OWN/layer-0" ] || fail "that of one who lives was deleted"
	rmdir "$TMPDIR/cowfs-0123456789abcdef"
	quits
	# The terminal goes.
	start docker.tar
	stop
	wait_until sh -c "[ -z \"\$(ls -A '$TMPDIR')\" ]"
}

# However large the layers are.
case_memory() {
	local limit
	use_images
	needs tmux
	head -c 50000000 /dev/zero >one/large
	tar -C one -cf one.tar .
	image_layout make-docker docker one.tar
	rm -rf one one.tar
	terminal new-session -d -x 80 -y 24 "env TERM=screen $COWFS explore docker; echo \"status \$?\"; sleep 100"
	note_process "$(terminal display-message -p '#{pid}')"
	shows "cowfs explore"
	limit=$(awk '/VmHWM/ { print $2 }' "/proc/$(pgrep -P "$(terminal display-message -p '#{pane_pid}')" -x cowfs-archive)/status")
	[ -n "${COWFS_SANITIZERS-}" ] || at_most "KiB of memory" 30000 "$limit"
	quits
}

run_cases "$@"
