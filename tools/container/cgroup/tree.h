/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Directories of a cgroup hierarchy: walking, making, passing controllers on, removing. Always by
 * descriptor and one name, from the hierarchy's root. For cgroup*.c; all return 0 or -errno.
 */
#pragma once

#include "container/cgroup/layout.h"

#include <stdint.h>

/* True when there are components, and each may be one: not "..", not ".", none too long. */
bool cgroup_tree_path_is_valid(const char *path);

/*
 * Where a group that is wanted at path goes in this hierarchy, as a path below the root: as it is
 * when it starts with a slash or when we may write at the top, else below our own group. -ENOENT when
 * neither is ours to write to.
 */
int cgroup_tree_whole_path(const struct cgroup_hierarchy *hierarchy, const char *path,
			   char **ret_whole);

/* An O_PATH descriptor of a directory below root. */
int cgroup_tree_open(int root, const char *path);

/*
 * Makes what is missing of path and opens it. On the way each directory passes on to the next what
 * a new group needs: the controllers of version 2, the processors and memory nodes of cpuset in version 1.
 */
int cgroup_tree_make(const struct cgroup_hierarchy *hierarchy, const char *path);

/* The controllers whose files are in this group. */
unsigned cgroup_tree_usable(const struct cgroup_hierarchy *hierarchy, int directory);

/* Removes a group with all that is in it; -EBUSY while it has processes. */
int cgroup_tree_remove(int root, const char *path);
/* Removes one that has no others in it. */
int cgroup_tree_remove_one(int root, const char *path);

/*
 * Calls with each group: directory itself and all within, to a depth that no sane one reaches. Ends
 * with the first result that is not 0.
 */
int cgroup_tree_each(int directory, int (*call)(void *context, int directory), void *context);
