/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a changed file holds, compared with what it held: for cowfs diff. */
#pragma once

#include "union/look/difference.h"

#include <stdbool.h>

/*
 * Whether a changed name is only touched: of the same type and with the same bytes, target, device number, or names in it;
 * owner, mode, times and attributes may be others. Bytes are compared themselves: both files have to be read either way, and
 * a hash that is fast can be fooled. 0 or -errno.
 */
int diff_is_touched(const struct difference *difference, const struct difference_item *item,
		    bool *ret_touched);

/*
 * Runs diff -u on a regular file that was added, changed or deleted; path is its name in the output. Anything else: nothing
 * happens. 0 or -errno: -ENOEXEC when there is no diff(1).
 */
int diff_run_unified(const struct difference *difference, const struct difference_item *item,
		     const char *path);

/* The bytes of all regular files in and below a name of a union, hard links counted each time. 0 or -errno. */
int diff_total_bytes(struct union_fs *fs, const struct union_entry *entry, uint64_t *ret_bytes);
