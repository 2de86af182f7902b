/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of store.h: making images of blobs. */
#include "image/store_parts.h"

#include "base/cleanup.h"
#include "image/blobs.h"
#include "image/unpack.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>

/* Layers that are there in unpacked form may still lack what they are packed in. */
static int check_blobs(const struct image_store *store, const struct image *image, const char *what,
		       struct problem *problem)
{
	char text[DIGEST_TEXT_SIZE];

	for (size_t i = 0; i < image->content.layers.count; i++) {
		const struct descriptor *layer = &image->content.layers.items[i];

		if (!blob_exists_whole(store, layer))
			return problem_set(problem, -ENOENT, "%s lacks the layer %s", what,
					   digest_text(&layer->digest, text));
	}
	return 0;
}

static int unpack_layers(struct image_store *store, const struct image *image, const char *what,
			 struct problem *problem)
{
	int error = 0;

	for (size_t i = 0; !error && i < image->content.layers.count; i++)
		error = layer_unpack(store, &image->content.layers.items[i],
				     &image->config.diff_ids[i], what, problem);
	return error;
}

static int list_image(const struct image_store *store, const struct descriptor *manifest,
		      const struct string_list *names, struct problem *problem)
{
	cleanup_fd int lock = store_lock(store, INDEX_LOCK, LOCK_EX, problem);
	cleanup_descriptor_list struct descriptor_list items = { 0 };
	int error = lock < 0 ? lock : store_read_index(store, &items, problem);

	if (error)
		return error;
	for (size_t i = 0; !error && i < names->count; i++)
		error = index_add(&items, manifest, names->strings[i]);
	if (!error && names->count == 0)
		error = index_add(&items, manifest, NULL);
	if (error)
		return problem_set(problem, error, "out of memory");
	return store_write_index(store, &items, problem);
}

int image_add(struct image_store *store, const struct descriptor *manifest,
	      const struct string_list *names, const char *what, struct digest *ret_id,
	      struct problem *problem)
{
	cleanup_image struct image image = IMAGE_INIT;
	int error = store_read_image(store, manifest, &image, problem);

	if (!error)
		error = check_blobs(store, &image, what, problem);
	if (!error)
		error = unpack_layers(store, &image, what, problem);
	if (!error)
		error = list_image(store, manifest, names, problem);
	if (!error)
		*ret_id = image.id;
	return error;
}
