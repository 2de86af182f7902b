/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/pieces.h"

#include "base/cleanup.h"
#include "image/layers.h"

#include <errno.h>
#include <string.h>

void pieces_free(struct pieces *pieces)
{
	free(pieces->items);
	*pieces = PIECES_INIT;
}

static int add(struct pieces *pieces, const struct piece *piece)
{
	if (pieces->count == pieces->room) {
		size_t room = pieces->room ? 2 * pieces->room : 64;
		struct piece *items = reallocarray(pieces->items, room, sizeof(*items));

		if (!items)
			return -ENOMEM;
		pieces->items = items;
		pieces->room = room;
	}
	pieces->items[pieces->count++] = *piece;
	return 0;
}

static int add_blob(struct pieces *pieces, const struct descriptor *blob, size_t number)
{
	const struct piece piece = {
		.digest = blob->digest,
		.size = blob->size,
		.image = number,
	};

	return add(pieces, &piece);
}

int pieces_add(struct pieces *pieces, const struct image_store *store, const struct image *image,
	       size_t number)
{
	int error = add_blob(pieces, &image->manifest, number);

	if (!error)
		error = add_blob(pieces, &image->content.config, number);
	for (size_t i = 0; !error && i < image->content.layers.count; i++)
		error = add_blob(pieces, &image->content.layers.items[i], number);
	for (size_t i = 0; !error && i < image->config.diff_id_count; i++) {
		const struct piece piece = {
			.digest = image->config.diff_ids[i],
			.unpacked = true,
			.size = layer_size(store, &image->config.diff_ids[i]),
			.image = number,
		};

		error = add(pieces, &piece);
	}
	return error;
}

/* Whether they are the same thing on the disk, and if not, which comes first. */
static int compare_things(const struct piece *a, const struct piece *b)
{
	if (a->unpacked != b->unpacked)
		return a->unpacked - b->unpacked;
	return strcmp(a->digest.hex, b->digest.hex);
}

static int compare(const void *a, const void *b)
{
	const struct piece *first = a, *second = b;
	int order = compare_things(first, second);

	return order ? order : (first->image > second->image) - (first->image < second->image);
}

int pieces_each(struct pieces *pieces, piece_function *function, void *context)
{
	cleanup_free size_t *images = calloc(pieces->count + 1, sizeof(*images));
	size_t count = 0;

	if (!images)
		return -ENOMEM;
	if (pieces->count > 0)
		qsort(pieces->items, pieces->count, sizeof(*pieces->items), compare);
	for (size_t i = 0; i < pieces->count; i++) {
		const struct piece *piece = &pieces->items[i];

		/* An image may have the same layer twice, an empty one, say. */
		if (count == 0 || images[count - 1] != piece->image)
			images[count++] = piece->image;
		if (i + 1 == pieces->count || compare_things(piece, piece + 1) != 0) {
			function(context, piece, images, count);
			count = 0;
		}
	}
	return 0;
}
