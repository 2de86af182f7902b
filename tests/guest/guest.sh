#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# jail: the machine's network
#
# What this machine's kernel and system do not have, in one that has it: an emulated guest with Debian's own kernel, systemd as
# the first process, and control groups of version 2 alone.
#
# guest.sh [SCRIPT [CASE...]]: the scripts of cases beside this one, or one of them; `console.log` in the build directory's
# tests/guest/ has what the guest's console said.
#
# - machine.sh makes kernel, root and initrd once; they are kept in $COWFS_CACHE if that is set, else in the build directory.
#   Another version of machine.sh makes another machine.
# - What was built is installed (make install) into a tar, with the tests. It is the guest's second disk, whose content its initrd lays
#   over the root; the root itself is never written to.
# - The unit cowfs-tests.service starts inside.sh, whose TAP leaves the guest by its second serial line; at its end the guest powers off.
#
# Everything is emulated (TCG), so it needs no privilege of this machine's kernel, and is several times slower.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
: "${abs_top_builddir:?the build directory must be in abs_top_builddir}"
: "${GUEST_SECONDS:=800}"

skip_all() {
	echo "1..0 # SKIP $*"
	exit 0
}

bail_out() {
	echo "Bail out! $*"
	exit 99
}

needs() {
	local program

	for program; do
		command -v "$program" >/dev/null || skip_all "$program is not installed: tools/deps guest"
	done
}

# Sets machine. Whoever else wants it waits until it is there.
find_machine() {
	local cache=${COWFS_CACHE:-$abs_top_builddir} status=0 name said

	[ -d "$cache" ] || bail_out "COWFS_CACHE is not a directory"
	name=guest-$(sha256sum <"$here/machine.sh" | head -c 12)
	machine=$cache/$name
	exec 9>"$machine.lock"
	flock 9
	if [ ! -e "$machine" ]; then
		said=$("$here/machine.sh" "$machine.new" 2>&1) || status=$?
		[ "$status" != 77 ] || skip_all "$(tail -n 1 <<<"$said")"
		[ "$status" = 0 ] || bail_out "machine.sh: $(tail -n 1 <<<"$said")"
		mv -T "$machine.new" "$machine"
	fi
	exec 9>&-
}

# What was built, as it is installed, the tests, and the units and the fstab that the guest starts with.
stage() {
	local root=$work/stage

	make -s -C "$abs_top_builddir" install DESTDIR="$root" sbindir=/usr/sbin >"$work/said" 2>&1 ||
		bail_out "make install: $(tail -n 1 "$work/said")"
	mkdir -p "$root/srv/build/tests/e2e" "$root/srv/tests"
	cp -r "$here" "$here/../e2e" "$root/srv/tests/"
	find "$abs_top_builddir/tests/e2e" -maxdepth 1 -type f -perm -100 ! -name '*.sh' \
		-exec cp -t "$root/srv/build/tests/e2e/" {} +
	echo "$*" >"$root/srv/arguments"
	cp -r "$here/etc" "$root/"
	mkdir -p "$root/mnt/at-boot" "$root/mnt/on-demand" "$root"/srv/layers/{a,b,upper}
	echo "from a" >"$root/srv/layers/a/a"
	echo "from b" >"$root/srv/layers/b/b"
	# shellcheck disable=SC2016 # for the other shell
	COWFS=- T=$work bash -c '. "$0" && make_root "$1"' "$here/../e2e/lib.sh" "$root/srv/root"
	tar -C "$root" --owner 0 --group 0 -cf "$work/stage.tar" .
}

# The disks are no more than files here, and whatever is lost with them is not missed.
start() {
	local disk=format=raw,if=virtio,cache=unsafe

	timeout --kill-after=5 "$GUEST_SECONDS" qemu-system-x86_64 \
		-accel tcg,thread=multi -cpu max,la57=off -smp 2 -m 1G \
		-nodefaults -no-user-config -display none -no-reboot \
		-kernel "$machine/vmlinuz" -initrd "$machine/initrd" \
		-append "console=ttyS0 quiet mitigations=off random.trust_cpu=on systemd.wants=cowfs-seen.service systemd.wants=cowfs-tests.service" \
		-drive "file=$machine/root.ext4,snapshot=on,$disk" -drive "file=$work/stage.tar,readonly=on,$disk" \
		-serial "file:$logs/console.log" -serial "file:$work/results" &
}

# Prints what comes, until the guest has ended.
follow() {
	local status=0

	tail -n +1 -s 0.2 --pid=$! -f "$work/results" | sed -u 's/\r$//'
	wait $! || status=$?
	[ "$status" = 0 ] || bail_out "the guest ended with status $status (124: after $GUEST_SECONDS s); see $logs/console.log"
	# Without a plan it has not come to its end.
	grep -q '^1\.\.' "$work/results" || bail_out "the guest has ended too early; see $logs/console.log"
	! grep -q '^not ok' "$work/results"
}

[ "$(id -u)" = 0 ] || skip_all "only root may make a Debian"
needs qemu-system-x86_64 mmdebstrap mke2fs dpkg-deb busybox
find_machine
logs=$abs_top_builddir/tests/guest
mkdir -p "$logs"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
stage "$@"
: >"$work/results"
start
follow
