/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one layer of a union holds by itself, hidden or not: its whole tree is read, a directory at a time, so that a caller can
 * say how far it is, or do something else in between.
 */
#pragma once

#include "layer/attributes.h"
#include "union/union.h"

struct layer_counts {
	uint64_t entries; /* names of objects, all kinds */
	uint64_t directories;
	uint64_t bytes;	     /* of regular files, each hard link of one counted once */
	uint64_t disk_bytes; /* the blocks of all objects */
	/* Whiteouts and opaque directories, by form: names that begin with .wh., and devices or attributes. */
	uint64_t prefix_whiteouts, node_whiteouts;
	uint64_t marker_opaques, attribute_opaques;
	uint64_t unreadable; /* directories, whose content is counted nowhere */
};

struct layer_counting;

/* Begins to count the layer of this index. 0 or -ENOMEM. */
int layer_counting_begin(struct union_fs *fs, unsigned layer, struct layer_counting **ret_counting);
/* Counts one directory more. 1: there is more; 0: that was all; -errno. */
int layer_counting_step(struct layer_counting *counting);
/* What was counted so far. */
const struct layer_counts *layer_counting_counts(const struct layer_counting *counting);
/* Accepts NULL. */
void layer_counting_end(struct layer_counting *counting);
