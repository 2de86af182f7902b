#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Containers of an ordinary user, with and without subordinate ids.
# shellcheck source-path=SCRIPTDIR source=cowrun_lib.sh disable=SC2016
. "$(dirname "$0")/cowrun_lib.sh"

user=nobody
group=nogroup

as_user() {
	setpriv --reuid "$user" --regid "$group" --clear-groups env -i PATH="$PATH" COWFS="$COWFS" HOME="$T/home" \
		XDG_RUNTIME_DIR="$T/run" TERM=dumb "$@"
}

rootless() {
	as_user "$COWRUN" "$@"
}

prepare() {
	chmod 755 "$T"
	mkdir home run
	chmod 700 run
	chown "$user" home run
	make_root root
	# Root's files would be nobody's, there.
	chown -R "$user:$group" root
}

user_is_gone() {
	wait_until nothing_is_left
	is_empty home/.local/share/cowrun/containers home/.local/share/cowrun/names run/cowrun
}

case_subordinate_ids() {
	prepare
	give_subordinate_ids "$user"
	remember_tree root
	same "root" 0 "$(rootless run --rm --rootfs root id -u)"
	same "map" "0 $(id -u "$user") 1 1 200000 65536" "$(rootless run --rm --rootfs root cat /proc/self/uid_map | xargs)"
	rootless run --name c --rootfs root sh -c 'touch /tmp/x && chown 33:33 /tmp/x && chmod 4755 /tmp/x && echo hidden >/srv/x && chmod 0 /srv/x && rm /etc/group'
	same "owner in the upper" 200032:200032 "$(stat -c %u:%g home/.local/share/cowrun/containers/*/upper/tmp/x)"
	same "whiteouts" 1 "$(find home/.local/share/cowrun/containers -name .wh.group | wc -l)"
	same "user" "33 33" "$(rootless run --rm -u web --rootfs root sh -c 'echo $(id -u) $(id -g)')"
	tree_is_unchanged root
	# What belongs to subordinate ids can be removed too.
	rootless rm c >/dev/null
	user_is_gone
}

case_one_id() {
	prepare
	take_subordinate_ids "$user"
	rootless run --rm --rootfs root id -u >said 2>errors
	same "root" 0 "$(cat said)"
	grep -q usermod errors
	same "map" "0 $(id -u "$user") 1" "$(rootless run --rm --rootfs root cat /proc/self/uid_map 2>/dev/null | xargs)"
	# Owners that the disk cannot have are kept in attributes.
	same "mode" 4755 "$(rootless run --rm --rootfs root sh -c 'touch /tmp/x; chmod 4755 /tmp/x; stat -c %a /tmp/x' 2>/dev/null)"
	status_is 1 rootless run --rm --rootfs root sh -c 'echo allow >/proc/self/setgroups' 2>/dev/null
	status_is 125 rootless run --rm -u 33 --rootfs root true 2>said
	grep -q 'does not have these ids' said
	user_is_gone
}

case_isolation() {
	prepare
	give_subordinate_ids "$user"
	namespaces_differ "$(rootless run --rm --rootfs root sh -c "$namespaces_inside; echo user \$(readlink /proc/self/ns/user)")"
	same "processes" 1 "$(rootless run --rm --rootfs root sh -c 'set -- /proc/[0-9]*; echo $#')"
	same "descriptors, the last of them of ls itself" "0 1 2 3" "$(rootless run --rm --rootfs root ls /proc/self/fd | xargs)"
	same "device" yes "$(rootless run --rm --rootfs root sh -c 'echo x >/dev/null && echo yes')"
	same "sysctl" 1 "$(rootless run --rm --sysctl net.ipv4.ip_forward=1 --rootfs root cat /proc/sys/net/ipv4/ip_forward)"
	same "network of the host" "$(readlink /proc/self/ns/net)" "$(rootless run --rm --net host --rootfs root readlink /proc/self/ns/net)"
	user_is_gone
}

# setuid holds in the container, and nowhere else.
case_setuid_programs() {
	prepare
	give_subordinate_ids "$user"
	# busybox gives it up, except as su.
	run='printf "secret\n" >/srv/secret; chmod 600 /srv/secret; rm /bin/su; cp /bin/busybox /bin/su; chmod 4755 /bin/su; printf "root::0:0:::::\n" >/etc/shadow'
	rootless run --name c --rootfs root sh -c "$run"
	upper=$(rootless inspect -f '{{.GraphDriver.Data.UpperDir}}' c)
	same "mode on the disk" 4755 "$(stat -c %a "$upper/bin/su")"
	same "becomes root" 0 "$(rootless run --rm -u web --layers "$upper:root" su root -c 'id -u')"
	status_is 1 rootless run --rm -u web --security-opt no-new-privileges --layers "$upper:root" su root -c 'id -u' 2>/dev/null
	rootless rm c >/dev/null
}

# Ranges that are given twice, or that nobody may have.
case_odd_ranges() {
	prepare
	give_subordinate_ids "$user"
	printf '%s\n' "$user:200000:65536" "$user:265000:1000" "$user:nonsense" >>/etc/subuid
	same "map" "0 $(id -u "$user") 1 1 200000 65536" "$(rootless run --rm --rootfs root cat /proc/self/uid_map | xargs)"
	# More than the kernel takes.
	for ((i = 0; i < 400; i++)); do
		echo "$user:$((300000 + 2 * i)):1" >>/etc/subuid
	done
	status_is 125 timeout 20 setpriv --reuid "$user" --regid "$group" --clear-groups env -i PATH="$PATH" COWFS="$COWFS" HOME="$T/home" "$COWRUN" run --rm --rootfs root true 2>said
	grep -q 'cannot give the container its ids' said || fail "said: $(cat said)"
	take_subordinate_ids "$user"
}

case_commands() {
	prepare
	give_subordinate_ids "$user"
	rootless run -d --name c --rootfs root sleep 1000 >/dev/null
	same "ps" "c running" "$(rootless ps --format '{{.Names}} {{.State}}')"
	same "exec" 33 "$(rootless exec -u web c id -u)"
	for name in cgroup ipc mnt net pid user uts; do
		same "namespace $name" "$(rootless exec c readlink "/proc/1/ns/$name")" "$(rootless exec c readlink "/proc/self/ns/$name")"
	done
	# Somebody else cannot touch it.
	same "root's containers" "" "$(cowrun ps -aq)"
	rootless stop -t 0 c >/dev/null
	same "exit code" 137 "$(rootless wait c)"
	rootless start c >/dev/null
	kill -9 "$(grep -o '"monitor":[0-9]*' home/.local/share/cowrun/containers/*/state.json | grep -o '[0-9]*$')"
	wait_until nothing_is_left
	same "state" exited "$(rootless inspect -f '{{.State.Status}}' c)"
	rootless rm -f c >/dev/null
	user_is_gone
}

case_no_fuse() {
	prepare
	give_subordinate_ids "$user"
	chmod 600 /dev/fuse
	status_is 125 rootless run --rm --rootfs root true 2>said
	chmod 666 /dev/fuse
	grep -q '/dev/fuse.*chmod' said || fail "said: $(cat said)"
	user_is_gone
}

# A user's home and run directories are closed to all others, as they are on most machines: also to root of a namespace in
# which the user is not root.
case_closed_directories() {
	prepare
	give_subordinate_ids "$user"
	mkdir home/shared
	chown "$user" home/shared
	chmod 700 home run home/shared
	local run=(rootless run --rm --userns keep-id -v "$T/home/shared:/mnt" -v named:/data --cgroup-ignore --rootfs root)
	same "who" "$(id -u "$user")" "$("${run[@]}" sh -c 'touch /mnt/file && id -u')"
	same "owner" "$user" "$(stat -c %U home/shared/file)"
	rootless run --rm --userns keep-id -v named:/data --rootfs root sh -c 'echo kept >/data/file'
	same "volume" kept "$("${run[@]}" cat /data/file)"
	rootless run -d --name c --userns keep-id --rootfs root sleep 100 >/dev/null
	same "exec" "$(id -u "$user")" "$(rootless exec c id -u)"
	rootless rm -f c >/dev/null
	rootless volume rm named >/dev/null
	user_is_gone
}

run_cases "$@"
