/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the ways to load share. */
#pragma once

#include "image/load.h"

/* Something that is being loaded. */
struct loading {
	struct image_store *store;
	int directory;	/* readable */
	bool is_staged; /* it is in work/, so files need not be copied */
	const char *what;
	struct image_arrivals arrivals;
	struct problem *problem;
};

int load_layout(struct loading *loading);
int load_docker(struct loading *loading);

/* A problem with one file of it: "what: path: why". Returns error. */
int load_failed(const struct loading *loading, const char *path, int error);

/* Takes an open file of it into the store as a blob, which must be as expected (NULL: anything). */
int load_blob(const struct loading *loading, int fd, const struct descriptor *expected,
	      const char *what, struct digest *ret_digest, uint64_t *ret_size);

/* Puts a manifest that all blobs are there for into the index, and notes what came. */
int load_add(struct loading *loading, const struct descriptor *manifest,
	     const struct string_list *names);

/* Appends the full reference, unless the text cannot be one: then the image has that name not. 0 or -ENOMEM. */
int load_add_name(struct string_list *names, const char *text);
