/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much a directory holds. */
#pragma once

#include <stdint.h>

/*
 * Adds up the bytes of the regular files in `name` of a directory, whatever it is, each file with several names once. Never
 * follows a symbolic link and never enters a mount; however deep the tree is, four descriptors are open at most. What
 * cannot be read is not counted, nor what moves away meanwhile. 0, -ENOENT, -EINVAL for no name, or -ENOMEM.
 */
int tree_size(int directory, const char *name, uint64_t *ret_bytes);
