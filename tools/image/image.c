/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of store.h: one image and all of them, as they are read. */
#include "image/store_parts.h"

#include "base/cleanup.h"
#include "container/event/event.h"
#include "image/blobs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

void image_close(struct image *image)
{
	free(image->reference);
	descriptor_free(&image->manifest);
	manifest_free(&image->content);
	image_config_free(&image->config);
	if (image->hold >= 0)
		(void)close(image->hold);
	*image = IMAGE_INIT;
}

/* A document of the store, and how to call it in problems. */
struct document {
	struct buffer text;
	char name[32 + DIGEST_TEXT_SIZE];
};

static int read_document(const struct image_store *store, const char *kind,
			 const struct digest *digest, struct document *document,
			 struct problem *problem)
{
	char text[DIGEST_TEXT_SIZE];
	int error;

	(void)snprintf(document->name, sizeof(document->name), "%s %s", kind,
		       digest_text(digest, text));
	error = blob_read(store, digest, &document->text);
	if (error == -EBADMSG)
		return problem_set(problem, error, "%s in the store %s is damaged", document->name,
				   store->path);
	if (error)
		return problem_set(problem, error, "%s in the store %s: %s", document->name,
				   store->path, strerror(-error));
	return 0;
}

static int read_config(const struct image_store *store, struct image *image,
		       struct problem *problem)
{
	struct document document = { .text = BUFFER_INIT };
	int error = read_document(store, "the configuration", &image->id, &document, problem);

	if (!error)
		error = image_config_parse(buffer_string(&document.text), document.text.length,
					   document.name, &image->config, problem);
	if (!error && image->config.diff_id_count != image->content.layers.count)
		error = problem_set(problem, -EINVAL,
				    "%s: \"rootfs.diff_ids\" and the layers of its manifest differ "
				    "in number",
				    document.name);
	buffer_free(&document.text);
	return error;
}

int store_read_image(const struct image_store *store, const struct descriptor *item,
		     struct image *ret_image, struct problem *problem)
{
	cleanup_image struct image image = IMAGE_INIT;
	struct document document = { .text = BUFFER_INIT };
	int error = read_document(store, "the manifest", &item->digest, &document, problem);

	if (!error)
		error = manifest_parse(buffer_string(&document.text), document.text.length,
				       document.name, &image.content, problem);
	buffer_free(&document.text);
	if (error)
		return error;
	image.id = image.content.config.digest;
	image.manifest = *item;
	image.manifest.reference = image.manifest.architecture = image.manifest.os = NULL;
	error = read_config(store, &image, problem);
	if (!error && item->reference && !(image.reference = strdup(item->reference)))
		error = problem_set(problem, -ENOMEM, "out of memory");
	if (error)
		return error;
	*ret_image = image;
	image = IMAGE_INIT;
	return 0;
}

int image_open(const struct image_store *store, const char *name, struct image *ret_image,
	       struct problem *problem)
{
	cleanup_fd int hold = store_lock(store, INDEX_LOCK, LOCK_SH, problem);
	cleanup_descriptor_list struct descriptor_list items = { 0 };
	size_t item;
	bool by_name;
	int error = hold < 0 ? hold : store_read_index(store, &items, problem);

	if (!error)
		error = store_find(store, &items, name, ret_image, &item, &by_name, problem);
	if (!error)
		ret_image->hold = steal_fd(&hold);
	return error;
}

int image_store_list(const struct image_store *store, image_function *function, void *context,
		     struct problem *problem)
{
	cleanup_fd int hold = store_lock(store, INDEX_LOCK, LOCK_SH, problem);
	cleanup_descriptor_list struct descriptor_list items = { 0 };
	int result = hold < 0 ? hold : store_read_index(store, &items, problem);

	for (size_t i = 0; !result && i < items.count; i++) {
		cleanup_image struct image image = IMAGE_INIT;
		int error = store_read_image(store, &items.items[i], &image, problem);

		if (error == -ENOMEM)
			return error;
		if (!error)
			result = function(context, &image, problem);
	}
	return result;
}

int image_tag(struct image_store *store, const char *name, const struct reference *reference,
	      struct problem *problem)
{
	cleanup_fd int adding = store_lock(store, ADDING_LOCK, LOCK_SH, problem);
	cleanup_fd int lock = adding < 0 ? adding : store_lock(store, INDEX_LOCK, LOCK_EX, problem);
	cleanup_descriptor_list struct descriptor_list items = { 0 };
	cleanup_image struct image image = IMAGE_INIT;
	size_t item;
	bool by_name;
	int error = lock < 0 ? lock : store_read_index(store, &items, problem);

	if (!error)
		error = store_find(store, &items, name, &image, &item, &by_name, problem);
	if (!error && index_add(&items, &image.manifest, reference->text) < 0)
		error = problem_set(problem, -ENOMEM, "out of memory");
	if (!error)
		error = store_write_index(store, &items, problem);
	if (!error)
		image_tell(store, &image.id, "tag", reference->text);
	return error;
}

void image_tell(const struct image_store *store, const struct digest *id, const char *action,
		const char *name)
{
	char text[DIGEST_TEXT_SIZE];

	(void)digest_text(id, text);
	event_of(store->place, "image", text, action,
		 EVENT_ATTRIBUTES({ "name", name ? name : text }));
}
