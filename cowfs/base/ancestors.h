/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a directory lies: a walk from it up to the root. */
#pragma once

#include <stdint.h>

/* Called with the device and inode number of each directory; non-zero ends the walk. */
typedef int ancestor_function(void *context, uint64_t device, uint64_t inode);

/*
 * Visits the directory that fd refers to, its parent, and so on up to the process's root.
 * Returns what the function returned last, or -errno when a directory could not be opened.
 */
int ancestors_visit(int fd, ancestor_function *function, void *context);
