/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/make.h"

#include "base/cleanup.h"
#include "image/blobs.h"
#include "image/change.h"
#include "image/pack.h"
#include "image/unpack.h"
#include "oci/json_build.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void image_time_text(const struct timespec *time, char text[IMAGE_TIME_SIZE])
{
	struct tm parts = { 0 };
	size_t length;

	(void)gmtime_r(&time->tv_sec, &parts);
	length = strftime(text, IMAGE_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
	if (time->tv_nsec == 0)
		(void)snprintf(text + length, IMAGE_TIME_SIZE - length, "Z");
	else
		(void)snprintf(text + length, IMAGE_TIME_SIZE - length, ".%09ldZ", time->tv_nsec);
}

/* An image that is being made. */
struct making {
	struct image_store *store;
	const struct image_recipe *recipe;
	const char *what;
	json_object *config;	  /* owned */
	struct manifest manifest; /* the parent's layers, then the new one */
	struct problem *problem;
};

static void making_free(struct making *making)
{
	json_put(making->config);
	manifest_free(&making->manifest);
}

#define cleanup_making __attribute__((cleanup(making_free)))

static int cannot_make(const struct making *making, int error)
{
	if (error == -ENOMEM)
		return problem_set(making->problem, error, "out of memory");
	return problem_set(making->problem, error, "%s: cannot make an image of it in %s: %s",
			   making->what, making->store->path, strerror(-error));
}

/* The new layer, NULL for none, and what the recipe says. */
static int add_step(struct making *making, const struct descriptor *layer,
		    const struct digest *diff_id)
{
	const struct image_recipe *recipe = making->recipe;
	const struct image_step step = {
		.created = recipe->created,
		.created_by = recipe->created_by,
		.author = recipe->author,
		.comment = recipe->comment,
		.diff_id = layer ? diff_id : NULL,
	};
	int error = layer ? descriptor_list_copy(&making->manifest.layers, layer) : 0;

	if (!error)
		error = image_config_add_step(making->config, &step);
	if (!error && recipe->author)
		error = json_add_string(making->config, "author", recipe->author);
	if (error)
		return cannot_make(making, error);
	return change_apply_all(making->config, &recipe->changes, making->problem);
}

/* Writes the documents and lists the image. */
static int finish(struct making *making, struct digest *ret_id)
{
	cleanup_buffer struct buffer config = BUFFER_INIT, manifest = BUFFER_INIT;
	struct descriptor item = { .type = MEDIA_MANIFEST };
	struct descriptor *described = &making->manifest.config;
	int error = json_write(making->config, &config);

	if (!error)
		error = blob_put_bytes(making->store, buffer_string(&config), config.length,
				       &described->digest);
	described->type = MEDIA_CONFIG;
	described->size = config.length;
	if (!error)
		error = manifest_write(&making->manifest, &manifest);
	if (!error)
		error = blob_put_bytes(making->store, buffer_string(&manifest), manifest.length,
				       &item.digest);
	item.size = manifest.length;
	if (error)
		return cannot_make(making, error);
	return image_add(making->store, &item, &making->recipe->names, making->what, ret_id,
			 making->problem);
}

/* An image of one layer that is a blob already. */
static int make_of_layer(struct image_store *store, const struct descriptor *layer,
			 const struct digest *diff_id, const char *what,
			 const struct image_recipe *recipe, struct digest *ret_id,
			 struct problem *problem)
{
	cleanup_making struct making making = {
		.store = store,
		.recipe = recipe,
		.what = what,
		.config = image_config_new(recipe->created),
		.problem = problem,
	};
	int error = making.config ? 0 : cannot_make(&making, -ENOMEM);

	if (!error)
		error = add_step(&making, layer, diff_id);
	return error ? error : finish(&making, ret_id);
}

static int import_archive(struct image_store *store, int fd, uint64_t size, const char *what,
			  const struct image_recipe *recipe, struct digest *ret_id,
			  struct problem *problem)
{
	struct descriptor layer = { 0 };
	struct digest diff_id;
	int error =
		blob_put_stream(store, fd, NULL, what, size, &layer.digest, &layer.size, problem);

	if (!error)
		error = pack_layer_type(store, &layer, what, problem);
	if (!error)
		error = layer_unpack_new(store, &layer, what, &diff_id, problem);
	return error ? error
		     : make_of_layer(store, &layer, &diff_id, what, recipe, ret_id, problem);
}

int image_import_archive(struct image_store *store, int fd, uint64_t size, const char *what,
			 const struct image_recipe *recipe, struct digest *ret_id,
			 struct problem *problem)
{
	int error = image_store_begin(store, problem);

	if (!error)
		error = import_archive(store, fd, size, what, recipe, ret_id, problem);
	return image_store_finish(store, error);
}

int image_import_directory(struct image_store *store, const char *path,
			   const struct image_recipe *recipe, struct digest *ret_id,
			   struct problem *problem)
{
	const struct pack_layer source = { .path = path };
	struct descriptor layer = { 0 };
	bool is_empty;
	int error = image_store_begin(store, problem);

	if (!error)
		error = pack_new_layer(store, &source, path, &layer, &is_empty, problem);
	if (!error)
		error = make_of_layer(store, &layer, &layer.digest, path, recipe, ret_id, problem);
	return image_store_finish(store, error);
}

/* -- commit -- */

/* Copies what the parent is, and lets go of it: the index is going to be changed. */
static int begin_with_parent(struct making *making, const char *parent, struct string_list *lowers)
{
	cleanup_image struct image image = IMAGE_INIT;
	int error = image_open(making->store, parent, &image, making->problem);

	if (!error)
		error = image_unpack_missing(making->store, &image, making->problem);
	if (!error)
		error = image_layers(making->store, &image, lowers, making->problem);
	if (error)
		return error;
	if (json_object_deep_copy(image.config.object, &making->config, NULL) < 0)
		error = -ENOMEM;
	manifest_make_oci(&image.content);
	for (size_t i = 0; !error && i < image.content.layers.count; i++)
		error = descriptor_list_copy(&making->manifest.layers,
					     &image.content.layers.items[i]);
	return error ? cannot_make(making, error) : 0;
}

static int commit(struct making *making, const struct image_changes *changes, struct digest *ret_id)
{
	struct string_list lowers = STRING_LIST_INIT;
	const struct pack_layer source = {
		.path = changes->upper,
		.lowers = &lowers,
		.excluded = changes->excluded,
		.excluded_count = changes->excluded_count,
	};
	struct descriptor layer = { 0 };
	bool is_empty = false;
	int error = 0;

	if (changes->parent)
		error = begin_with_parent(making, changes->parent, &lowers);
	else if (!(making->config = image_config_new(making->recipe->created)))
		error = cannot_make(making, -ENOMEM);
	if (!error)
		error = pack_new_layer(making->store, &source, making->what, &layer, &is_empty,
				       making->problem);
	if (!error)
		error = add_step(making, is_empty ? NULL : &layer, &layer.digest);
	string_list_free(&lowers);
	return error ? error : finish(making, ret_id);
}

int image_commit(struct image_store *store, const struct image_changes *changes, const char *what,
		 const struct image_recipe *recipe, struct digest *ret_id, struct problem *problem)
{
	cleanup_making struct making making = {
		.store = store,
		.recipe = recipe,
		.what = what,
		.problem = problem,
	};
	int error = image_store_begin(store, problem);

	if (!error)
		error = commit(&making, changes, ret_id);
	return image_store_finish(store, error);
}
