/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From names to inodes, for the other rooms of the union. */
#pragma once

#include "union/inode.h"
#include "union/union.h"

/*
 * What entry of dir, which is locked, stands for: one statx(2), one more system call when it is in
 * a layer that may have recorded an origin. The inode has one reference more. 0 or -errno.
 */
int lookup_entry(struct union_fs *fs, struct inode *dir, const struct listing_entry *entry,
		 struct union_entry *ret_entry);

/*
 * An inode for a file that was just made as name in the upper part of dir, which is locked, and
 * whose attributes (as shown) are given. Anything known under the same identity is stale.
 */
int lookup_new(struct union_fs *fs, struct inode *dir, const char *name,
	       const struct attributes *attributes, struct union_entry *ret_entry);

/* The identity that attributes on disk give. */
struct identity lookup_identity(struct union_fs *fs, const struct attributes *attributes);

/* Turns attributes as this layer has them into those of the inode: its number, its links. */
void lookup_present(struct union_fs *fs, struct inode *inode, const struct layer *layer,
		    struct attributes *attributes);
