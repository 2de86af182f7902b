/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the ways to load share. */
#pragma once

#include "image/load.h"
#include "oci/saved.h"

/* Something that is being loaded. */
struct loading {
	struct image_store *store;
	struct saved_place place;
	bool is_staged; /* it is in work/, so files need not be copied */
	struct image_arrivals arrivals;
	struct problem *problem;
};

/* Takes the blobs of an image of either kind into the store. *ret_manifest is what leads to them. */
int load_layout(const struct loading *loading, const struct saved_image *image,
		struct descriptor *ret_manifest);
int load_docker(const struct loading *loading, struct saved_image *image,
		struct descriptor *ret_manifest);

/* Takes a file of it into the store as a blob, which must be as expected (NULL: anything). */
int load_blob(const struct loading *loading, const char *path, const struct descriptor *expected,
	      struct digest *ret_digest, uint64_t *ret_size);
