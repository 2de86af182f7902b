/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of saved.h: OCI image layouts. */
#include "oci/saved_parts.h"

#include "base/cleanup.h"
#include "oci/tree_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *saved_blob_path(const struct digest *digest, char path[SAVED_BLOB_PATH_SIZE])
{
	(void)snprintf(path, SAVED_BLOB_PATH_SIZE, "blobs/sha256/%s", digest->hex);
	return path;
}

static int out_of_memory(struct problem *problem)
{
	return problem_set(problem, -ENOMEM, "out of memory");
}

/* Reads a document, verified; name is how problems call it. */
static int read_document(const struct saved_place *place, const struct descriptor *blob,
			 struct buffer *text, char name[SAVED_NAME_SIZE], struct problem *problem)
{
	char path[SAVED_BLOB_PATH_SIZE];
	struct digest digest;
	int error = tree_file_read(place->directory, saved_blob_path(&blob->digest, path), text);

	(void)saved_name(place, path, name);
	if (!error)
		error = digest_of_bytes(buffer_string(text), text->length, &digest);
	if (error)
		return saved_failed(place, path, error, problem);
	if (text->length != blob->size || !digest_equal(&digest, &blob->digest))
		return problem_set(problem, -EBADMSG,
				   "%s is not what its digest says: it is damaged or was tampered "
				   "with",
				   name);
	return 0;
}

/* -- which machine -- */

/* Whether an item is for this machine; one that does not say may be. */
static bool is_for_us(const struct descriptor *item)
{
	return (!item->os || strcmp(item->os, "linux") == 0) &&
	       (!item->architecture || strcmp(item->architecture, image_architecture()) == 0);
}

bool saved_item_is_for_others(const struct saved_item *item)
{
	return !is_for_us(&item->descriptor);
}

static bool same_reference(const struct descriptor *a, const struct descriptor *b)
{
	if (!a->reference || !b->reference)
		return a->reference == b->reference;
	return strcmp(a->reference, b->reference) == 0;
}

/* Whether one of the same name would suit better. */
static bool has_better_namesake(const struct descriptor_list *items, size_t which)
{
	const struct descriptor *item = &items->items[which];

	for (size_t i = 0; !is_for_us(item) && i < items->count; i++)
		if (is_for_us(&items->items[i]) && same_reference(item, &items->items[i]))
			return true;
	return false;
}

/* -- which there are -- */

/* Moves a descriptor of the index into an item of its own. */
static int add_item(struct saved_list *list, struct descriptor *descriptor)
{
	struct saved_item *item = saved_list_add(list);

	if (!item)
		return -ENOMEM;
	item->descriptor = *descriptor;
	*descriptor = (struct descriptor){ .type = MEDIA_OTHER };
	return item->descriptor.reference ? saved_item_add_name(item, item->descriptor.reference)
					  : 0;
}

int saved_layout_list(const struct saved_place *place, struct saved_list *list,
		      struct problem *problem)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	cleanup_descriptor_list struct descriptor_list items = { 0 };
	char name[SAVED_NAME_SIZE];
	int error = tree_file_read(place->directory, "index.json", &text);

	if (error)
		return saved_failed(place, "index.json", error, problem);
	error = index_parse(buffer_string(&text), text.length,
			    saved_name(place, "index.json", name), &items, problem);
	for (size_t i = items.count; !error && i-- > 0;)
		if (has_better_namesake(&items, i))
			descriptor_list_remove(&items, i);
	for (size_t i = 0; !error && i < items.count; i++) {
		enum media_type type = items.items[i].type;

		if ((type == MEDIA_INDEX || type == MEDIA_MANIFEST) &&
		    add_item(list, &items.items[i]) < 0)
			error = out_of_memory(problem);
	}
	return error;
}

/* -- one of them -- */

/* An image, and one of which there is more than the name: engines save what they have of one for several machines. */
static bool is_there(const struct saved_place *place, const struct descriptor *item)
{
	char path[SAVED_BLOB_PATH_SIZE];
	cleanup_fd int fd = -1;

	/* What builders attest comes as an image for nothing that is known. */
	if (item->type != MEDIA_MANIFEST || (item->os && strcmp(item->os, "unknown") == 0))
		return false;
	fd = tree_file_open(place->directory, saved_blob_path(&item->digest, path));
	return fd >= 0;
}

/* The only one that is there, or NULL. */
static struct descriptor *only_manifest(const struct saved_place *place,
					const struct descriptor_list *items)
{
	struct descriptor *found = NULL;

	for (size_t i = 0; i < items->count; i++) {
		if (!is_there(place, &items->items[i]))
			continue;
		if (found)
			return NULL;
		found = &items->items[i];
	}
	return found;
}

static struct descriptor *own_manifest(const struct descriptor_list *items)
{
	for (size_t i = 0; i < items->count; i++)
		if (items->items[i].type == MEDIA_MANIFEST && is_for_us(&items->items[i]))
			return &items->items[i];
	return NULL;
}

/* Finds the manifest in an index of one image for several machines. Moves it to *manifest. */
static int choose_manifest(const struct saved_place *place, const struct descriptor *index,
			   bool any_machine, struct descriptor *manifest, struct problem *problem)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	cleanup_descriptor_list struct descriptor_list items = { 0 };
	struct descriptor *found;
	char name[SAVED_NAME_SIZE];
	int error = read_document(place, index, &text, name, problem);

	if (!error)
		error = index_parse(buffer_string(&text), text.length, name, &items, problem);
	if (error)
		return error;
	found = own_manifest(&items);
	if (!found && any_machine)
		found = only_manifest(place, &items);
	if (!found)
		return problem_set(problem, -ENOENT, "%s has no image for linux on %s", name,
				   image_architecture());
	*manifest = *found;
	*found = (struct descriptor){ 0 };
	return 0;
}

static int read_manifest(const struct saved_place *place, struct saved_image *image,
			 struct problem *problem)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	char name[SAVED_NAME_SIZE], path[SAVED_BLOB_PATH_SIZE];
	int error = read_document(place, &image->manifest, &text, name, problem);

	if (!error)
		error = manifest_parse(buffer_string(&text), text.length, name, &image->content,
				       problem);
	for (size_t i = 0; !error && i < image->content.layers.count; i++) {
		(void)saved_blob_path(&image->content.layers.items[i].digest, path);
		if (string_list_add(&image->layers, path) < 0)
			error = out_of_memory(problem);
	}
	return error;
}

int saved_layout_read(const struct saved_place *place, const struct saved_item *item,
		      bool any_machine, struct saved_image *image, struct problem *problem)
{
	const struct descriptor *config = &image->content.config;
	char name[SAVED_NAME_SIZE], path[SAVED_BLOB_PATH_SIZE];
	int error = 0;

	if (item->descriptor.type == MEDIA_INDEX)
		error = choose_manifest(place, &item->descriptor, any_machine, &image->manifest,
					problem);
	else
		image->manifest = (struct descriptor){
			.type = MEDIA_MANIFEST,
			.digest = item->descriptor.digest,
			.size = item->descriptor.size,
			.is_docker = item->descriptor.is_docker,
		};
	if (!error)
		error = read_manifest(place, image, problem);
	if (!error)
		error = read_document(place, config, &image->config_text, name, problem);
	if (error)
		return error;
	return saved_image_read_config(place, saved_blob_path(&config->digest, path),
				       "the layers of its manifest", image, problem);
}
