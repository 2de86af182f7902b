/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unpacking the layers of a store (layers.h). */
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

/* Those of an image that are missing. 0 or -errno with a problem. */
int image_unpack_missing(struct image_store *store, const struct image *image,
			 struct problem *problem);
