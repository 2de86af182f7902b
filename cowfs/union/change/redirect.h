/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Redirects: a directory moved in the upper goes on showing what the lower layers have at the place
 * it came from. The place is a path in the union of the layers below, kept in our redirect
 * attribute. Honoured only in layers with a state directory of ours: an image cannot bring one.
 */
#pragma once

#include "base/buffer.h"
#include "union/inode.h"

/* The longest path we store and follow: an attribute of one block, which every file system takes. */
#define REDIRECT_MAX 3500

/* What several layers have in one place, the topmost first: an array it owns, with a reference on each. */
struct layer_parts {
	struct layer_dir **dirs;
	uint16_t count;
};
void layer_parts_free(struct layer_parts *parts);

/*
 * The directories that the layers below the one with index `above` have at path. A path that leads nowhere, or makes no
 * sense, gives none. 0 or -errno.
 */
int redirect_resolve(struct union_fs *fs, unsigned above, const char *path,
		     struct layer_parts *ret_parts);
/* The directories called name that those in parts show together. 0 or -errno. */
int redirect_step(struct union_fs *fs, const struct layer_parts *parts, const char *name,
		  struct layer_parts *ret_parts);

/* The redirect of a layer's directory as a string the caller frees; *ret_path is NULL when it has none. */
int redirect_read(struct layer_dir *dir, char **ret_path);

/*
 * Makes dir, which lives in the upper, keep its lower parts when it is moved. 0, also when it
 * has them already or has none; -ENOTSUP and kin when that cannot be stored. topology is held for writing.
 */
int redirect_set(struct union_fs *fs, struct inode *dir);
