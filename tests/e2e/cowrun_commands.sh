#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The smaller commands: top, volume; and completion.
# shellcheck source-path=SCRIPTDIR source=cowrun_lib.sh disable=SC2016
. "$(dirname "$0")/cowrun_lib.sh"

case_top() {
	needs ps
	start_one one
	start_one two
	cowrun exec -d one sleep 2000
	wait_until sh -c "'$COWRUN' --root '$T/store' top one | grep -q 'sleep 2000'"
	cowrun top one >said
	same "titles" "UID PID PPID" "$(head -n 1 said | awk '{ print $1, $2, $3 }')"
	same "processes" "sleep 1000 sleep 2000" "$(tail -n +2 said | grep -o 'sleep .*' | sort | xargs)"
	same "number" "$(pid_of two)" "$(cowrun top two -o pid,args | awk 'NR > 1 { print $1 }')"
	refused "no column PID" cowrun top two -o args
	refused "there is none with this name" cowrun top nobody
	refused "ps failed" cowrun top two --no-such-option
	cowrun stop -t 0 two >/dev/null
	refused "does not run" cowrun top two
	cowrun run -d --name three --pid host --rootfs root sleep 3000 >/dev/null
	same "among the machine's" "sleep 3000" "$(cowrun top three | grep -o 'sleep .*')"
	cowrun rm -f one two three >/dev/null
}

# As a sandbox in a container has one.
case_top_namespace_within() {
	start_one c --security-opt seccomp=unconfined --cap-add SYS_ADMIN
	start_one other
	cowrun exec -d c unshare -p -f sleep 1004
	wait_until pgrep -x -f "sleep 1004" >/dev/null
	cowrun top c -eo pid,args >shown
	same "sleeping" "sleep 1000 sleep 1004" "$(grep -o "sleep 100.$" shown | sort -u | xargs)"
	same "processes" 3 "$(sed 1d shown | wc -l)"
	cowrun rm -f c other >/dev/null
}

case_volumes() {
	make_root root
	same "none" "" "$(cowrun volume ls -q)"
	same "created" "b" "$(cowrun volume create b)"
	cowrun run --name c -v a:/v --rootfs root sh -c 'mkdir /v/d && echo x >/v/d/file && chmod 0 /v/d'
	same "names" "a b" "$(cowrun volume ls -q | xargs)"
	same "list" "DRIVER VOLUME NAME local a local b" "$(cowrun volume ls | xargs)"
	same "format" "a=$T/store/volumes/a" "$(cowrun volume ls --format '{{.Name}}={{.Mountpoint}}' | head -n 1)"
	same "inspected" x "$(cat "$(cowrun volume inspect a | grep -o '"Mountpoint":"[^"]*' | cut -d '"' -f 4)/d/file")"
	refused "mounted by container c" cowrun volume rm a
	same "pruned" "Deleted Volumes: b Total reclaimed space: 0B" "$(cowrun volume prune -f | xargs)"
	cowrun rm c >/dev/null
	same "removed" a "$(cowrun volume rm a)"
	same "none" "" "$(cowrun volume ls -q)"
	refused "no volume a" cowrun volume rm a
	refused "no volume ../c" cowrun volume rm ../containers
	refused "make the name of a volume" cowrun volume create ../x
	status_is 2 cowrun volume 2>/dev/null
	status_is 2 cowrun volume make x 2>/dev/null
	all_is_gone
}

# What is in an ordinary user's volume belongs to others, too.
case_volume_of_a_user() {
	prepare_nobody
	give_subordinate_ids nobody
	cowrun_of_nobody run --rm -v a:/v --rootfs root sh -c 'mkdir /v/d && touch /v/d/x && chown -R 33:33 /v/d && chmod 700 /v/d'
	same "owner" 200032 "$(stat -c %u home/.local/share/cowrun/volumes/a/d)"
	same "removed" a "$(cowrun_of_nobody volume rm a)"
	absent home/.local/share/cowrun/volumes/a
}

: "${abs_top_srcdir:=$(cd "$(dirname "$self")/../.." && pwd)}"

# complete_line WORD...: what bash offers for the last word.
complete_line() {
	# shellcheck source=/dev/null
	. "$abs_top_srcdir/tools/completion/cowrun"
	COMP_WORDS=("$COWRUN" "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_cowrun
	printf '%s\n' "${COMPREPLY[@]}"
}

case_completion() {
	make_root root
	cowrun create --name one --rootfs root true >/dev/null
	cowrun import -q root image >/dev/null
	same "commands" "restart rm rmi run" "$(complete_line r | grep -v rename | sort | xargs)"
	same "options" "--pid --pidfile --pids-limit --privileged --proc --publish --publish-all" "$(complete_line run --p | sort | xargs)"
	same "containers" one "$(complete_line --root "$T/store" stop o)"
	same "images" localhost/image:latest "$(complete_line --root "$T/store" run localhost/)"
	same "namespaces" "bridge host none pasta private slirp4netns" "$(complete_line run --net '' | grep -v : | sort | xargs)"
	start_one two --rm
	same "shared namespaces" "two two" "$(complete_line --root "$T/store" run --net container : t) $(complete_line --root "$T/store" run --pid container :)"
	same "commands of a command" "ls" "$(complete_line volume l)"
	same "files" root "$(complete_line import roo)"
	same "after an unknown command" "" "$(complete_line nothing x)"
	cowrun volume create data >/dev/null
	same "volumes" data "$(complete_line --root "$T/store" volume rm d)"
	same "volumes to mount" data "$(complete_line --root "$T/store" run -v d)"
	same "restart policies" unless-stopped "$(complete_line run --restart u)"
	same "commands of containers" "stats stop" "$(complete_line container st | grep -v start | sort | xargs)"
	same "containers by the longer name" one "$(complete_line --root "$T/store" container stop o)"
	same "options of a command" "--all --filter --force --volumes" "$(complete_line system prune -- | sort | xargs)"
}

# Every command of one, with what is before it.
all_commands() {
	local command
	for command in $("$COWRUN" --help | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p'); do
		echo "$command"
		"$COWRUN" "$command" --help | sed -n '/^  [a-z]*, /d; s/^  \([a-z][a-z]*\)  .*/\1/p' | sed "s/^/$command /"
	done
}

# zsh_text COMMAND [SUB-COMMAND]: what the completion for zsh has of it, and the lists that it refers to.
zsh_text() {
	local name=$1${2+-$2}
	case $* in
	'container ls' | 'container prune') name=$2 ;;
	'image inspect' | 'image prune') ;;
	'image ls') name=images ;;
	'image rm') name=rmi ;;
	'image '* | 'system events' | 'system info') name=$2 ;;
	esac
	sed -n "/^	\(.* | \)\?$name\( | .*\)\?)/,/;;\$/p" <<<"$text" >arm
	[ -s arm ] || fail "$* has no arguments"
	cat arm
	grep -q '\$create' arm && list create && list limits && list process
	grep -q '\$limits' arm && list limits
	grep -q '\$process' arm && list process
	grep -q '\$prune' arm && list prune
	grep -q '\$format' arm && echo --format
	echo --help
}

list() {
	sed -n "/^	$1=(/,/^	)/p" <<<"$text"
}

# Without a zsh only its text can be looked at.
case_completion_of_zsh() {
	local text words option
	text=$(cat "$abs_top_srcdir/tools/completion/_cowrun")
	all_commands >commands
	at_least "commands" 50 "$(wc -l <commands)"
	while read -r -a words; do
		[ -n "${words[1]-}" ] || grep -q "^		'${words[0]}:" <<<"$text" || fail "${words[0]} is not completed"
		case ${words[*]} in
		container | image | network | system | volume) continue ;;
		esac
		zsh_text "${words[@]}" >offered
		# Those of network and volume are of all their commands.
		[ "${words[0]}" != network ] || continue
		[ "${words[0]}" != volume ] || [ "${words[1]}" = prune ] || continue
		for option in $("$COWRUN" "${words[@]}" --help | sed -n 's/^ *\(-[a-zA-Z], \)\?--/--/; s/^\(--.*[^ ]\)   *.*/\1/; /^--/p' | grep -o -e '--[a-z][a-z-]*' | sort -u); do
			grep -q -e "$option\\b" offered || fail "$option of ${words[*]} is not completed"
		done
	done <commands
	if command -v zsh >/dev/null; then
		zsh -n "$abs_top_srcdir/tools/completion/_cowrun"
	fi
}

# typed_in_zsh LINE...: what a zsh with the completion has on its line after each LINE and a tab.
typed_in_zsh() {
	python3 - "$abs_top_srcdir/tools/completion" "$@" <<'END'
import os, pty, re, select, sys, time

def read_until(fd, mark):
    text = b''
    end = time.monotonic() + 60
    while mark not in text and time.monotonic() < end:
        if select.select([fd], [], [], 1)[0]:
            try:
                text += os.read(fd, 4096)
            except OSError:
                break
    if mark not in text:
        sys.exit(f'zsh did not answer: {text!r}')
    return text

child, fd = pty.fork()
if child == 0:
    os.environ['TERM'] = 'dumb'
    os.execvp('zsh', ['zsh', '-f', '-i'])
# The tab completes, then prints the line and empties it.
for line in [f'fpath=({sys.argv[1]} $fpath)', 'autoload -U compinit', 'compinit -u -D',
             'show() { zle complete-word; print -r -- "<<$BUFFER>""> "; BUFFER=; }', 'zle -N show',
             "bindkey '^I' show", 'print "rea""dy"']:
    os.write(fd, line.encode() + b'\n')
read_until(fd, b'ready')
for line in sys.argv[2:]:
    os.write(fd, line.encode() + b'\t')
    print(re.findall(rb'<<(.*?)>>? ', read_until(fd, b'> \r\n'), re.S)[-1].decode())
os.write(fd, b'exit\n')
END
}

case_completion_in_zsh() {
	needs zsh python3
	make_root root
	cowrun create --name one --rootfs root true >/dev/null
	cowrun import -q root image >/dev/null
	cowrun volume create data >/dev/null
	mkdir bin
	ln -s "$COWRUN" bin/cowrun
	local PATH=$T/bin:$PATH store="cowrun --root $T/store"
	typed_in_zsh 'cowrun atta' "$store stop o" "$store volume rm d" 'cowrun run --privil' "$store run -v da" \
		'cowrun run --restart=unl' 'cowrun run --userns=nom' 'cowrun run --net=slir' "$store run loca" "$store run --net=container:o" |
		sed 's/ *$//' >said
	printf '%s\n' 'cowrun attach' "$store stop one" "$store volume rm data" 'cowrun run --privileged' "$store run -v data:" \
		'cowrun run --restart=unless-stopped' 'cowrun run --userns=nomap' 'cowrun run --net=slirp4netns' \
		"$store run localhost/image:latest" "$store run --net=container:one" >expected
	diff expected said || fail "zsh offers something else"
}

run_cases "$@"
