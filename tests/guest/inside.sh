#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What cowfs-tests.service starts in the guest: runs scripts of cases one after the other and prints one TAP of all.
set -eu

export abs_top_builddir=/srv/build COWFS=/usr/local/bin/cowfs COWRUN=/usr/local/bin/cowrun COWFS_JAIL=1 HOME=/root TMPDIR=/var/tmp LC_ALL=C.UTF-8
export COWFS_TEST_ROOT=/srv/root
cd /srv/tests/guest

# All that is to be tried: a script and its cases; those of this directory have no others.
everything() {
	cat <<-END
		systemd.sh
		cgroups.sh
		delegation.sh
		../e2e/copy_up.sh descriptor_and_mapping_see_later_writes what_is_kept holes
		../e2e/hard_links.sh written_through_one_name renamed_over layers
		../e2e/umount_complete.sh umount
		../e2e/rootless.sh ordinary_user uid_ranges setuid_in_namespace
		../e2e/cowrun_run.sh first_process namespaces layers privileges
	END
}

# Numbers the results of all scripts as one.
count=0
as_one() {
	local line

	while IFS= read -r line; do
		case $line in
		'1..0 # SKIP'*)
			count=$((count + 1))
			echo "ok $count - $1 # SKIP${line#*SKIP}"
			;;
		1..*) ;;
		'ok '* | 'not ok '*)
			count=$((count + 1))
			echo "${line%%ok *}ok $count - $1: ${line#* - }"
			;;
		*) echo "$line" ;;
		esac
	done
}

run_all() {
	local script cases name

	while read -r script cases; do
		name=${script##*/}
		# The others look whether a daemon is left.
		[ "$name" = systemd.sh ] || umount -q /mnt/at-boot || true
		# shellcheck disable=SC2086 # a list of words
		as_one "${name%.sh}" < <(bash "$script" $cases 2>&1 </dev/null)
	done
	echo "1..$count"
}

echo "# $(uname -sr), $(systemctl --version | head -n 1), controllers: $(cat /sys/fs/cgroup/cgroup.controllers)"
if grep -q . /srv/arguments; then
	run_all </srv/arguments
else
	run_all < <(everything)
fi
