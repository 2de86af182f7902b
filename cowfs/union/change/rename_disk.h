/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of a rename that happens on disk, in the upper layer.
 *
 * What moves is in the upper already. The whiteout that its old name may need is put before (prefix
 * form) or left by the rename itself (node form), so that the lower layers' namesake never shows.
 */
#pragma once

#include "base/fd_cache.h"
#include "union/directory/listing.h"
#include "union/union.h"

#include <linux/fs.h>

/* One end of the rename. */
struct rename_end {
	struct inode *dir;
	const char *name;
	struct union_entry found;   /* what stands there; inode NULL when nothing does */
	struct listing_entry entry; /* a copy of it, taken with dir locked */
	struct cached_fd *fd;	    /* of the upper part of dir */
};

struct rename_move {
	struct union_fs *fs;
	struct rename_end from, to;
	unsigned flags;
	bool whiteout;		 /* the old name needs one */
	enum whiteout_form form; /* and gets it in this form */
};

static inline bool rename_is_exchange(const struct rename_move *move)
{
	return move->flags & RENAME_EXCHANGE;
}

/*
 * Moves `from` over whatever the upper has under `to`, whiteouts included, with a whiteout at the old
 * name if move->whiteout asks for one: move->form then tells where. Both directories are
 * locked. 0, or -errno with the names as they were.
 */
int rename_disk_move(struct rename_move *move);

/* Exchanges the two. */
int rename_disk_exchange(struct rename_move *move);
