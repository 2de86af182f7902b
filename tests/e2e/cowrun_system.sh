#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What cowrun tells of all that there is: info, version.
# shellcheck source-path=SCRIPTDIR source=image_lib.sh disable=SC2016
. "$(dirname "$0")/image_lib.sh"

as_nobody() {
	setpriv --reuid nobody --regid nogroup --clear-groups env -i PATH="$PATH" COWFS="$COWFS" HOME="$T/home" \
		"$COWRUN" "$@"
}

prepare_nobody() {
	chmod 755 "$T"
	mkdir home
	chown nobody home
	take_subordinate_ids nobody
}

case_info() {
	use_store
	make_root root
	import "$T/root" one
	import -c 'CMD ["x"]' "$T/root" two
	cowrun tag two three
	start_one a
	cowrun create --name b one true >/dev/null
	same "counts" "2 1 0 1 2" \
		"$(cowrun info -f '{{.Containers}} {{.ContainersRunning}} {{.ContainersPaused}} {{.ContainersStopped}} {{.Images}}')"
	cowrun info >said 2>warnings
	grep -qx 'Containers: 2' said
	grep -qx 'Storage Driver: cowfs' said
	grep -qx " Version: $("$COWFS" --version | awk 'NR == 1 { print $2 }')" said
	grep -qx "Kernel Version: $(uname -r)" said
	grep -qx "CPUs: $(getconf _NPROCESSORS_ONLN)" said
	grep -qx "Root Dir: $T/store" said
	same "system" "$(sed -n 's/^PRETTY_NAME=//p' /etc/os-release | tr -d '"')" "$(cowrun info --format '{{.OperatingSystem}}')"
	cowrun info --format json | python3 -c 'import json, sys
info = json.load(sys.stdin)
assert info["DriverStatus"][0][0] == "Version" and info["Driver"] == "cowfs"
assert info["MemTotal"] > 0 and info["MemoryLimit"] == ("memory" in info["CgroupControllers"])
assert "name=seccomp,profile=builtin" in info["SecurityOptions"] and "name=rootless" not in info["SecurityOptions"]'
	same "the longer name" "$T/store" "$(cowrun system info -f '{{.DockerRootDir}}')"
	# A warning for each that is not there, in both forms.
	same "warnings" "$(grep -c WARNING warnings || true)" \
		"$(cowrun info -f json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["Warnings"]))')"
	echo '{' >"$T/store/containers/$(cowrun inspect -f '{{.Id}}' b)/config.json"
	cowrun info 2>&1 >/dev/null | grep -q 'WARNING.*damaged.*rm -f' || fail "a damaged container is not told"
	same "with it" 2 "$(cowrun info -f '{{.Containers}}' 2>/dev/null)"
	echo broken >"$images/index.json"
	cowrun info 2>&1 >/dev/null | grep -q 'WARNING.*index.json' || fail "a damaged store is not told"
	cowrun rm -f a b >/dev/null
}

case_info_of_a_user() {
	prepare_nobody
	as_nobody info -f json >said
	grep -q '"name=rootless","name=userns"' said
	grep -q '"UidMap":\["0:[0-9]*:1"\]' said
	grep -q 'no ids are set aside for nobody.*usermod' said
	give_subordinate_ids nobody
	same "ids" '["0:'"$(id -u nobody)"':1","1:200000:65536"]' "$(as_nobody info -f '{{json .UidMap}}')"
	grep -q 'no ids are set aside' <(as_nobody info 2>&1) && fail "ids are set aside"
	true
}

deny_fuse() {
	mknod fuse c 10 229
	chmod 600 fuse
	mount --bind fuse /dev/fuse
	as_nobody info >said 2>warnings
	grep -q '/dev/fuse: Permission denied; root can allow it' warnings
	# Who is in a chroot may not make a user namespace.
	mkdir all
	mount --rbind / all
	chroot all "$(command -v setpriv)" --reuid nobody env HOME="$T/home" "$COWRUN" info >said 2>warnings
	grep -q 'no user namespace can be made: Operation not permitted; .*user.max_user_namespaces' warnings
}

case_what_is_denied() {
	prepare_nobody
	in_namespaces deny_fuse
}

case_version() {
	same "short" "cowrun 0.1.0" "$(cowrun --version)"
	same "first line" "cowrun 0.1.0" "$(cowrun version | head -n 1)"
	same "format" "0.1.0 linux" "$(cowrun version --format '{{.Client.Version}} {{.Server.Os}}')"
	cowrun version -f json | python3 -m json.tool >/dev/null
}

case_bad_input() {
	refused "there is no .Nothing" cowrun info -f '{{.Nothing}}'
	refused "there is no .Nothing" cowrun version -f '{{.Nothing}}'
	status_is 2 cowrun info more 2>/dev/null
	status_is 2 cowrun info --nothing 2>/dev/null
	status_is 2 cowrun version more 2>/dev/null
	status_is 2 cowrun system 2>/dev/null
	status_is 2 cowrun system nothing 2>/dev/null
	for command in info version system; do
		cowrun "$command" --help | grep -q "^Usage: cowrun $command"
	done
}

run_cases "$@"
