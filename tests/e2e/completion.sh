#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Completion knows every command and every long option that --help names, and no other.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"
: "${abs_top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"

commands() {
	"$COWFS" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

long_options() {
	"$COWFS" "$1" --help | grep -o -e '--[a-z][a-z-]*' | sort -u
}

# complete_line WORD...: what bash offers for the last word.
complete_line() {
	# shellcheck source=/dev/null
	. "$abs_top_srcdir/tools/completion/cowfs"
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMPREPLY=()
	_cowfs
	printf '%s\n' "${COMPREPLY[@]}"
}

case_bash_commands() {
	local found
	found=$(commands)
	[ "$(wc -l <<<"$found")" -ge 9 ] || fail "--help names too few commands: $found"
	same "commands" "$(sort <<<"$found")" \
		"$(complete_line cowfs '' | grep -v -e '^-' -e '^help$' -e '^version$' | sort)"
}

case_bash_options() {
	local command
	for command in $(commands); do
		same "options of $command" "$(long_options "$command")" "$(complete_line cowfs "$command" -- | sort)"
	done
}

case_bash_mount_options() {
	local name
	for name in $("$COWFS" mount --help | sed -n '/^Options:/,$p' | grep -o '^  [a-z_]*=\?' | tr -d ' ='); do
		complete_line cowfs mount -o "$name" | grep -q "^$name" || fail "$name is not completed"
	done
	same "after a comma" ro,volatile "$(complete_line cowfs mount -o ro,vol)"
	same "only how layers are read" "" "$(complete_line cowfs ls -o vol)"
}

case_bash_paths() {
	mkdir -p alpha/inner beta
	touch alpha/file
	same "directory" alpha "$(complete_line cowfs layers al)"
	same "second layer" alpha:beta "$(complete_line cowfs layers alpha:be)"
	same "file" alpha/file "$(complete_line cowfs cat alpha/f)"
	same "output" alpha/file "$(complete_line cowfs commit -o alpha/f)"
}

case_bash_choices() {
	same "separate" gzip "$(complete_line cowfs commit --compress g)"
	same "joined" overlay "$(complete_line cowfs convert --to = o)"
	same "all" "aufs overlay" "$(complete_line cowfs apply --dialect = | xargs)"
}

# Without a zsh only its text can be looked at.
case_zsh() {
	local command option text
	text=$(cat "$abs_top_srcdir/tools/completion/_cowfs")
	for command in $(commands); do
		grep -q "^		'$command:" <<<"$text" || fail "$command is not completed"
		grep -q "^	$command)" <<<"$text" || fail "$command has no arguments"
		for option in $(long_options "$command"); do
			grep -q -e "$option\\b" <<<"$text" || fail "$option of $command is not completed"
		done
	done
	if command -v zsh >/dev/null; then
		zsh -n "$abs_top_srcdir/tools/completion/_cowfs"
	fi
}

run_cases "$@"
