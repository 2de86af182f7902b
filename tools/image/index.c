/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The index of a store: which images there are, and how they are called. */
#include "image/store_parts.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "base/file_data.h"
#include "image/blobs.h"
#include "oci/json_get.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define INDEX_FILE "index.json"

int store_read_index(const struct image_store *store, struct descriptor_list *ret_items,
		     struct problem *problem)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	cleanup_free char *document = NULL;
	struct descriptor_list items;
	cleanup_fd int fd = confined_open_regular(store->fd, INDEX_FILE, O_RDONLY);
	int error = fd < 0 ? fd : file_read_all(fd, JSON_DOCUMENT_MAX, &text);

	if (error == -ENOENT) {
		*ret_items = (struct descriptor_list){ 0 };
		return 0;
	}
	if (error)
		return problem_set(problem, error, "%s/" INDEX_FILE ": %s", store->path,
				   strerror(-error));
	if (asprintf(&document, "%s/" INDEX_FILE, store->path) < 0) {
		document = NULL;
		return problem_set(problem, -ENOMEM, "out of memory");
	}
	error = index_parse(buffer_string(&text), text.length, document, &items, problem);
	if (error)
		return error;
	/* We list nothing else; somebody may have edited it. */
	for (size_t i = items.count; i-- > 0;)
		if (items.items[i].type != MEDIA_MANIFEST)
			descriptor_list_remove(&items, i);
	*ret_items = items;
	return 0;
}

/* What index.json will name must outlive a crash that index.json outlives. */
static int sync_parts(const struct image_store *store)
{
	if (fsync(store->blobs_fd) < 0 || fsync(store->layers_fd) < 0)
		return -errno;
	return 0;
}

int store_write_index(const struct image_store *store, const struct descriptor_list *items,
		      struct problem *problem)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int error = index_write(items, &text);

	if (!error && text.length > JSON_DOCUMENT_MAX)
		error = -EFBIG;
	if (!error)
		error = sync_parts(store);
	if (!error)
		error = blob_write_document(store, store->fd, INDEX_FILE, buffer_string(&text),
					    text.length);
	if (!error && fsync(store->fd) < 0)
		error = -errno;
	return error ? problem_set(problem, error, "%s/" INDEX_FILE " cannot be written: %s",
				   store->path, strerror(-error))
		     : 0;
}

ssize_t index_find(const struct descriptor_list *items, const char *reference)
{
	for (size_t i = 0; i < items->count; i++)
		if (items->items[i].reference && strcmp(items->items[i].reference, reference) == 0)
			return (ssize_t)i;
	return -1;
}

size_t index_count(const struct descriptor_list *items, const struct digest *manifest)
{
	size_t count = 0;

	for (size_t i = 0; i < items->count; i++)
		count += digest_equal(&items->items[i].digest, manifest);
	return count;
}

/* An image that loses its last name stays, without one. */
static void take_name(struct descriptor_list *items, size_t i)
{
	if (index_count(items, &items->items[i].digest) > 1)
		descriptor_list_remove(items, i);
	else
		free(steal_pointer(&items->items[i].reference));
}

/* The item of the manifest that has no name, or a new one. */
static struct descriptor *unnamed_item(struct descriptor_list *items,
				       const struct descriptor *manifest)
{
	struct descriptor *item;

	for (size_t i = 0; i < items->count; i++) {
		item = &items->items[i];
		if (!item->reference && digest_equal(&item->digest, &manifest->digest))
			return item;
	}
	item = descriptor_list_add(items);
	if (item) {
		item->type = manifest->type;
		item->digest = manifest->digest;
		item->size = manifest->size;
		item->is_docker = manifest->is_docker;
	}
	return item;
}

int index_add(struct descriptor_list *items, const struct descriptor *manifest,
	      const char *reference)
{
	ssize_t former = reference ? index_find(items, reference) : -1;
	struct descriptor *item;
	char *copy;

	if (!reference)
		return index_count(items, &manifest->digest) > 0 || unnamed_item(items, manifest)
			       ? 0
			       : -ENOMEM;
	if (former >= 0 && digest_equal(&items->items[former].digest, &manifest->digest))
		return 0;
	copy = strdup(reference);
	if (!copy)
		return -ENOMEM;
	if (former >= 0)
		take_name(items, (size_t)former);
	item = unnamed_item(items, manifest);
	if (!item) {
		free(copy);
		return -ENOMEM;
	}
	item->reference = copy;
	return 0;
}
