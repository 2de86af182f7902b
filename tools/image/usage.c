/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/usage.h"

#include "base/cleanup.h"
#include "image/pieces.h"

#include <errno.h>
#include <string.h>

void image_store_usage_free(struct image_store_usage *usage)
{
	for (size_t i = 0; i < usage->count; i++) {
		free(usage->images[i].reference);
		free(usage->images[i].created);
	}
	free(usage->images);
	*usage = IMAGE_STORE_USAGE_INIT;
}

struct measuring {
	const struct image_store *store;
	image_count_function *users;
	void *context;
	struct pieces pieces;
	struct image_store_usage usage;
};

static size_t find(const struct image_store_usage *usage, const struct digest *id)
{
	size_t i = 0;

	while (i < usage->count && !digest_equal(&usage->images[i].id, id))
		i++;
	return i;
}

static int add_new(struct measuring *measuring, const struct image *image)
{
	struct image_store_usage *usage = &measuring->usage;
	struct image_usage *added;

	if (usage->count == usage->room) {
		size_t room = usage->room ? 2 * usage->room : 16;
		struct image_usage *images = reallocarray(usage->images, room, sizeof(*images));

		if (!images)
			return -ENOMEM;
		usage->images = images;
		usage->room = room;
	}
	added = &usage->images[usage->count++];
	*added = (struct image_usage){
		.id = image->id,
		.users = measuring->users(measuring->context, &image->id),
	};
	if (image->config.created && !(added->created = strdup(image->config.created)))
		return -ENOMEM;
	return 0;
}

/* An image_function. */
static int note_image(void *context, const struct image *image, struct problem *problem)
{
	struct measuring *measuring = context;
	struct image_store_usage *usage = &measuring->usage;
	size_t number = find(usage, &image->id);
	int error = number == usage->count ? add_new(measuring, image) : 0;

	if (!error && image->reference && !usage->images[number].reference &&
	    !(usage->images[number].reference = strdup(image->reference)))
		error = -ENOMEM;
	if (!error)
		error = pieces_add(&measuring->pieces, measuring->store, image, number);
	return error ? problem_set(problem, error, "out of memory") : 0;
}

/* A piece_function. */
static void count_piece(void *context, const struct piece *piece, const size_t *images,
			size_t count)
{
	struct image_store_usage *usage = context;
	size_t users = 0;

	for (size_t i = 0; i < count; i++) {
		struct image_usage *image = &usage->images[images[i]];

		image->size += piece->size;
		if (count > 1)
			image->shared += piece->size;
		users += image->users;
	}
	usage->size += piece->size;
	if (users == 0)
		usage->unused += piece->size;
}

int image_store_measure(const struct image_store *store, image_count_function *users, void *context,
			struct image_store_usage *ret_usage, struct problem *problem)
{
	struct measuring measuring = {
		.store = store,
		.users = users,
		.context = context,
		.pieces = PIECES_INIT,
		.usage = IMAGE_STORE_USAGE_INIT,
	};
	int error = image_store_list(store, note_image, &measuring, problem);

	if (!error && pieces_each(&measuring.pieces, count_piece, &measuring.usage) < 0)
		error = problem_set(problem, -ENOMEM, "out of memory");
	pieces_free(&measuring.pieces);
	if (error) {
		image_store_usage_free(&measuring.usage);
		return error;
	}
	*ret_usage = measuring.usage;
	return 0;
}
