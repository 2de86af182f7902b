#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is on the disk, and how what nobody uses is removed: system df, and the prune commands.
# shellcheck source-path=SCRIPTDIR source=image_lib.sh disable=SC2016
. "$(dirname "$0")/image_lib.sh"

# Three images: one with a container, one without, one without a name, which shares its layer with the first.
make_some() {
	use_store
	make_root root
	import -c 'CMD ["sleep", "1000"]' -c 'LABEL kind=used' "$T/root" used
	mkdir other
	head -c 100000 /dev/zero >other/file
	import -c 'LABEL kind=unused' "$T/other" unused
	import -c 'LABEL kind=nameless' "$T/root"
	nameless=$(cowrun images --format '{{.Repository}} {{.ID}}' | awk '$1 == "<none>" { print $2 }')
	cowrun run -d --name runs -v mounted:/v used >/dev/null
	cowrun run --name ended -l kind=ended used sh -c 'head -c 1000000 /dev/zero >/file'
	cowrun create --name made used >/dev/null
	cowrun volume create idle >/dev/null
	head -c 5000 /dev/zero >"$T/store/volumes/idle/file"
}

remove_all() {
	# shellcheck disable=SC2046 # many words
	cowrun rm -f $(cowrun ps -aq) >/dev/null
}

df_line() {
	cowrun system df | awk -v kind="$1" '$1 == kind { $1 = ""; print }' | xargs
}

case_df() {
	make_some
	same "titles" "TYPE TOTAL ACTIVE SIZE RECLAIMABLE" "$(cowrun system df | head -n 1 | xargs)"
	same "images" "3 1" "$(cowrun system df --format '{{.Type}}:{{.TotalCount}} {{.Active}}' | sed -n 's/^Images://p')"
	same "containers" "3 1" "$(df_line Containers | cut -d ' ' -f 1,2)"
	df_line Containers | grep -q '^3 1 1\(\.[0-9]*\)\?MB 1\(\.[0-9]*\)\?MB ([0-9]*%)$'
	same "volumes" "Volumes 2 1 5kB 5kB (100%)" "$(df_line Local)"
	# The bytes of the layer that is packed and unpacked, once for two images.
	cowrun system df -v --format json | python3 -c '
import json, sys
from subprocess import check_output
usage = json.load(sys.stdin)
images = {image["Repository"]: image for image in usage["Images"]}
assert images["localhost/used"]["Containers"] == "3", images
assert images["localhost/used"]["SharedSize"] == images["<none>"]["SharedSize"] != "0B", images
assert images["localhost/unused"]["SharedSize"] == "0B", images
assert [v["Links"] for v in usage["Volumes"]] == ["0", "1"], usage["Volumes"]
assert {c["Names"]: c["LocalVolumes"] for c in usage["Containers"]} == {"runs": "1", "ended": "0", "made": "0"}'
	cowrun system df -v >said
	grep -q '^Images space usage:$' said
	grep -q "^<none> *<none> *$nameless " said
	grep -q '^idle *0 *5kB$' said
	remove_all
}

# Within a hundredth of what the disk says, whose directories are not counted.
case_df_is_true() {
	local told disk
	make_some
	told=$(cowrun system df --format '{{.Type}} {{.Size}}' | awk '$1 == "Images" { print $2 }')
	disk=$(find "$images/blobs" "$images/layers" -type f ! -name layer.json -printf '%i %s\n' | sort -u | awk '{ sum += $2 } END { printf "%.3g", sum / 1e6 }')
	same "images" "${disk}MB" "$told"
	remove_all
}

case_questions() {
	make_some
	status_is 1 cowrun system prune -a --volumes >said 2>errors </dev/null
	grep -q 'all stopped containers' said
	grep -q 'all volumes not used by at least one container' said
	grep -q 'all images without at least one container associated to them' said
	grep -q '\[y/N\]' said
	grep -q 'no answer on standard input; -f does not ask' errors
	echo n | status_is 1 cowrun container prune >said 2>/dev/null
	grep -q 'WARNING! This will remove all stopped containers.' said
	echo yesterday | status_is 1 cowrun image prune -a >/dev/null 2>&1
	status_is 1 cowrun volume prune </dev/null >/dev/null 2>&1
	same "all there" "ended made runs" "$(cowrun ps -a --format '{{.Names}}' | sort | xargs)"
	same "all there" "idle mounted" "$(cowrun volume ls -q | xargs)"
	same "all there" 3 "$(cowrun images -q | wc -l)"
	echo y | cowrun volume prune | grep -qx idle
	same "gone" mounted "$(cowrun volume ls -q)"
	cowrun system prune --filter label=x </dev/null 2>/dev/null | grep -qx '  - label=x' || fail "the filter is not shown"
	remove_all
}

case_containers() {
	local ended
	make_some
	ended=$(cowrun inspect -f '{{.Id}}' ended)
	same "none so old" "Total reclaimed space: 0B" "$(cowrun container prune -f --filter until=1h)"
	same "none with it" "Total reclaimed space: 0B" "$(cowrun container prune -f --filter label=kind=other)"
	# The image of all three has a label kind, too.
	cowrun container prune -f --filter label=kind=ended >said
	same "with a label" "Deleted Containers: $ended Total reclaimed space: 1MB" "$(xargs <said)"
	same "left" "made runs" "$(cowrun ps -a --format '{{.Names}}' | sort | xargs)"
	cowrun container prune -f --filter 'label!=kind' >/dev/null
	same "left" "made runs" "$(cowrun ps -a --format '{{.Names}}' | sort | xargs)"
	cowrun container prune -f --filter label=kind --filter until=0s >/dev/null
	same "left" runs "$(cowrun ps -a --format '{{.Names}}')"
	remove_all
	same "nothing to do" "Total reclaimed space: 0B" "$(cowrun container prune -f)"
}

case_images() {
	make_some
	cowrun tag unused unused:2
	same "untouched" "Total reclaimed space: 0B" "$(cowrun image prune -f --filter label=kind=unused)"
	cowrun image prune -f >said
	grep -qx "deleted: sha256:$nameless.*" said
	same "left" "localhost/unused:2 localhost/unused:latest localhost/used:latest" "$(names)"
	# Its layer is also the other's, so that only documents go.
	grep -Eq 'Total reclaimed space: [0-9.]+k?B' said
	same "layers" 2 "$(layers | wc -l)"
	same "not so old" "Total reclaimed space: 0B" "$(cowrun image prune -af --filter until=2001-01-01)"
	cowrun image prune -af >said
	same "gone" "untagged: localhost/unused:2 untagged: localhost/unused:latest" "$(grep '^untagged' said | sort | xargs)"
	same "in use" "localhost/used:latest" "$(names)"
	grep -Eq 'Total reclaimed space: 20[0-9]kB' said || fail "$(tail -n 1 said)"
	store_is_sound
	cowrun rm -f ended made >/dev/null
	cowrun image prune -af >/dev/null
	same "still in use" "localhost/used:latest" "$(names)"
	# Nobody knows which image it needs.
	record=$T/store/containers/$(cowrun inspect -f '{{.Id}}' runs)/config.json
	cp "$record" record
	echo '{' >"$record"
	refused "no image is removed.*damaged" cowrun image prune -af --filter until=0s
	refused "damaged" cowrun container prune -f
	cp record "$record"
	remove_all
	cowrun image prune -af >/dev/null
	store_is_empty
}

case_system() {
	make_some
	cowrun system prune -f >said
	same "kinds" "Deleted Containers: Deleted Images: Total reclaimed space: $(tail -n 1 said | cut -d ' ' -f 4)" \
		"$(grep '^[DT]' said | xargs)"
	same "left" "localhost/unused:latest localhost/used:latest" "$(names)"
	same "left" "idle mounted" "$(cowrun volume ls -q | xargs)"
	cowrun rm -f runs >/dev/null
	cowrun system prune -af --volumes >/dev/null
	store_is_empty
	same "none" "" "$(cowrun volume ls -q)"
	all_is_gone
}

# Several at once, beside those who make what they remove: nobody fails, and nothing is half there.
case_at_once() {
	local number
	use_store
	make_root root
	import "$T/root" base
	for number in 1 2 3; do
		(while [ ! -e stop ]; do cowrun system prune -af --volumes >/dev/null 2>>"errors$number" || true; done) &
		note_process $!
	done
	for number in $(seq 12); do
		cowrun create --name "c$number" -v "v$number:/v" base true >/dev/null 2>&1 || import "$T/root" base
	done
	touch stop
	wait
	cat errors? | grep . && fail "a prune failed"
	for number in 1 2 3; do
		cowrun system prune -af --volumes >/dev/null 2>"errors$number" &
	done
	wait
	cat errors? | grep . && fail "a prune failed"
	same "containers" "" "$(cowrun ps -aq)"
	store_is_empty
	all_is_gone
}

# Who makes a container and starts it has it, too.
case_beside_run() {
	local number
	make_root root
	for number in 1 2; do
		(while [ ! -e stop ]; do cowrun container prune -f >>"pruned$number" 2>&1; done) &
		note_process $!
	done
	for number in $(seq 15); do
		cowrun run --rm --rootfs root true || fail "run $number failed"
	done
	touch stop
	wait
	grep -q 'Total reclaimed space' pruned1
	all_is_gone
}

# Killed at any moment, it leaves what the next one can take.
case_killed() {
	local number
	use_store
	make_root root
	for number in $(seq 8); do
		import -c "LABEL n=$number" "$T/root" "image$number"
		cowrun create --name "c$number" -v "v$number:/v" "image$number" true >/dev/null
		mkdir -p "$T/store/volumes/v$number/a/b"
	done
	for number in $(seq 8); do
		(timeout -s KILL "0.0$number" "$COWRUN" --root "$T/store" system prune -af --volumes || true) >/dev/null 2>&1
		cowrun images >/dev/null
		cowrun ps -a >/dev/null
		blobs_are_true
	done
	cowrun system prune -af --volumes >/dev/null
	store_is_empty
	same "volumes" "" "$(ls -A "$T/store/volumes")"
	all_is_gone
}

case_of_a_user() {
	prepare_nobody
	give_subordinate_ids nobody
	cowrun_of_nobody run --name c -v v:/v --rootfs root sh -c 'head -c 5000 /dev/zero >/v/x; head -c 7000 /dev/zero >/x;
		chown 33:33 /v /v/x /x; chmod 0 /v /x'
	same "volume" "5kB 0B" "$(cowrun_of_nobody system df --format '{{.Size}} {{.Reclaimable}}' | sed -n 's/ (.*//; 3p')"
	cowrun_of_nobody system df | grep '^Containers' | grep -q ' [789]\(\.[0-9]*\)\?kB (100%)'
	cowrun_of_nobody system prune -f --volumes | tail -n 1 | grep -q 'space: 1[0-9]\(\.[0-9]\)\?kB'
	is_empty home/.local/share/cowrun/containers home/.local/share/cowrun/volumes
}

case_bad_input() {
	refused "until=TIME, label=" cowrun container prune -f --filter nothing=x
	refused "must be a time" cowrun container prune -f --filter until=yesterday
	refused "given once" cowrun image prune -f --filter until=1h --filter until=2h
	refused "key of a label is missing" cowrun system prune -f --filter label=
	refused "exclude each other" cowrun system prune -f --volumes --filter until=1h
	refused "unknown option" cowrun volume prune --filter label=x
	refused "there is no .Nothing" cowrun system df -v --format '{{.Nothing}}'
	status_is 2 cowrun system prune -f more 2>/dev/null
	status_is 2 cowrun system df more 2>/dev/null
	status_is 2 cowrun container nothing 2>/dev/null
	for command in "system df" "system prune" "container prune" "image prune" "volume prune"; do
		# shellcheck disable=SC2086 # two words
		cowrun $command --help | grep -q "^Usage: cowrun $command"
	done
	# The same under another name, with all that starts a container needs.
	make_root root
	cowrun container run --rm --rootfs root sh -c 'ls -l /proc/1/exe' | grep -q busybox
	cowrun container ls | grep -q '^CONTAINER ID'
}

run_cases "$@"
