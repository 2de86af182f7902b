/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the images of a store consist of: files that several of them may share. */
#pragma once

#include "image/store.h"

/* A blob, or a layer that is unpacked, of an image. */
struct piece {
	struct digest digest;
	bool unpacked;
	uint64_t size;
	size_t image; /* the caller's number for it */
};

struct pieces {
	struct piece *items; /* owned */
	size_t count, room;
};

#define PIECES_INIT ((struct pieces){ 0 })
#define cleanup_pieces __attribute__((cleanup(pieces_free)))

void pieces_free(struct pieces *pieces);

/* Adds all of an image. The same number may come again, for other manifests of it. 0 or -ENOMEM. */
int pieces_add(struct pieces *pieces, const struct image_store *store, const struct image *image,
	       size_t number);

/* Called with each thing that is on the disk once, and the numbers of those that have it: ascending, each once. */
typedef void piece_function(void *context, const struct piece *piece, const size_t *images,
			    size_t count);

/* 0 or -ENOMEM. */
int pieces_each(struct pieces *pieces, piece_function *function, void *context);
