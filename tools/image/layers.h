/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Layers of a store, unpacked: layers/HEX/ holds root/, the tree, and layer.json, what is known of
 * it. HEX is the diff id, the digest of the tar that the layer is, so images share them however they were
 * packed. A layer appears by one rename when all of it is on the disk.
 */
#pragma once

#include "image/store.h"

/*
 * Unpacks the blob unless the layer is there. Of several processes that want the same layer one unpacks it and the
 * others wait. Wants the store to have begun. 0; -EBADMSG when it is not the layer with that diff id;
 * or another -errno, with a problem that begins with `what`.
 */
int layer_unpack(struct image_store *store, const struct descriptor *blob,
		 const struct digest *diff_id, const char *what, struct problem *problem);

/* The same of a layer whose diff id is not known before. */
int layer_unpack_new(struct image_store *store, const struct descriptor *blob, const char *what,
		     struct digest *ret_diff_id, struct problem *problem);

/* The name of the directory that has them: owners are kept in attributes for who has one id only. */
const char *layers_directory(const struct image_store *store);
bool layer_exists(const struct image_store *store, const struct digest *diff_id);
/* Appends the absolute path of its root. 0 or -ENOMEM. */
int layer_add_path(const struct image_store *store, const struct digest *diff_id,
		   struct string_list *paths);
/* The bytes of its files; 0 when that is not known. */
uint64_t layer_size(const struct image_store *store, const struct digest *diff_id);
