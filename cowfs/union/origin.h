/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Origins: a file in the upper remembers which lower file it was copied from, so that it shows
 * that one's inode number after a remount as well.
 *
 * The record is `LAYER-ID:INODE` in hexadecimal, in our origin attribute; for files that cannot
 * have one (symbolic links and special files without privilege) a symbolic link with that target,
 * index/INODE.origin, INODE being the number in the upper. A record that names no layer of the stack,
 * as after the layers were copied elsewhere, is ignored.
 */
#pragma once

#include "layer/attributes.h"
#include "layer/layer.h"

struct union_fs;

struct origin {
	struct layer *layer;
	uint64_t inode;
};

/*
 * Reads the record of name in directory (NULL: of what the descriptor refers to), which is in a layer
 * with state of ours and has these attributes on disk. At most one system call. False when there
 * is none that makes sense here.
 */
bool origin_read(struct union_fs *fs, const struct layer *layer, int directory, const char *name,
		 const struct attributes *attributes, struct origin *ret_origin);

/* Records that the new upper file, still without a visible name, was copied from inode of layer. */
void origin_record(struct union_fs *fs, int directory, const char *name,
		   const struct attributes *copy, const struct layer *layer, uint64_t inode);

/* A file of the upper was made or is gone: no stale record may stand under its number. */
void origin_forget(struct union_fs *fs, mode_t mode, uint64_t upper_inode);
