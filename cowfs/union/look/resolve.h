/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From paths to inodes, for those who look into a union without the kernel's help. */
#pragma once

#include "base/buffer.h"
#include "union/union.h"

/* As many symbolic links as the kernel follows on one path. */
#define RESOLVE_LINKS_MAX 40

/*
 * Follows a path from the root, as a process would whose root the union is: "..", and symbolic links, which cannot lead
 * out of it. The last component is followed if `follow`, or a slash comes after it.
 *
 * The entry has a reference more; *ret_path is where it is, "/a/b" without links, "/" for the root, and is replaced. 0 or
 * -errno as from open(2): -ENOENT, -ENOTDIR, -ELOOP.
 */
int resolve_path(struct union_fs *fs, const char *path, bool follow, struct union_entry *ret_entry,
		 struct buffer *ret_path);

/*
 * The same for what need not be there: follows all but the last component as far as there is something, and appends the rest
 * to *ret_path as it is. Of a path that ends in "/", "." or ".." the last is followed, too. 0 or -errno.
 */
int resolve_missing(struct union_fs *fs, const char *path, struct buffer *ret_path);
