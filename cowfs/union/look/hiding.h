/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the topmost layers of a union hide of the others, and would hide of more: for who writes them elsewhere as one
 * layer.
 */
#pragma once

#include "base/string_list.h"
#include "union/union.h"

struct union_hiding {
	bool opaque;	 /* the directory: all of its namesake */
	bool redirected; /* it was moved: what the layers below have in it, they have elsewhere */
	struct string_list names; /* that are whited out; meaningless if it is opaque */
};

/*
 * What the topmost `layers` layers say of what the others have in the directory. 0 or -errno; released with
 * union_hiding_free().
 */
int union_read_hiding(struct union_fs *fs, struct inode *dir, unsigned layers,
		      struct union_hiding *ret_hiding);
void union_hiding_free(struct union_hiding *hiding);

/*
 * True when a hard-link index of one of these layers has a copy of a file of which other layers have names: it changes what
 * it has no name of.
 */
bool union_links_reach_beyond(struct union_fs *fs, unsigned layers);
