#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Root file systems made by an attacker, and processes that try to get out. Nothing outside may be touched.
# shellcheck source-path=SCRIPTDIR source=cowrun_lib.sh disable=SC2016
. "$(dirname "$0")/cowrun_lib.sh"

# What an attacker would like to reach.
make_precious() {
	mkdir precious
	echo precious >precious/file
	remember_tree precious
}

# CVE-2023-27561 and its like: where the kernel's file systems go is decided by us.
case_links_for_mountpoints() {
	local name
	make_root root
	make_precious
	rm -r root/etc
	for name in proc sys dev etc; do
		ln -s "$T/precious" "root/$name"
	done
	same "kernel files" "proc sysfs tmpfs" "$(run_in sh -c 'for d in proc sys dev; do awk -v d=/$d "\$5 == d { sub(\".* - \", \"\"); print \$1 }" /proc/self/mountinfo; done' | xargs)"
	tree_is_unchanged precious
	# Deeper ones, which would be made in the link's place.
	rm root/dev
	mkdir root/dev
	for name in pts shm mqueue null console fd; do
		ln -s "$T/precious/$name" "root/dev/$name"
	done
	run_in sh -c 'echo x >/dev/null; test -c /dev/null; test -d /dev/pts'
	tree_is_unchanged precious
}

# Links that lead out, absolute or by "..", end at the container's root.
case_links_for_volumes() {
	make_root root
	make_precious
	mkdir data
	echo data >data/file
	mkdir -p "root$T/precious"
	ln -s "$T/precious" root/absolute
	ln -s "../../../../../../../../../..$T/precious" root/relative
	ln -s / root/up
	ln -s /proc root/kernel
	run_in -v ./data:/absolute/a -v ./data:/relative/b -v "./data/file:/up/c" sh -c "cat $T/precious/a/file $T/precious/b/file /c" >said
	same "seen" "data data data" "$(xargs <said)"
	tree_is_unchanged precious
	# CVE-2019-16884: nothing covers what covers /proc.
	status_is 125 run_in -v ./data:/kernel/sys true 2>/dev/null
	status_is 125 run_in -v ./data/file:/kernel/sysrq-trigger true 2>/dev/null
	status_is 125 run_in --tmpfs /kernel/sys true 2>/dev/null
	# A working directory is no way out either.
	run_in -w /absolute/new pwd >/dev/null
	tree_is_unchanged precious
}

# Whoever renames on the way is met by a descriptor (CVE-2021-30465): the place is shared with another container.
case_target_swapped() {
	local swapper i
	make_root root
	make_precious
	mkdir -p shared/real data
	ln -s "/../../../../../../..$T/precious" shared/link
	(
		set +e
		trap - ERR
		while :; do
			mv -T shared/real shared/other
			mv -T shared/link shared/real
			mv -T shared/real shared/link
			mv -T shared/other shared/real
		done 2>/dev/null
	) &
	swapper=$!
	note_process $swapper
	for ((i = 0; i < 40; i++)); do
		run_in -v ./shared:/shared -v ./data:/shared/real/mounted true 2>/dev/null || true
	done
	kill $swapper
	tree_is_unchanged precious
}

# CVE-2018-15664's kin: files that hang or swamp who reads them.
case_passwd() {
	make_root root
	rm root/etc/passwd
	mkfifo root/etc/passwd
	status_is 125 timeout 20 "$COWRUN" --root "$T/store" run --rm --rootfs root true 2>said
	grep -q 'no regular file' said
	rm root/etc/passwd
	ln -s /dev/zero root/etc/passwd
	status_is 125 timeout 20 "$COWRUN" --root "$T/store" run --rm --rootfs root true 2>/dev/null
	rm root/etc/passwd
	echo outside:x:77:77::/:/bin/sh >passwd
	ln -s "$T/passwd" root/etc/passwd
	status_is 125 run_in -u outside true 2>/dev/null
	rm root/etc/passwd
	truncate -s 1G root/etc/passwd
	status_is 125 timeout 20 "$COWRUN" --root "$T/store" run --rm --rootfs root true 2>/dev/null
	rm root/etc/passwd
	printf 'short\n:::\nx:x:y:z:::\nbig:x:99999999999:1:::\nall:x:4294967295:1:::\ngood:x:5:6::rel:\n' >root/etc/passwd
	same "the one that is right" "5 /" "$(run_in -u good sh -c 'echo $(id -u) $HOME')"
	for user in big all x short; do
		status_is 125 run_in -u "$user" true 2>/dev/null
	done
}

# CVE-2019-5736: the runtime's program, as seen in the container, cannot be written.
case_program_of_the_runtime() {
	local before
	before=$(sha256sum "$COWRUN")
	make_root root
	# What is run is the interpreter of a script: us.
	printf '#!/proc/self/exe\n' >root/bin/evil
	chmod 755 root/bin/evil
	run_in /bin/evil >/dev/null 2>&1 || true
	start_one c
	cowrun exec c sh -c 'for i in $(seq 2000); do for p in /proc/[0-9]*; do case $(readlink $p/exe) in *cowrun*) (echo x >>$p/exe) 2>/dev/null && echo written; esac; done; done; true' >said &
	for _ in $(seq 20); do
		cowrun exec c true
	done
	cowrun rm -f c >/dev/null
	wait
	same "written to" "" "$(grep written said || true)"
	same "the program" "$before" "$(sha256sum "$COWRUN")"
}

# CVE-2024-21626: no working directory, and no descriptor, of the host's.
case_leaked_descriptors() {
	make_root root
	make_precious
	exec 7<precious 8<precious/file
	for fd in 3 4 5 6 7 8 9 10 11 12; do
		run_in -w "/proc/self/fd/$fd" cat file 2>/dev/null | grep precious && fail "descriptor $fd leads out"
	done
	exec 7<&- 8<&-
	start_one c
	exec 7<precious 8<precious/file
	for fd in 3 4 5 6 7 8 9 10 11 12; do
		cowrun exec -w "/proc/self/fd/$fd" c cat file 2>/dev/null | grep precious && fail "descriptor $fd leads out"
	done
	cowrun rm -f c >/dev/null
}

# A devpts of somebody else's making is no place for a terminal.
case_false_terminal() {
	needs script
	start_one c --cap-add SYS_ADMIN
	mkfifo silent
	cowrun exec c sh -c 'mount -t tmpfs none /dev/pts && touch /dev/pts/ptmx'
	script -qec "'$COWRUN' --root '$T/store' exec -it c true" /dev/null 0<>silent >said || echo "status $?" >>said
	grep -q 'cannot make a terminal' said
	grep -q '^status 125' said
	cowrun rm -f c >/dev/null
}

# A container that has filled its upper layer with what is hard to delete.
case_hard_to_delete() {
	make_precious
	make_root root
	cowrun run --name c --rootfs root sh -c '
		d=d; for i in $(seq 200); do mkdir $d && cd $d; done
		mkdir /locked; touch /locked/x; chmod 0 /locked
		ln -s '"$T/precious"' /link; mkfifo /fifo
		touch "/$(printf "odd\nname")"'
	cowrun rm c >/dev/null
	tree_is_unchanged precious
	all_is_gone
}

run_cases "$@"
