#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What happens to containers, images and volumes, told by cowrun events.
# shellcheck source-path=SCRIPTDIR source=image_lib.sh disable=SC2016
. "$(dirname "$0")/image_lib.sh"

log() {
	echo "$T/store/run/events.log"
}

# told [OPTION...]: the actions so far, in one line.
told() {
	cowrun events --since 1h --until 0s --format '{{.Action}}' "$@" | xargs
}

case_life_of_a_container() {
	make_root root
	cowrun create --name c -l kind=x --rootfs root sh -c 'trap "exit 7" TERM; trap "exit 3" HUP; : >/ready; while :; do sleep 0.1; done' >/dev/null
	cowrun start c >/dev/null
	wait_until cowrun exec c test -e /ready 2>/dev/null
	cowrun kill -s HUP c >/dev/null
	wait_until is_ended c
	same "a signal" "create start kill die" "$(told | sed 's/exec_[a-z]*\(: test -e .ready\)\? //g')"
	cowrun restart c >/dev/null
	cowrun pause c >/dev/null 2>&1 && cowrun unpause c >/dev/null
	cowrun rename c d
	cowrun exec d true
	cowrun stop d >/dev/null
	cowrun rm d >/dev/null
	told | grep -q ' start restart \(pause unpause \)\?rename exec_create: true exec_start: true exec_die kill die stop destroy$' ||
		fail "told: $(told)"
	same "signals" "1 15" "$(cowrun events --since 1h --until 0s -f event=kill --format '{{.Actor.Attributes.signal}}' | xargs)"
	same "exit codes" "3 7" "$(cowrun events --since 1h --until 0s -f event=die --format '{{.Actor.Attributes.exitCode}}' | xargs)"
	same "names" "c d" "$(cowrun events --since 1h --until 0s -f event=rename --format '{{.Actor.Attributes.oldName}} {{.Actor.Attributes.name}}')"
	same "label" x "$(cowrun events --since 1h --until 0s -f event=destroy --format '{{.Actor.Attributes.kind}}')"
	cowrun events --since 1h --until 0s >said
	grep -Eq '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{9}[+-][0-9]{2}:[0-9]{2} container die [0-9a-f]{64} \(exitCode=7, image=, kind=x, name=d\)$' said
	# A name that was given while it ran goes with it.
	cowrun run -d --rm --name e --rootfs root sleep 1000 >/dev/null
	cowrun rename e f
	cowrun kill f >/dev/null
	all_is_gone
	same "the new name" "f f f" "$(cowrun events --since 1h --until 0s -f container=f -f event=kill -f event=die -f event=destroy --format '{{.Actor.Attributes.name}}' | xargs)"
}

is_ended() {
	[ "$(state_of "$1")" = exited ]
}

case_how_containers_end() {
	make_root root
	cowrun run --rm --rootfs root true
	same "removed" "create start die destroy" "$(told)"
	status_is 127 cowrun run --rm --rootfs root nothing 2>/dev/null
	same "never started" "create destroy" "$(told | cut -d ' ' -f 5-)"
	cowrun run --name again --restart on-failure:2 --rootfs root false || true
	wait_until is_ended again
	same "again" "create start die start die start die" "$(told -f container=again)"
	start_one long
	kill -9 "$(monitor_of long)"
	wait_until sh -c "'$COWRUN' --root '$T/store' ps -a >/dev/null; [ -n \"\$('$COWRUN' --root '$T/store' events --since 1h --until 0s -f container=long -f event=die)\" ]"
	same "killed" "create start die" "$(told -f container=long)"
	same "once" "137" "$(cowrun events --since 1h --until 0s -f container=long -f event=die --format '{{.Actor.Attributes.exitCode}}')"
	cowrun rm -f again long >/dev/null
}

case_out_of_memory() {
	make_root root
	cowrun info -f '{{json .CgroupControllers}}' | grep -q memory || skip "there is no memory controller here"
	cowrun run --name c --memory 16m --memory-swap 16m --rootfs root sh -c 'head -c 100000000 /dev/zero | tail -c 90000000 >/dev/null' || true
	[ "$(cowrun inspect -f '{{.State.OOMKilled}}' c)" = true ] || skip "memory is not limited here"
	same "told" "create start oom die" "$(told)"
}

case_images_and_volumes() {
	use_store
	make_root root
	import "$T/root" one
	cowrun tag one two
	cowrun save -q -o saved.tar two
	cowrun rmi one >/dev/null
	cowrun rmi two >/dev/null
	cowrun load -q -i saved.tar >/dev/null
	same "images" "import tag untag untag delete load" "$(told -f type=image)"
	same "names" "localhost/one:latest localhost/two:latest localhost/one:latest localhost/two:latest" \
		"$(cowrun events --since 1h --until 0s -f type=image --format '{{.Actor.Attributes.name}}' | grep localhost | head -n 4 | xargs)"
	cowrun volume create v >/dev/null
	cowrun create --name c -v v:/a -v w:/b two true >/dev/null
	cowrun commit -q c three >/dev/null
	cowrun rm c >/dev/null
	cowrun system prune -af --volumes >/dev/null
	same "volumes" "v create w create v destroy w destroy" \
		"$(cowrun events --since 1h --until 0s -f type=volume --format '{{.Actor.ID}} {{.Action}}' | xargs)"
	same "of an image" "create commit destroy" "$(told -f image=two -f type=container)"
	same "pruned" 2 "$(told -f event=delete -f type=image | wc -w | xargs -I{} expr {} - 1)"
}

case_filters() {
	make_root root
	for name in a b c; do
		cowrun create --name "$name" -l "name-$name" -l "letter=$name" --rootfs root true >/dev/null
	done
	cowrun rm a >/dev/null
	id=$(cowrun inspect -f '{{.Id}}' b)
	same "any of a kind" "create create destroy" "$(told -f container=a -f container=b)"
	same "all kinds" create "$(told -f container=a -f container=b -f event=create -f label=letter=b)"
	same "by an id" create "$(told -f "container=${id:0:12}")"
	same "too little of an id" "" "$(told -f "container=${id:0:11}")"
	same "by a key" "create destroy" "$(told -f label=name-a)"
	same "all labels" "" "$(told -f label=name-a -f label=letter=b)"
	same "nothing" "" "$(told -f type=image)"
	moment=$(cowrun events --since 1h --until 0s -f event=destroy --format '{{.timeNano}}')
	same "since" "destroy" "$(told --since "${moment:0:10}.${moment:10}")"
	same "until" "create create create" "$(cowrun events --since 1h --until "$(printf '%s.%09d' "${moment:0:10}" $((10#${moment:10} - 1)))" --format '{{.Action}}' | xargs)"
	cowrun events --since 1h --until 0s --format json | python3 -c '
import json, sys
events = [json.loads(line) for line in sys.stdin]
assert len(events) == 4
assert sorted(events, key=lambda event: event["timeNano"]) == events
for event in events:
    assert event["Actor"]["ID"] == event["id"] and event["scope"] == "local" and event["status"] == event["Action"], event'
}

is_waiting() {
	grep -qs inotify "/proc/$1/fdinfo/"*
}

case_live() {
	make_root root
	cowrun create --name before --rootfs root true >/dev/null
	"$COWRUN" --root "$T/store" events --format '{{.Action}} {{.Actor.Attributes.name}}' >live &
	note_process $!
	wait_until is_waiting $!
	cowrun create --name after --rootfs root true >/dev/null
	wait_until grep -qx "create after" live
	grep -q before live && fail "what was before is told"
	started=$(date +%s)
	same "until then" "" "$(cowrun events --until "$((started + 1))" --format x)"
	at_least "seconds" 1 $(($(date +%s) - started))
}

# Before there is a file, too, and however often it is put aside. Each event has 20 kB.
case_many_writers() {
	local writer
	make_root root
	cowrun ps >/dev/null
	"$COWRUN" --root "$T/store" events --format '{{.Actor.Attributes.name}} {{.Action}}' >live &
	note_process $!
	wait_until is_waiting $!
	long=$(head -c 20000 /dev/zero | tr '\0' x)
	for writer in 1 2 3 4; do
		(for i in $(seq 8); do
			cowrun create --name "w$writer-$i" -l long="$long" --rootfs root true >/dev/null
			cowrun rm "w$writer-$i" >/dev/null
		done) &
		writers+=($!)
	done
	wait "${writers[@]}"
	for writer in 1 2 3 4; do
		for i in $(seq 8); do
			printf '%s\n' "w$writer-$i create" "w$writer-$i destroy"
		done
	done | sort >expected
	wait_until sh -c '[ $(wc -l <live) = 64 ]'
	sort live | diff expected - >/dev/null || fail "events are lost"
	[ -e "$(log).1" ] || fail "the file was not put aside"
	at_most "bytes" 1048576 "$(stat -c %s "$(log)")"
	at_most "bytes before" 1048576 "$(stat -c %s "$(log).1")"
	# All that is still there is whole, and in the order of time.
	cat "$(log).1" "$(log)" | python3 -c '
import json, sys
times = [json.loads(line)["timeNano"] for line in sys.stdin]
assert times == sorted(times)'
	same "read again" "$(cat "$(log).1" "$(log)" | wc -l)" "$(told | wc -w)"
}

case_torn_line() {
	make_root root
	cowrun create --name a --rootfs root true >/dev/null
	printf '{"Type":"container","Act' >>"$(log)"
	cowrun create --name b --rootfs root true >/dev/null
	echo '{"Type":7}' >>"$(log)"
	echo '[]' >>"$(log)"
	cowrun rm a >/dev/null
	same "the others" "create create destroy" "$(told)"
	# A log that cannot be written to is no reason to fail.
	rm "$(log)"
	mkdir "$(log)"
	cowrun rm b >/dev/null
	refused "cannot read the events" cowrun events --since 1h --until 0s
	rmdir "$(log)"
}

case_of_a_user() {
	prepare_nobody
	cowrun_of_nobody run --rm --name c --rootfs root true 2>/dev/null
	same "told" "create start die destroy" "$(cowrun_of_nobody events --since 1h --until 0s --format '{{.Action}}' | xargs)"
	same "mode" "600 nobody" "$(stat -c '%a %U' home/.local/share/cowrun/run/events.log)"
}

case_bad_input() {
	refused "type=, event=" cowrun events -f nothing=x
	refused "type=, event=" cowrun events -f type
	refused "its value is missing" cowrun events -f container=
	refused "are of the types" cowrun events -f type=network
	refused "must be a time" cowrun events --since yesterday
	refused "must be a time" cowrun events --until ""
	make_root root
	cowrun create --rootfs root true >/dev/null
	refused "there is no .Nothing" cowrun events --since 1h --until 0s --format '{{.Nothing}}'
	status_is 2 cowrun events more 2>/dev/null
	cowrun events --help | grep -q '^Usage: cowrun events'
	same "the longer name" create "$(cowrun system events --since 1h --until 0s --format '{{.Action}}')"
}

# How often that was told of the container c.
times() {
	told -f container=c -f "event=$1" | wc -w
}

# killed_at CALL NUMBER COMMAND...: cowrun, killed before that call; fails when it came to its end instead.
killed_at() {
	local call=$1 number=$2 status=0
	shift 2
	(
		# The shell's own words about it.
		exec 2>/dev/null
		ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$number" \
			"$COWRUN" --root "$T/store" "$@" >"$T.said" 2>&1
		exit $?
	) || status=$?
	[ "$status" != 0 ]
}

# try_all BEFORE AFTER COMMAND...: killed at one call after the other of those that write states and events. The next command makes
# good for it, and another has nothing left to do.
try_all() {
	local before=$1 after=$2 call number kills=0
	shift 2
	for call in renameat flock; do
		for ((number = 1; ; number += number < 6 ? 1 : 3)); do
			cowrun rm -f c d >/dev/null
			rm -f "$(log)" "$(log).1"
			$before
			killed_at "$call" "$number" "$@" || break
			kills=$((kills + 1))
			cowrun ps -a >/dev/null
			$after "$call $number"
			[ "$number" -gt 2 ] || $after "$call $number, again"
		done
	done
	say "killed $kills times"
	at_least "kills" 5 "$kills"
}

have_c() {
	cowrun create --name c --rootfs root true >/dev/null
}

exists() {
	cowrun ps -a --format '{{.Names}}' | grep -cx "$1" || true
}

created() {
	same "created, at $1" "$(exists c)" "$(times create)"
}

removed() {
	same "removed, at $1" "$((1 - $(exists c)))" "$(times destroy)"
}

# An event goes by the name of its time.
renamed() {
	same "renamed, at $1" "$(exists d)" "$(told -f event=rename | wc -w)"
}

paused() {
	same "paused, at $1" "$([ "$(state_of c)" = paused ] && echo 1 || echo 0)" "$(times pause)"
}

case_killed_before_telling() {
	needs strace
	make_root root
	try_all true created create --name c --rootfs root true
	try_all have_c removed rm c
}

case_killed_while_renaming() {
	needs strace
	make_root root
	try_all have_c renamed rename c d
}

# Those who may be killed are the command, its monitor and the first process.
ended() {
	local state
	wait_until nothing_is_left
	[ "$(exists c)" = 1 ] || return 0
	state=$(cowrun inspect -f '{{.State.Status}} {{.State.StartedAt}}' c)
	case $state in
	exited*) same "events at $1" "create start die" "$(told)" ;;
	created*) same "events at $1" "create" "$(told)" ;;
	*) fail "at $1 it is $state" ;;
	esac
}

case_killed_while_running() {
	needs strace
	make_root root
	try_all true ended run --name c --rootfs root true
}

# Who asked for the stop is killed; the monitor tells of it.
case_stop_is_told_by_the_monitor() {
	local process
	start_one c
	"$COWRUN" --root "$T/store" stop -t 60 c >/dev/null &
	process=$!
	wait_until sh -c "'$COWRUN' --root '$T/store' events --since 1h --until 0s -f event=kill | grep -q ."
	kill -9 "$process"
	cowrun kill c >/dev/null
	wait_until is_ended c
	same "told" "create start kill kill die stop" "$(told)"
	cowrun start c >/dev/null
	cowrun kill c >/dev/null
	wait_until is_ended c
	cowrun restart c >/dev/null
	cowrun restart -t 0 c >/dev/null
	same "restarted" "start kill die start restart kill kill die stop start restart" "$(told | cut -d ' ' -f 7-)"
	cowrun rm -f c >/dev/null
}

run_cases "$@"
