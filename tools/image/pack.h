/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Archives, as the store needs them: from blobs and into blobs. What is in them is for cowfs/archive. */
#pragma once

#include "image/store.h"

/*
 * Sets the media type of a blob that is said to be a layer, by how it is packed. -EINVAL with a problem for
 * packing that images do not have.
 */
int pack_layer_type(const struct image_store *store, struct descriptor *blob, const char *what,
		    struct problem *problem);

/*
 * Unpacks a blob that is a layer into an empty directory, given by its path, with owners kept as the
 * store keeps them. *ret_size: the bytes of its files. What had to be left out goes to the warnings of
 * the store.
 */
int pack_apply_layer(struct image_store *store, const struct descriptor *blob, const char *root,
		     const char *what, struct digest *ret_diff_id, uint64_t *ret_size,
		     struct problem *problem);

/* What pack_apply_layer() would say the diff id is. */
int pack_find_diff_id(const struct image_store *store, const struct descriptor *blob,
		      const char *what, struct digest *ret_diff_id, struct problem *problem);

/* Writes a blob to a descriptor, without its packing. 0 or -errno with a problem. */
int pack_expand(const struct image_store *store, const struct descriptor *blob, int to,
		const char *what, struct problem *problem);

/* What a new layer is made of; paths are absolute. */
struct pack_layer {
	const char *path;
	const struct string_list *lowers; /* what it lies on, the topmost first; NULL: nothing */
	const char *const *excluded;	  /* paths that do not count, "etc/hosts"; NULL: none */
	size_t excluded_count;
};

/*
 * Packs a directory, alone or as the upper one of a union, into a blob; sets its type, digest, which is
 * its diff id as well, and size. *ret_is_empty: it changes nothing of what it lies on.
 */
int pack_new_layer(struct image_store *store, const struct pack_layer *source, const char *what,
		   struct descriptor *layer, bool *ret_is_empty, struct problem *problem);

/* A tar that holds files of work/NAME, to a descriptor; the same bytes for the same files. */
int pack_files(const struct image_store *store, const char *name, int to, const char *what,
	       struct problem *problem);
/* A tar of `size` bytes (0: unknown), packed or not, into the empty directory work/NAME. */
int pack_unpack_files(const struct image_store *store, int from, uint64_t size, const char *name,
		      const char *what, struct problem *problem);
