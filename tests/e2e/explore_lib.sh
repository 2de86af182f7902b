# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# cowfs explore in a terminal, for tests that have lib.sh: keys go in, screens come out, through tmux.

: "${COLUMNS_WANTED:=80}"
: "${LINES_WANTED:=24}"

terminal() {
	tmux -S "$T.tmux" -f /dev/null "$@"
}

# start ARGUMENT...: cowfs explore in a terminal that stays when it ends.
start() {
	needs tmux
	terminal new-session -d -x "$COLUMNS_WANTED" -y "$LINES_WANTED" \
		"env TERM=screen LC_ALL=C.UTF-8 $COWFS explore $*; echo \"status \$?\"; sleep 100"
	note_process "$(terminal display-message -p '#{pid}')"
	shows "cowfs explore: "
}

# Ends the terminal, so that there can be another one.
stop() {
	local server
	server=$(terminal display-message -p '#{pid}')
	terminal kill-server
	wait_until sh -c "! kill -0 $server 2>/dev/null"
}

keys() {
	terminal send-keys "$@"
}

screen() {
	terminal capture-pane -p
}

# Waits until a line of the screen matches; fails with the screen.
shows() {
	local tries
	for ((tries = 0; tries < 200; tries++)); do
		screen | grep -q -e "$1" && return
		sleep 0.05
	done
	screen
	fail "the screen does not show $1"
}

shows_not() {
	local tries
	for ((tries = 0; tries < 200; tries++)); do
		screen | grep -q -e "$1" || return 0
		sleep 0.05
	done
	screen
	fail "the screen still shows $1"
}

# The pane on the right, without spaces at the ends of lines.
tree() {
	screen | sed -e '1d;$d' -e 's/.*│//' -e 's/ *$//' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
}
