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
	uint64_t device; /* st_dev */
	uint64_t inode;
};

#define ORIGIN_RECORD_MAX 48

/* The record `LAYER-ID:INODE` of a file in layer. */
void origin_format(char record[ORIGIN_RECORD_MAX], const struct layer *layer, uint64_t inode);
/* What such a record says; false for anything else. */
bool origin_scan(const char *record, uint64_t *ret_layer_id, uint64_t *ret_inode);

/* Of which file of its layer an `INODE.origin` in the index is; false for any other name. */
bool origin_scan_index_name(const char *name, uint64_t *ret_inode);

/*
 * Where name in directory (NULL: what the descriptor refers to), which is in the layer and has these
 * attributes on disk, comes from: what is recorded, which may be of any deeper layer, or else itself.
 * One system call in layers with state of ours, none in others.
 */
struct origin origin_of(struct union_fs *fs, struct layer *layer, int directory, const char *name,
			const struct attributes *attributes);

/* Records the origin of the new upper file, still without a visible name. */
void origin_record(struct union_fs *fs, int directory, const char *name,
		   const struct attributes *copy, const struct origin *origin);

/* A file of the upper was made or is gone: no stale record may stand under its number. */
void origin_forget(struct union_fs *fs, mode_t mode, uint64_t upper_inode);
