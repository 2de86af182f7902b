/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What images take on the disk: their layers, packed and unpacked, and their documents. */
#pragma once

#include "image/store.h"

struct image_usage {
	struct digest id;
	char *reference; /* its first name, or NULL; owned */
	char *created;	 /* RFC 3339, or NULL; owned */
	size_t users;
	uint64_t size, shared; /* the latter part is also of other images */
};

struct image_store_usage {
	struct image_usage *images; /* each id once; owned */
	size_t count, room;
	uint64_t size, unused; /* the latter part is of no image that has users */
};

#define IMAGE_STORE_USAGE_INIT ((struct image_store_usage){ 0 })
#define cleanup_image_store_usage __attribute__((cleanup(image_store_usage_free)))

void image_store_usage_free(struct image_store_usage *usage);

/* How many containers use it. */
typedef size_t image_count_function(void *context, const struct digest *id);

/* 0 or -errno with a problem. */
int image_store_measure(const struct image_store *store, image_count_function *users, void *context,
			struct image_store_usage *ret_usage, struct problem *problem);
