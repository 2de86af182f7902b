/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A walk over everything that one layer has in itself, hidden by other layers or not. */
#pragma once

#include "layer/layer_dir.h"

/* An object that is no directory and no whiteout. */
struct layer_walk_entry {
	struct layer_dir *dir; /* where it is; borrowed */
	int fd;		       /* a descriptor of that */
	const char *name;
	struct attributes attributes; /* as on disk */
};

/* 0 or -errno, which ends the walk and becomes its result. */
typedef int layer_walk_function(void *context, const struct layer_walk_entry *entry);

/*
 * Calls the function for each such object in the layer. Directories that cannot be opened are passed over: nobody else
 * will see what is in them either. 0, -ENOMEM, -EIO, or what the function returned.
 */
int layer_walk(struct layer *layer, layer_walk_function *function, void *context);
