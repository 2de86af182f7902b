#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Unions that systemd mounts: those of /etc/fstab at boot, and mount units.
# shellcheck source-path=SCRIPTDIR source=../e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"

# The fstab is that of etc/fstab beside this script; its layers come with it.
case_fstab_at_boot() {
	same "type" fuse.cowfs "$(findmnt -no FSTYPE /mnt/at-boot)"
	same "state" active "$(systemctl is-active mnt-at\\x2dboot.mount)"
	same "content" "from a from b" "$(cat /mnt/at-boot/a /mnt/at-boot/b | xargs)"
	echo changed >/mnt/at-boot/b
	same "lower" "from b" "$(cat /srv/layers/b/b)"
	same "upper" changed "$(cat /srv/layers/upper/b)"
	same "time it was there" yes "$(cat /run/cowfs-seen)"
	absent /srv/layers/upper/.wh.b
}

case_a_line_with_noauto() {
	is_not_mounted /mnt/on-demand
	systemctl start mnt-on\\x2ddemand.mount
	is_mounted /mnt/on-demand
	same "content" "from b" "$(cat /mnt/on-demand/b)"
	refused "read-only" touch /mnt/on-demand/new
	systemctl stop mnt-on\\x2ddemand.mount
	is_not_mounted /mnt/on-demand
	mount /mnt/on-demand
	same "state" active "$(systemctl is-active mnt-on\\x2ddemand.mount)"
	umount /mnt/on-demand
	wait_until is_inactive mnt-on\\x2ddemand.mount
}

is_inactive() {
	[ "$(systemctl is-active "$1" || true)" = inactive ]
}

daemons() {
	pgrep -x cowfs || true
}

case_mount_unit() {
	local before
	mkdir -p lower upper mnt
	echo lower >lower/file
	write_unit
	before=$(daemons)
	systemctl start "$unit"
	same "state" active "$(systemctl is-active "$unit")"
	same "type" fuse.cowfs "$(findmnt -no FSTYPE "$T/mnt")"
	same "content" lower "$(cat mnt/file)"
	echo more >>mnt/file
	systemctl restart "$unit"
	same "after a restart" "lower more" "$(xargs <mnt/file)"
	# Its daemon is in the unit's group, so that its limits and its log are the unit's.
	same "group of the daemon" "/$unit" "$(sed 's|.*/system.slice||' "/proc/$(daemon_pid "$T/mnt")/cgroup")"
	systemctl stop "$unit"
	is_not_mounted mnt
	same "upper is complete" "lower more" "$(xargs <upper/file)"
	wait_until daemons_are "$before"
	# Unmounted by hand.
	systemctl start "$unit"
	umount mnt
	wait_until is_inactive "$unit"
	wait_until daemons_are "$before"
	# In use.
	systemctl start "$unit"
	exec 3<mnt/file
	refused "." systemctl stop "$unit"
	same "still there" "lower more" "$(xargs <mnt/file)"
	exec 3<&-
	systemctl reset-failed "$unit" || true
	systemctl stop "$unit"
	is_not_mounted mnt
	remove_unit
}

daemons_are() {
	[ "$(daemons)" = "$1" ]
}

write_unit() {
	unit=$(systemd-escape --path --suffix=mount "$T/mnt")
	cat >"/run/systemd/system/$unit" <<-END
		[Unit]
		Description=A union
		[Mount]
		What=cowfs
		Where=$T/mnt
		Type=fuse.cowfs
		Options=lowerdir=$T/lower,upperdir=$T/upper
	END
	systemctl daemon-reload
}

remove_unit() {
	rm "/run/systemd/system/$unit"
	systemctl daemon-reload
}

# What is wrong is in the unit's log.
case_a_unit_that_fails() {
	mkdir -p upper mnt
	write_unit
	refused "failed" systemctl start "$unit"
	same "state" failed "$(systemctl is-active "$unit" || true)"
	journalctl -q -b -u "$unit" -o cat | grep -q "$T/lower" || fail "it said: $(journalctl -q -b -u "$unit" -o cat)"
	is_not_mounted mnt
	systemctl reset-failed "$unit"
	remove_unit
}

# The daemon dies: the unit can be stopped and started again.
case_the_daemon_is_killed() {
	mkdir -p lower upper mnt
	echo lower >lower/file
	write_unit
	systemctl start "$unit"
	echo new >mnt/new
	kill -9 "$(daemon_pid "$T/mnt")"
	refused "." cat mnt/file
	systemctl stop "$unit" || true
	systemctl reset-failed "$unit" || true
	systemctl start "$unit"
	same "content" "lower new" "$(cat mnt/file mnt/new | xargs)"
	systemctl stop "$unit"
	is_not_mounted mnt
	remove_unit
}

run_cases "$@"
