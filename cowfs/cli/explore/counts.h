/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the layers of cowfs explore hold, and how much of it higher layers hide: counted by a thread of its own, for whole
 * trees have to be read.
 */
#pragma once

#include "union/look/layer_counts.h"

#include <stdbool.h>

struct explore_counts;

/* As far as is known. */
struct explore_layer_counts {
	struct layer_counts counts;
	bool counted;	/* that was all */
	uint64_t shown; /* bytes of its files that the union shows */
	bool shown_counted;
};

/* Begins to count; the union is borrowed until explore_counts_end(). 0 or -errno. */
int explore_counts_begin(struct union_fs *fs, struct explore_counts **ret_counts);
/* Stops, also in the middle. Accepts NULL. */
void explore_counts_end(struct explore_counts *counts);

void explore_counts_get(struct explore_counts *counts, unsigned layer,
			struct explore_layer_counts *ret_counts);
/* True as long as there is something to count. */
bool explore_counts_are_going_on(struct explore_counts *counts);

/* Bytes that are on the disk for nothing: what the layer holds and the union does not show. */
static inline uint64_t explore_wasted(const struct explore_layer_counts *counts)
{
	return counts->counts.bytes > counts->shown ? counts->counts.bytes - counts->shown : 0;
}
