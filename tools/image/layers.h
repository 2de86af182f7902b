/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Layers of a store, unpacked: layers/HEX/ holds root/, the tree, and layer.json, what is known of
 * it. HEX is the diff id, the digest of the tar that the layer is, so images share them however they were
 * packed. A layer appears by one rename when all of it is on the disk.
 */
#pragma once

#include "image/store.h"

#define LAYER_ROOT "root"

/* What is known of a layer that was unpacked. */
struct layer_facts {
	struct digest diff_id;
	uint64_t size; /* bytes of its files */
};

/* Into a directory that is going to be that of a layer. 0 or -errno. */
int layer_write_facts(int directory, const struct layer_facts *facts);

/* The name of the directory that has them: owners are kept in attributes for who has one id only. */
const char *layers_directory(const struct image_store *store);
bool layer_exists(const struct image_store *store, const struct digest *diff_id);
/* Appends the absolute path of its root. 0 or -ENOMEM. */
int layer_add_path(const struct image_store *store, const struct digest *diff_id,
		   struct string_list *paths);
/* The bytes of its files; 0 when that is not known. */
uint64_t layer_size(const struct image_store *store, const struct digest *diff_id);
