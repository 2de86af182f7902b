/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images into the store, as other programs hand them over: an OCI image layout (image-layout.md), or
 * what `docker save` writes: a manifest.json beside the configurations and layers it names. Either is a
 * directory or a tar of one.
 */
#pragma once

#include "image/store.h"

/* What came; names are full references. */
struct image_arrivals {
	struct string_list names;   /* of images that have names */
	struct string_list unnamed; /* ids of those without */
};

void image_arrivals_free(struct image_arrivals *arrivals);

/*
 * Loads all images for this machine in a directory. `what` names it in problems. 0 or -errno with a
 * problem; images that came before one that failed stay.
 */
int image_load_directory(struct image_store *store, int directory, const char *what,
			 struct image_arrivals *ret_arrivals, struct problem *problem);

/* The same from a tar, packed by gzip or zstd or not at all, of `size` bytes (0: unknown). */
int image_load_archive(struct image_store *store, int fd, uint64_t size, const char *what,
		       struct image_arrivals *ret_arrivals, struct problem *problem);
