/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * New images: of a root file system, or of an image and what a container changed in it.
 *
 * The same input, recipe and parent give the same digests: nothing of the clock, the machine or the
 * order of a directory gets into an image but what the recipe says.
 */
#pragma once

#include "image/store.h"

#include <time.h>

/* What an image is to be, beside its files. */
struct image_recipe {
	struct string_list names;   /* full references */
	struct string_list changes; /* see change.h */
	const char *created;	    /* RFC 3339 */
	const char *author;	    /* or NULL, as the following */
	const char *created_by;	    /* how the layer came to be, for the history */
	const char *comment;
};

/* RFC 3339, in UTC. */
#define IMAGE_TIME_SIZE 40
void image_time_text(const struct timespec *time, char text[IMAGE_TIME_SIZE]);

/*
 * An image of one layer: a tar, packed by gzip or zstd or not at all, read to its end from fd, of
 * `size` bytes (0: unknown). 0 and its id, or -errno with a problem that names `what`.
 */
int image_import_archive(struct image_store *store, int fd, uint64_t size, const char *what,
			 const struct image_recipe *recipe, struct digest *ret_id,
			 struct problem *problem);

/* The same of a directory with all that is in it, by its absolute path. */
int image_import_directory(struct image_store *store, const char *path,
			   const struct image_recipe *recipe, struct digest *ret_id,
			   struct problem *problem);

/* What a container is made of. */
struct image_changes {
	const char *parent;	     /* an image, as for image_open(); NULL: none */
	const char *upper;	     /* its upper layer, an absolute path */
	const char *const *excluded; /* paths that are not its own, "etc/hosts"; or NULL */
	size_t excluded_count;
};

/*
 * An image like the parent with the upper layer on top. An upper in which nothing was changed adds no
 * layer. `what` names the container in problems.
 */
int image_commit(struct image_store *store, const struct image_changes *changes, const char *what,
		 const struct image_recipe *recipe, struct digest *ret_id, struct problem *problem);
