#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cowfs explore in a terminal: keys go in, screens come out, through tmux. tests/unit/explore_test.c has what is behind.
# shellcheck source-path=SCRIPTDIR source=lib.sh source=explore_lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/explore_lib.sh"

make_layers() {
	mkdir -p a/etc b/etc b/dir/sub upper mnt
	echo below >b/etc/conf
	echo inside >b/dir/sub/inside
	echo same >b/same
	head -c 5000 /dev/zero >b/large
	echo above >a/etc/conf
	: >a/.wh.large
	ln -s etc/conf b/link
	mount_union a:b upper mnt
	echo new >mnt/new
	rm mnt/same
	echo more >>mnt/etc/conf
	umount_union mnt
}

case_first_screen() {
	make_layers
	start a:b --upper upper
	shows "wasted: hidden above"
	same "size" "24 80" "$(screen | wc -l) $(terminal display-message -p '#{pane_width}')"
	same "title" " cowfs explore: 3 layers, as of layer 0: /dir" "$(screen | head -n 1)"
	same "tree" "        + dir/
C       + etc/
          link -> etc/conf
A     4   new
D     5   same" "$(tree)"
	same "layers" "0 rw 15 0
1 ro 6 6
2 ro 4.9K 4.9K" "$(screen | sed -n '3,5p' | awk '{ print $1, $2, $3, $4 }')"
	same "keys" "Tab pane  Enter open  v view  w whence  c changes  / filter  r reload  q quit" "$(screen | tail -n 1)"
	shows "15 bytes"
	shows "3 names, 1 whiteouts"
	keys q
	shows "status 0"
}

case_layers_and_changes() {
	make_layers
	start a:b --upper upper
	keys Down Enter
	shows "C    11     conf"
	keys Tab Down
	shows "as of layer 1"
	same "as of the layer in the middle" "        + dir/
C       - etc/
C     6     conf
D  4.9K   large
          link -> etc/conf
      5   same" "$(tree)"
	shows "6 wasted: hidden above"
	keys c
	shows "changes only"
	same "changes" "C       - etc/
C     6     conf
D  4.9K   large" "$(tree)"
	keys Down
	shows "as of layer 2"
	shows "A       - etc/"
	keys Up Up
	shows "as of layer 0"
	same "changes of the topmost" "C       - etc/
C    11     conf
A     4   new
D     5   same" "$(tree)"
}

case_files() {
	make_layers
	start a:b --upper upper
	keys Down Enter Down v
	shows "^ /etc/conf as of layer 0"
	same "content" "above more" "$(screen | sed -n '2,3p' | xargs)"
	keys q Tab Down Tab v
	shows "^ /etc/conf as of layer 1"
	same "content below" "above" "$(screen | sed -n '2,3p' | xargs)"
	keys q w
	shows "^ /etc/conf in all layers"
	shows "2  $T/b/etc/conf *covered by layer 0"
	keys q Tab Up Tab End v
	shows "^ /same as of layer 0, which deletes it"
	shows "^same"
	keys q Up Up v
	shows "not a regular file"
	keys Left
	shows "q quit"
}

case_long_file() {
	mkdir lower
	seq 100000 >lower/numbers
	printf '%200s|end\n' . >lower/wide
	start lower
	keys Enter
	shows "^1 *$"
	keys End
	shows "^100000"
	keys PPage
	shows "^99957"
	shows_not "^100000"
	keys Home
	shows "^1 *$"
	keys NPage
	shows "^23 *$"
	keys q Down Enter
	shows "/wide as of"
	shows_not "end"
	keys Right Right Right Right Right Right Right Right Right Right Right Right Right Right Right Right
	shows "|end"
}

case_filter() {
	make_layers
	start a:b --upper upper
	shows "+ dir"
	keys / i n s
	shows "1 found with \"ins\""
	shows "Filter: ins_"
	shows "      7 /dir/sub/inside"
	keys x
	shows "Nothing is found"
	keys BSpace Enter
	shows "/dir/sub/inside"
	shows "q quit"
	keys Enter
	shows "      7       inside"
	shows "as of layer 0: /dir/sub/inside"
	keys / n
	shows "found"
	keys Escape
	shows_not "found"
	keys q
	shows "status 0"
}

case_strange_names() {
	mkdir lower
	: >lower/$'\303\244\303\266\303\274'
	: >lower/$'\346\274\242\345\255\227'
	: >lower/$'escape\033[2J\nnew line'
	: >lower/$'\351latin'
	mkdir "lower/$(printf 'x%.0s' {1..200})"
	start lower
	shows "äöü"
	shows "漢字"
	shows 'escape\\033\[2J\\nnew line'
	shows '\\351latin'
	shows "+ xxxxxxxxxxxxxxxxxxxxx"
	same "lines" 24 "$(screen | wc -l)"
}

# Whole, though a character may have three bytes and two columns, or none.
case_wide_paths() {
	local lower
	lower=$(printf 'ä%.0s' {1..30})$(printf '漢%.0s' {1..15})
	mkdir -p "$lower/long-$lower"
	: >"$lower/$(printf 'e\314\201-\315\270-end')"
	: >"$lower/long-$lower/name-ä漢"
	start "$lower"
	shows "$(printf 'e\314\201')-?-end"
	same "path" "$T/$lower" "$(screen | sed -e '1,/^───/d' -e 's/ *│.*//' -e '/^device/,$d' | tr -d '\n')"
	same "lines" 24 "$(screen | grep -c -e '^.*│' -e '^Tab' -e '^ cowfs')"
	keys / n a m e -
	shows "0 <漢漢漢漢漢漢漢漢漢漢漢漢漢漢/name-ä漢$"
}

# A text is shown as it is, but for what a terminal would obey.
case_texts() {
	mkdir lower
	printf 'back\\slash\ttab\0zero\033[31mred\302\233' >lower/text
	start lower
	keys v
	shows '^back\\slash      tab\\000zero\\033\[31mred\\302\\233'
	keys q w
	shows "in all layers"
	keys q
	mkdir "lower/$(printf 'a\\b')"
	keys r Home w
	shows '^/a\\\\b: directory'
}

case_hangup() {
	local pid
	mkdir lower
	needs tmux
	terminal new-session -d -x 80 -y 24 "trap '' HUP; exec env TERM=screen $COWFS explore lower"
	shows "cowfs explore"
	pid=$(terminal display-message -p '#{pane_pid}')
	note_process "$pid"
	terminal kill-server
	wait_until sh -c "! kill -0 $pid 2>/dev/null"
}

case_interrupted() {
	mkdir lower
	start lower
	keys C-c
	shows "status 1"
}

case_empty_layers() {
	mkdir a b
	start a:b
	shows "There is nothing in it"
	keys Down Up Right Left Enter v w c End Home Tab Down
	shows "as of layer 1, changes only"
	shows "changes nothing"
	keys / x Enter Enter w q Tab q
	shows "status 0"
}

case_a_locale_without_utf_8() {
	mkdir lower
	: >lower/$'\303\244b'
	needs tmux
	terminal new-session -d -x 80 -y 24 "env TERM=screen LC_ALL=C $COWFS explore lower"
	note_process "$(terminal display-message -p '#{pid}')"
	shows "??b"
}

case_resized() {
	make_layers
	start a:b --upper upper
	shows "+ dir"
	terminal resize-window -x 120 -y 40
	shows "^Tab pane.*quit$"
	same "lines" 40 "$(screen | wc -l)"
	shows "upper *│"
	terminal resize-window -x 40 -y 10
	shows "cowfs explore"
	keys Down Down
	shows "link"
	terminal resize-window -x 20 -y 3
	keys Up
	terminal resize-window -x 80 -y 24
	shows "as of layer 0: /etc"
	keys q
	shows "status 0"
}

# The upper as it is now, and again.
case_live_mount() {
	make_layers
	mount_union a:b upper mnt
	start mnt
	shows "A     4   new"
	echo x >mnt/newest
	keys r
	shows "A     2   newest"
	keys q
	shows "status 0"
	umount_union mnt
}

case_unreadable_directory() {
	mkdir -p lower/secret
	chmod 700 lower/secret
	chmod 755 .
	needs tmux
	terminal new-session -d -x 80 -y 24 \
		"setpriv --reuid nobody --clear-groups env TERM=screen $COWFS explore lower"
	note_process "$(terminal display-message -p '#{pid}')"
	shows "+ secret"
	keys Enter
	shows "secret/  (Permission denied)"
}

case_two_hundred_thousand_entries() {
	local i start
	mkdir lower upper
	mount -t tmpfs -o nr_inodes=0 tmpfs lower
	mkdir lower/flat
	many_files create lower/flat 100000
	for ((i = 0; i < 100; i++)); do
		mkdir "lower/dir-$i"
		many_files create "lower/dir-$i" 1000
	done
	start=$EPOCHREALTIME
	start upper:lower
	shows "+ dir-0"
	at_most "milliseconds until the first screen" 3000 $(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
	start=$EPOCHREALTIME
	keys End Enter
	shows "file-0000001"
	keys End
	shows "file-0100000"
	at_most "milliseconds for a large directory" 8000 $(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
	keys / - 0 0 0 0 9 9 9
	shows "101 found with \"-0000999\"$"
}

case_no_terminal() {
	mkdir lower
	refused "needs a terminal" "$COWFS" explore lower </dev/null
	needs script
	# ncurses keeps something when it does not know the terminal.
	script -qec "ASAN_OPTIONS=detect_leaks=0 TERM=unheard-of $COWFS explore lower" /dev/null </dev/null >"$T.said" || true
	grep -q "does not know this terminal" "$T.said" || fail "it said <$(cat "$T.said")>"
	refused "absent" "$COWFS" explore absent
	refused "give a mounted union" "$COWFS" explore
	refused "one operand too many" "$COWFS" explore lower lower
}

run_cases "$@"
