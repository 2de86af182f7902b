/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Redirects: a directory moved in the upper goes on showing what the lower layers have at the place
 * it came from. The place is a path in the union of the layers below, kept in our redirect
 * attribute. Honoured only in layers with a state directory of ours: an image cannot bring one.
 */
#pragma once

#include "base/buffer.h"
#include "union/inode.h"

/*
 * The directories that the layers below the one with index `above` have at path, topmost first,
 * with a reference each in an array the caller owns. A path that leads nowhere, or makes no sense,
 * gives none. 0 or -errno.
 */
int redirect_resolve(struct union_fs *fs, unsigned above, const char *path,
		     struct layer_dir ***ret_parts, uint16_t *ret_count);

/* The redirect of a layer's directory as a string the caller frees; *ret_path is NULL when it has none. */
int redirect_read(struct layer_dir *dir, char **ret_path);

/*
 * Makes dir, which lives in the upper, keep its lower parts when it is moved. 0, also when it
 * has them already or has none; -ENOTSUP and kin when that cannot be stored. topology is held for writing.
 */
int redirect_set(struct union_fs *fs, struct inode *dir);
