#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The life of containers: what the commands do to them, and what is left when processes are killed.
# shellcheck source-path=SCRIPTDIR source=cowrun_lib.sh disable=SC2016
. "$(dirname "$0")/cowrun_lib.sh"

case_create_and_start() {
	make_root root
	cowrun create --name c --rootfs root sh -c 'echo run >>/runs; cat /runs' >id
	same "length of an id" 65 "$(wc -c <id)"
	same "before" created "$(state_of c)"
	same "its pid" 0 "$(pid_of c)"
	cowrun start c >/dev/null
	same "exit code" 0 "$(cowrun wait c)"
	same "after" exited "$(state_of c)"
	# What it wrote is still there.
	same "second run" "run run" "$(cowrun start -a c | xargs)"
	same "by the beginning of its id" "$(cat id)" "$(cowrun inspect -f '{{.Id}}' "$(head -c 10 id)")"
	refused "runs already\|none with" cowrun start nothing
	cowrun rm c
	all_is_gone
}

case_names() {
	make_root root
	cowrun create --name one --rootfs root true >/dev/null
	refused "taken" cowrun create --name one --rootfs root true
	cowrun create --name two --rootfs root true >/dev/null
	refused "taken" cowrun rename two one
	refused "cannot be a name" cowrun rename two 'a b'
	cowrun rename two three
	same "names" "one three" "$(cowrun ps -a --format '{{.Names}}' | sort | xargs)"
	refused "none with" cowrun rm two
	cowrun create --name two --rootfs root true >/dev/null
	cowrun rm one two three >said
	same "removed" "one two three" "$(xargs <said)"
	cowrun create --rootfs root true >/dev/null
	cowrun ps -a --format '{{.Names}}' | grep -qE '^[a-z]+_[a-z]+[0-9]+$' || fail "no name was made up"
	cowrun rm "$(cowrun ps -aq)" >/dev/null
	all_is_gone
}

case_list_and_inspect() {
	start_one c -l colour=red -v ./root:/data:ro -e A=1
	same "ps" "c running" "$(cowrun ps --format '{{.Names}} {{.State}}')"
	cowrun ps | grep -q 'sleep 1000 .*Up .*second.* c$'
	same "json" c "$(cowrun ps --format json | grep -o '"Names":"[^"]*"' | cut -d '"' -f 4)"
	same "quiet" 12 "$(cowrun ps -q | tr -d '\n' | wc -c)"
	same "labels" red "$(cowrun inspect -f '{{.Config.Labels.colour}}' c)"
	cowrun inspect -f '{{json .Mounts}}' c | grep -q '"Destination":"/data".*"RW":false'
	same "pid" "sleep 1000 " "$(tr '\0' ' ' <"/proc/$(pid_of c)/cmdline")"
	cowrun inspect c | grep -q '"Status":"running"\|"Status": *"running"'
	refused "no .Nothing" cowrun inspect -f '{{.Nothing}}' c
	refused "without }}" cowrun inspect -f '{{.Id' c
	cowrun stop -t 0 c >/dev/null
	same "ps" "" "$(cowrun ps -q)"
	same "all" "exited 137" "$(cowrun inspect -f '{{.State.Status}} {{.State.ExitCode}}' "$(cowrun ps -aq)")"
	cowrun rm c
}

case_stop_and_kill() {
	make_root root
	# PID 1 without a handler does not hear TERM.
	start_one deaf
	cowrun stop -t 1 deaf >/dev/null
	same "in vain" 137 "$(cowrun wait deaf)"
	cowrun run -d --name hears --rootfs root sh -c 'trap "exit 5" TERM; trap "exit 6" INT; echo ready; while :; do sleep 0.05; done' >/dev/null
	wait_until grep -q ready "$T/store/containers/$(cowrun inspect -f '{{.Id}}' hears)/log"
	cowrun stop hears >/dev/null
	same "stop" 5 "$(cowrun wait hears)"
	cowrun start hears >/dev/null
	sleep 0.3
	cowrun kill -s INT hears >/dev/null
	same "kill" 6 "$(cowrun wait hears)"
	cowrun start hears >/dev/null
	cowrun kill hears >/dev/null
	same "KILL" 137 "$(cowrun wait hears)"
	refused "not running" cowrun kill hears
	refused "no signal" cowrun kill -s WHAT hears
	cowrun stop hears >/dev/null
	cowrun start hears >/dev/null
	refused "cowrun rm -f" cowrun rm hears
	cowrun rm -f hears deaf never-there >/dev/null
	all_is_gone
}

# Its monitor, which is there already, does as it is told now.
case_update_of_the_policy() {
	start_one c
	cowrun update --restart on-failure:1 c >/dev/null
	same "policy" '{"Name":"on-failure","MaximumRetryCount":1}' "$(cowrun inspect -f '{{json .HostConfig.RestartPolicy}}' c)"
	kill -9 "$(pid_of c)"
	wait_until sh -c "[ \"\$('$COWRUN' --root '$T/store' inspect -f '{{.RestartCount}} {{.State.Status}}' c)\" = '1 running' ]"
	cowrun update --restart no c >/dev/null
	kill -9 "$(pid_of c)"
	same "ended" 137 "$(cowrun wait c)"
	same "count" 1 "$(cowrun inspect -f '{{.RestartCount}}' c)"
	# One that waits to be started again is not.
	cowrun run -d --name d --restart always --rootfs root false >/dev/null
	wait_until sh -c "[ \$('$COWRUN' --root '$T/store' inspect -f '{{.RestartCount}}' d) -ge 2 ]"
	cowrun update --restart no d >/dev/null
	wait_until sh -c "[ \"\$('$COWRUN' --root '$T/store' inspect -f '{{.State.Status}}' d)\" = exited ]"
	start_one e --rm
	refused "removed when it has ended" cowrun update --restart always e
	refused "no, always, unless-stopped and on-failure" cowrun update --restart sometimes c
	status_is 2 cowrun update --restart no 2>/dev/null
	cowrun rm -f c d e >/dev/null
	all_is_gone
}

case_restart() {
	make_root root
	cowrun run -d --name c --restart on-failure:2 --rootfs root sh -c 'echo run; exit 3' >/dev/null
	same "exit code" 3 "$(cowrun wait c)"
	same "runs" 3 "$(cowrun logs c | wc -l)"
	same "count" 2 "$(cowrun inspect -f '{{.RestartCount}}' c)"
	cowrun run -d --name always --restart always --rootfs root sh -c 'echo run; sleep 0.1' >/dev/null
	wait_until sh -c "[ \$('$COWRUN' --root '$T/store' logs always | wc -l) -ge 3 ]"
	cowrun stop -t 0 always >/dev/null
	same "stopped" exited "$(state_of always)"
	start_one again
	before=$(pid_of again)
	cowrun restart -t 0 again >/dev/null
	different "pid" "$before" "$(pid_of again)"
	cowrun rm -f c always again >/dev/null
	all_is_gone
}

case_logs() {
	make_root root
	cowrun run -d --name c --rootfs root sh -c 'for i in 1 2 3 4 5; do echo line $i; done; echo oops >&2; printf "no end"; sleep 1; echo; echo later' >/dev/null
	wait_until sh -c "'$COWRUN' --root '$T/store' logs c 2>/dev/null | grep -q 'line 5'"
	timeout 10 "$COWRUN" --root "$T/store" logs -f c >followed 2>/dev/null
	same "followed to the end" later "$(tail -n 1 followed)"
	same "lines" 7 "$(cowrun logs c 2>/dev/null | wc -l)"
	same "standard error" oops "$(cowrun logs c 2>&1 >/dev/null)"
	same "tail" "no end later" "$(cowrun logs --tail 2 c | xargs)"
	same "none" "" "$(cowrun logs --tail 0 c)"
	cowrun logs -t c 2>/dev/null | head -n 1 | grep -qE '^20[0-9-]+T[0-9:.]+Z line 1$'
	same "since long ago" 7 "$(cowrun logs --since 1h c 2>/dev/null | wc -l)"
	same "since tomorrow" "" "$(cowrun logs --since "$(date -u -d tomorrow +%FT%TZ)" c)"
	refused "since" cowrun logs --since yesterday c
	# Whatever bytes it prints, a line of the log is JSON.
	cowrun run --name odd --rootfs root printf 'a\377"\\\001\303\274\n' >/dev/null
	LC_ALL=C grep -qF $'"log":"a\xef\xbf\xbd\\"\\\\\\u0001\xc3\xbc\\n"' \
		"$T/store/containers/$(cowrun inspect -f '{{.Id}}' odd)/log" ||
		fail "the log says $(cat "$T"/store/containers/*/log)"
	cowrun rm -f c odd >/dev/null
}

case_attach() {
	make_root root
	cowrun run -di --name c --rootfs root sh -c 'while read line; do echo "got $line"; done; exit 8' >/dev/null
	(
		echo one
		sleep 0.3
		echo two
	) | status_is 8 cowrun attach c >said
	same "said" "got one got two" "$(xargs <said)"
	refused "not running" cowrun attach c
	cowrun rm c >/dev/null
	# Two at the same time.
	cowrun run -d --name two --rootfs root sh -c 'sleep 1; echo hello' >/dev/null
	cowrun attach two >first &
	cowrun attach two >second
	wait $!
	same "both" "hello hello" "$(cat first second | xargs)"
	cowrun rm two >/dev/null
}

case_signals_are_passed_on() {
	local process
	make_root root
	"$COWRUN" --root "$T/store" run --name c --rootfs root sh -c 'trap "exit 7" TERM; echo ready; while :; do sleep 0.05; done' >said &
	process=$!
	wait_until grep -q ready said
	kill -TERM $process
	status_is 7 wait $process
	cowrun rm c
}

case_exec() {
	local name
	start_one c -e A=1 -w /tmp
	for name in cgroup ipc mnt net pid user uts; do
		same "namespace $name" "$(cowrun exec c readlink "/proc/1/ns/$name")" "$(cowrun exec c readlink "/proc/self/ns/$name")"
	done
	same "surroundings" "1 2 /tmp" "$(cowrun exec -e B=2 c sh -c 'echo $A $B $PWD')"
	same "elsewhere" "33 /srv" "$(cowrun exec -u web -w /srv c sh -c 'echo $(id -u) $PWD')"
	same "input" typed "$(echo typed | cowrun exec -i c cat)"
	status_is 4 cowrun exec c sh -c 'exit 4'
	status_is 127 cowrun exec c no-such-command 2>/dev/null
	status_is 126 cowrun exec c /etc/passwd 2>/dev/null
	status_is 125 cowrun exec -u nobody-here c true 2>/dev/null
	status_is 125 cowrun exec nothing true 2>/dev/null
	status_is 125 cowrun exec c 2>/dev/null
	same "privileges" "$(cowrun exec c sed -n '/^Cap\|^Seccomp:\|^NoNew/p' /proc/1/status)" "$(cowrun exec c sed -n '/^Cap\|^Seccomp:\|^NoNew/p' /proc/self/status)"
	cowrun exec -d c sh -c 'echo done >/tmp/done'
	wait_until cowrun exec c test -e /tmp/done
	exec 7</etc/passwd
	same "descriptors, the last of them of ls itself" "0 1 2 3" "$(cowrun exec c ls /proc/self/fd | xargs)"
	cowrun rm -f c >/dev/null
	all_is_gone
}

case_exec_terminal() {
	needs script
	start_one c
	# At the end of its input script would type something.
	mkfifo silent
	script -qec "stty rows 30 cols 70; '$COWRUN' --root '$T/store' exec -it c sh -c 'tty; stty size; exit 6'" /dev/null 0<>silent >said || echo "status $?" >>said
	tr -d '\r' <said >plain
	grep -q '/dev/pts/0' plain
	grep -q '^30 70' plain || fail "said: $(cat plain)"
	grep -q "^status 6" plain || fail "said: $(cat plain)"
	cowrun rm -f c >/dev/null
}

# Typing the detach keys leaves it running.
case_detach() {
	needs script
	make_root root
	(
		sleep 0.5
		printf 'echo typ''ed\r'
		sleep 0.3
		printf '\020\021'
		sleep 0.3
	) | script -qec "'$COWRUN' --root '$T/store' run -it --name c --rootfs root sh" /dev/null >said
	grep -q typed said
	same "state" running "$(state_of c)"
	cowrun rm -f c >/dev/null
	all_is_gone
}

# Killing any process of a container leaves nothing that runs, and the next command knows.
case_killed() {
	local monitor daemon
	start_one c
	monitor=$(monitor_of c)
	kill -9 "$monitor"
	wait_until nothing_is_left
	same "state" "exited 137" "$(cowrun inspect -f '{{.State.Status}} {{.State.ExitCode}}' c)"
	cowrun inspect -f '{{.State.Error}}' c | grep -q monitor
	cowrun start c >/dev/null
	daemon=$(pgrep -f "cowfs mount .*$T/store")
	kill -9 "$daemon"
	wait_until sh -c "[ \$('$COWRUN' --root '$T/store' inspect -f '{{.State.Status}}' c) = exited ]"
	cowrun inspect -f '{{.State.Error}}' c | grep -q daemon
	cowrun start c >/dev/null
	kill -9 "$(pid_of c)"
	same "exit code" 137 "$(cowrun wait c)"
	cowrun start c >/dev/null
	kill -9 "$(monitor_of c)"
	cowrun rm -f c >/dev/null
	all_is_gone
}

# Killed at any moment of its start.
case_killed_while_starting() {
	local delay process
	make_root root
	for delay in 0.001 0.004 0.008 0.012 0.016 0.02 0.025 0.03 0.04; do
		"$COWRUN" --root "$T/store" run -d --name c --rootfs root sleep 1000 >/dev/null 2>&1 &
		process=$!
		sleep "$delay"
		kill -9 $process 2>/dev/null || true
		wait $process 2>/dev/null || true
		sleep 0.1
		cowrun rm -f c >/dev/null 2>&1 || fail "cannot be removed after $delay: $(cowrun rm -f c 2>&1)"
	done
	# A name whose container was never finished can be had.
	start_one c
	cowrun rm -f c >/dev/null
	all_is_gone
}

case_parallel() {
	local i
	local -a processes
	make_root root
	for ((i = 0; i < 20; i++)); do
		"$COWRUN" --root "$T/store" run --rm --rootfs root sh -c "exit $i" &
		processes[i]=$!
	done
	for ((i = 0; i < 20; i++)); do
		status_is "$i" wait "${processes[i]}"
	done
	all_is_gone
}

case_damaged() {
	local id
	make_root root
	cowrun create --name c --rootfs root true >id
	id=$(cat id)
	cowrun create --name good --rootfs root true >/dev/null
	echo '{' >"$T/store/containers/$id/config.json"
	refused "damaged" cowrun inspect c
	same "others" good "$(cowrun ps -a --format '{{.Names}}' 2>/dev/null)"
	cowrun rm -f c >/dev/null
	cowrun rm good >/dev/null
	all_is_gone
}

# groups_of ID: its control groups that are there.
groups_of() {
	find /sys/fs/cgroup -maxdepth 3 -type d -path "*/cowrun/$1" 2>/dev/null
}

# damage ID KIND: of a container that runs, or did.
damage() {
	local directory=$T/store/containers/$1
	case $2 in
	garbage) printf '\000\377{]' >"$directory/state.json" ;;
	empty) : >"$directory/state.json" ;;
	cut) truncate -s 40 "$directory/state.json" ;;
	type) echo '{"pid": "one", "status": "running"}' >"$directory/state.json" ;;
	missing) rm "$directory/state.json" ;;
	config) echo '[]' >"$directory/config.json" ;;
	both) rm "$directory/config.json" "$directory/state.json" ;;
	esac
}

# Whatever is wrong with its records, it is named, others are not hidden by it, and it can be ended and removed.
case_damaged_while_running() {
	local kind id
	start_one good
	for kind in garbage empty cut type missing config both; do
		start_one "$kind"
		id=$(cowrun inspect -f '{{.Id}}' "$kind")
		damage "$id" "$kind"
		same "$kind: others" good "$(cowrun ps --format '{{.Names}}' 2>said)"
		grep -q "${id:0:12}.*damaged" said || fail "$kind: ps said <$(cat said)>"
		refused "damaged.*cowrun rm -f" cowrun stop "$kind"
		refused "damaged.*cowrun rm -f" cowrun rm "$kind"
		cowrun rm -f "$kind" >/dev/null
		same "$kind: groups" "" "$(groups_of "$id")"
		absent "$T/store/containers/$id" "$T/store/names/$kind"
		pgrep -f "$id" && fail "$kind: a process is left"
	done
	same "the other one" running "$(state_of good)"
	id=$(cowrun create --rootfs root true)
	damage "$id" garbage
	cowrun stats --no-stream --format '{{.Name}}' >names 2>said
	same "statistics" good "$(cat names)"
	grep -q "${id:0:12}.*damaged" said || fail "stats said <$(cat said)>"
	cowrun rm -f "$id" >/dev/null
	cowrun rm -f good >/dev/null
	all_is_gone
}

# Also one that is paused, and one whose monitor is gone.
case_damaged_and_paused() {
	local id
	start_one paused
	cowrun pause paused >/dev/null 2>said || skip "nothing can be paused here: $(cat said)"
	damage "$(cowrun inspect -f '{{.Id}}' paused)" garbage
	cowrun rm -f paused >/dev/null
	all_is_gone
	start_one orphan
	cowrun pause orphan >/dev/null
	id=$(cowrun inspect -f '{{.Id}}' orphan)
	kill -9 "$(monitor_of orphan)"
	damage "$id" empty
	cowrun rm -f orphan >/dev/null
	all_is_gone
	same "groups" "" "$(groups_of "$id")"
}

case_damaged_of_a_user() {
	prepare_nobody
	cowrun_of_nobody run -d --name c --rootfs root sleep 1000 >id 2>/dev/null
	: >"home/.local/share/cowrun/containers/$(cat id)/state.json"
	cowrun_of_nobody rm -f c >/dev/null
	wait_until nothing_is_left
	is_empty home/.local/share/cowrun/containers home/.local/share/cowrun/names
}

run_cases "$@"
