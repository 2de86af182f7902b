/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collecting what the index of a store does not lead to. */
#include "image/store_parts.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "image/work.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

/* What the index leads to, each list sorted. */
struct reachable {
	struct digest *blobs, *layers;
	size_t blob_count, layer_count, blob_room, layer_room;
};

static void reachable_free(struct reachable *reachable)
{
	free(reachable->blobs);
	free(reachable->layers);
}

static int add(struct digest **list, size_t *count, size_t *room, const struct digest *digest)
{
	if (*count == *room) {
		size_t larger = *room ? *room * 2 : 64;
		struct digest *grown = reallocarray(*list, larger, sizeof(**list));

		if (!grown)
			return -ENOMEM;
		*list = grown;
		*room = larger;
	}
	(*list)[(*count)++] = *digest;
	return 0;
}

static int add_blob(struct reachable *reachable, const struct digest *digest)
{
	return add(&reachable->blobs, &reachable->blob_count, &reachable->blob_room, digest);
}

static int add_image(struct reachable *reachable, const struct image *image)
{
	int error = add_blob(reachable, &image->manifest.digest);

	if (!error)
		error = add_blob(reachable, &image->id);
	for (size_t i = 0; !error && i < image->content.layers.count; i++)
		error = add_blob(reachable, &image->content.layers.items[i].digest);
	for (size_t i = 0; !error && i < image->config.diff_id_count; i++)
		error = add(&reachable->layers, &reachable->layer_count, &reachable->layer_room,
			    &image->config.diff_ids[i]);
	return error;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct digest *)a)->hex, ((const struct digest *)b)->hex);
}

static int collect(const struct image_store *store, struct reachable *reachable)
{
	cleanup_fd int lock = store_lock(store, INDEX_LOCK, LOCK_SH, NULL);
	cleanup_descriptor_list struct descriptor_list items = { 0 };
	int error = lock < 0 ? lock : store_read_index(store, &items, NULL);

	for (size_t i = 0; !error && i < items.count; i++) {
		cleanup_image struct image image = IMAGE_INIT;

		error = store_read_image(store, &items.items[i], &image, NULL);
		if (!error)
			error = add_image(reachable, &image);
	}
	if (error)
		return error;
	if (reachable->blob_count > 0)
		qsort(reachable->blobs, reachable->blob_count, sizeof(struct digest), compare);
	if (reachable->layer_count > 0)
		qsort(reachable->layers, reachable->layer_count, sizeof(struct digest), compare);
	return 0;
}

static bool is_wanted(const char *name, const struct digest *list, size_t count)
{
	return count > 0 && bsearch(name, list, count, sizeof(*list), compare);
}

typedef void delete_function(const struct image_store *store, int directory, const char *name);

static void delete_blob(const struct image_store *store, int directory, const char *name)
{
	(void)store;
	(void)unlinkat(directory, name, 0);
}

/* Out of sight at once: a layer is whole or not there. */
static void hide_layer(const struct image_store *store, int directory, const char *name)
{
	(void)renameat(directory, name, store->work_fd, name);
}

static void delete_unwanted(const struct image_store *store, int directory,
			    const struct digest *wanted, size_t count, delete_function *delete)
{
	CLEANUP(closedir) DIR *stream = NULL;
	const struct dirent *entry;

	if (confined_open_stream(directory, NULL, &stream) < 0)
		return;
	while ((entry = readdir(stream)))
		if (confined_name_is_valid(entry->d_name) &&
		    !is_wanted(entry->d_name, wanted, count))
			delete (store, directory, entry->d_name);
}

void store_sweep(const struct image_store *store)
{
	struct reachable reachable = { 0 };

	if (collect(store, &reachable) == 0) {
		delete_unwanted(store, store->blobs_fd, reachable.blobs, reachable.blob_count,
				delete_blob);
		delete_unwanted(store, store->layers_fd, reachable.layers, reachable.layer_count,
				hide_layer);
	}
	work_delete_all(store);
	reachable_free(&reachable);
}
