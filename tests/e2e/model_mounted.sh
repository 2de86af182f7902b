#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The model test through a real mount: random operations on it and on a plain directory, as root and as others, with
# descriptors kept open across unlink, rename and copy-up.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "$0")/lib.sh"

CASE_SECONDS=300
model=$abs_top_builddir/tests/model/model

# random_operations MOUNT-OPTIONS OPTION...
random_operations() {
	local options=$1${COWFS_TEST_OPTIONS:+,$COWFS_TEST_OPTIONS} status=0
	shift
	[ -x "$model" ] || fail "$model is not built"
	# It empties the kernel's caches, which must not happen while another case counts what they save.
	lock_caches
	"$model" --mounted --mount-options="$options" --directory="$T" --timeout=60 "$@" >"$T.said" 2>&1 || status=$?
	[ "$status" = 0 ] || grep -v '^ok' "$T.said" | head -n 60
	same "status of model --mounted --mount-options=$options $* (see its --seed and --shrink)" 0 "$status"
	grep -q '^ok' "$T.said" || fail "nothing was tested"
}

case_random_operations() {
	random_operations rw --seed=1 --runs=60
}

case_with_caches_dropped() {
	random_operations rw --seed=1001 --runs=40 --drop-caches
}

case_with_writeback_cache() {
	random_operations writeback=1 --seed=2001 --runs=30
}

case_with_writeback_cache_and_caches_dropped() {
	random_operations writeback=1 --seed=3001 --runs=20 --drop-caches
}

case_without_timeouts() {
	random_operations timeout=0 --seed=4001 --runs=30
}

# Many more operations in each, so that the state grows odd.
case_long_runs() {
	random_operations rw --seed=5001 --runs=5 --operations=600
}

run_cases "$@"
