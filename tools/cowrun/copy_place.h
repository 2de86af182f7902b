/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two ends of cowrun cp, each a path below a root: the container's, or that of the machine.
 *
 * Symbolic links are followed below that root, with container/root/in_root.h, and what was found is from then on a
 * descriptor. Functions return 0 or -errno with a problem that names the path as `what`.
 */
#pragma once

#include "base/problem.h"

#include <limits.h>
#include <stdbool.h>

/* Where a copy goes. */
struct copy_target {
	int directory; /* O_PATH */
	char name[NAME_MAX +
		  1]; /* what it will be called there; empty: it goes into the directory */
	bool must_be_directory; /* the path said so, by a slash at its end; with a name */
};

/*
 * What is to be copied, as an O_PATH descriptor. A symbolic link is copied itself, unless `follow`, or
 * unless the path says by a slash at its end that it is a directory.
 */
int copy_source_open(int root, const char *path, bool follow, const char *what, int *ret_fd,
		     struct problem *problem);

/* A directory, or a name in one that is there; a link to a file that is there means that file. */
int copy_target_open(int root, const char *path, const char *what, struct copy_target *ret_target,
		     struct problem *problem);

/* The name under which the source goes into a directory; empty: what is in it does, as with "a/." and "/". */
void copy_source_name(const char *path, char name[NAME_MAX + 1]);
