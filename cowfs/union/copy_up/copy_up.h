/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copy-up: bringing a file of a lower layer into the upper, before its first change.
 *
 * The copy is made in the work directory, synced or marked (unsynced.h), and appears by one rename; whoever looks sees the
 * lower file or the complete copy. It keeps everything: bytes, holes, owner, permissions,
 * attributes, times, inode number, and its other names (change/hard_links.h). What leads to it is copied up
 * first, without moving any directory's times.
 */
#pragma once

#include "union/inode.h"

#define COPY_WHOLE UINT64_MAX		/* the data is not going to change now */
#define COPY_TO_CHANGE (UINT64_MAX - 1) /* the whole data, which is about to change */

/*
 * Makes inode live in the upper. Of a file's data at most `length` bytes are copied, for a
 * truncation that follows. The caller holds no lock of the union. Happens once, however many ask at
 * a time. 0 or -errno, then nothing has changed.
 */
int copy_up(struct union_fs *fs, struct inode *inode, uint64_t length);

/* copy_up() of a directory and, recursively, of all that can be seen in it; then makes it opaque. */
int copy_up_tree(struct union_fs *fs, struct inode *dir);
