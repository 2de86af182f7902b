/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the sources of the store share: locks, the index, finding. */
#pragma once

#include "image/store.h"

/* A lock file of the store, locked; the lock ends with the descriptor returned. -errno, with a problem. */
int store_lock(const struct image_store *store, const char *name, int operation,
	       struct problem *problem);

#define INDEX_LOCK "index.lock"
#define ADDING_LOCK "adding.lock"

/* The items of index.json; none when it is missing. Wants the index locked. */
int store_read_index(const struct image_store *store, struct descriptor_list *ret_items,
		     struct problem *problem);
/* Replaces it, after what was put in place before is on the disk. Wants it locked exclusively. */
int store_write_index(const struct image_store *store, const struct descriptor_list *items,
		      struct problem *problem);

/* Lists the manifest under a full reference, or under none when that is NULL. 0 or -ENOMEM. */
int index_add(struct descriptor_list *items, const struct descriptor *manifest,
	      const char *reference);
/* The item with that name, or -1. */
ssize_t index_find(const struct descriptor_list *items, const char *reference);
/* How many items name that manifest. */
size_t index_count(const struct descriptor_list *items, const struct digest *manifest);

/* Reads the documents of an item of the index. *ret_image does not hold. */
int store_read_image(const struct image_store *store, const struct descriptor *item,
		     struct image *ret_image, struct problem *problem);

/* Finds as image_open(). *ret_item is its place in items; *ret_by_name tells that a name was typed. */
int store_find(const struct image_store *store, const struct descriptor_list *items,
	       const char *name, struct image *ret_image, size_t *ret_item, bool *ret_by_name,
	       struct problem *problem);

/*
 * Deletes what the index does not lead to. Wants adding.lock exclusively. What cannot be deleted waits for
 * the next occasion; and all of it does while an image of the index cannot be read.
 */
void store_sweep(const struct image_store *store);
/* The same, if nobody adds. */
void store_try_sweep(const struct image_store *store);
