/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of load.h: OCI image layouts. */
#include "image/load_parts.h"

#include "base/cleanup.h"
#include "image/blobs.h"
#include "image/json_get.h"
#include "image/tree_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BLOB_PATH_SIZE 96

static const char *blob_path(const struct descriptor *blob, char path[BLOB_PATH_SIZE])
{
	(void)snprintf(path, BLOB_PATH_SIZE, "blobs/sha256/%s", blob->digest.hex);
	return path;
}

/* Takes a blob into the store, verified. */
static int take_blob(const struct loading *loading, const struct descriptor *blob)
{
	char path[BLOB_PATH_SIZE], what[512];
	struct digest digest;
	uint64_t size;
	cleanup_fd int fd = -1;

	if (blob_exists_whole(loading->store, blob))
		return 0;
	fd = tree_file_open(loading->directory, blob_path(blob, path));
	if (fd < 0)
		return load_failed(loading, path, fd);
	(void)snprintf(what, sizeof(what), "%s: %s", loading->what, path);
	return load_blob(loading, fd, blob, what, &digest, &size);
}

/* Reads a document. *name, for problems, has room for DOCUMENT_NAME_SIZE. */
#define DOCUMENT_NAME_SIZE 512

static int read_document(const struct loading *loading, const struct descriptor *blob,
			 struct buffer *text, char *name)
{
	char path[BLOB_PATH_SIZE];
	struct digest digest;
	int error = tree_file_read(loading->directory, blob_path(blob, path), text);

	(void)snprintf(name, DOCUMENT_NAME_SIZE, "%s: %s", loading->what, path);
	if (!error)
		error = digest_of_bytes(buffer_string(text), text->length, &digest);
	if (error)
		return load_failed(loading, path, error);
	if (text->length != blob->size || !digest_equal(&digest, &blob->digest))
		return problem_set(loading->problem, -EBADMSG,
				   "%s is not what its digest says: it is damaged or was tampered "
				   "with",
				   name);
	return 0;
}

static int load_manifest(struct loading *loading, const struct descriptor *item,
			 const char *reference)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	cleanup_manifest struct manifest manifest = { 0 };
	struct string_list names = STRING_LIST_INIT;
	char name[DOCUMENT_NAME_SIZE];
	int error = read_document(loading, item, &text, name);

	if (!error)
		error = take_blob(loading, item);
	if (!error)
		error = manifest_parse(buffer_string(&text), text.length, name, &manifest,
				       loading->problem);
	if (!error && manifest.config.size > JSON_DOCUMENT_MAX)
		error = load_failed(loading, "the configuration", -EFBIG);
	if (!error)
		error = take_blob(loading, &manifest.config);
	for (size_t i = 0; !error && i < manifest.layers.count; i++)
		error = take_blob(loading, &manifest.layers.items[i]);
	if (!error && reference)
		error = load_add_name(&names, reference);
	if (!error)
		error = load_add(loading, item, &names);
	string_list_free(&names);
	return error;
}

/* Whether an item is for this machine; one that does not say may be. */
static bool is_for_us(const struct descriptor *item)
{
	return (!item->os || strcmp(item->os, "linux") == 0) &&
	       (!item->architecture || strcmp(item->architecture, image_architecture()) == 0);
}

/* An image for several platforms. */
static int load_index(struct loading *loading, const struct descriptor *item)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	cleanup_descriptor_list struct descriptor_list items = { 0 };
	char name[DOCUMENT_NAME_SIZE];
	int error = read_document(loading, item, &text, name);

	if (!error)
		error = index_parse(buffer_string(&text), text.length, name, &items,
				    loading->problem);
	if (error)
		return error;
	for (size_t i = 0; i < items.count; i++)
		if (items.items[i].type == MEDIA_MANIFEST && is_for_us(&items.items[i]))
			return load_manifest(loading, &items.items[i], item->reference);
	return problem_set(loading->problem, -ENOENT, "%s has no image for linux on %s", name,
			   image_architecture());
}

/* Whether one of the same name would suit better. */
static bool is_for_others(const struct descriptor_list *items, size_t which)
{
	const struct descriptor *item = &items->items[which];

	for (size_t i = 0; !is_for_us(item) && i < items->count; i++) {
		const struct descriptor *other = &items->items[i];

		if (is_for_us(other) && (item->reference == other->reference ||
					 (item->reference && other->reference &&
					  strcmp(item->reference, other->reference) == 0)))
			return true;
	}
	return false;
}

int load_layout(struct loading *loading)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	cleanup_descriptor_list struct descriptor_list items = { 0 };
	char name[DOCUMENT_NAME_SIZE];
	size_t loaded = 0;
	int error = tree_file_read(loading->directory, "index.json", &text);

	if (error)
		return load_failed(loading, "index.json", error);
	(void)snprintf(name, sizeof(name), "%s: index.json", loading->what);
	error = index_parse(buffer_string(&text), text.length, name, &items, loading->problem);
	for (size_t i = 0; !error && i < items.count; i++) {
		const struct descriptor *item = &items.items[i];

		if (item->type == MEDIA_OTHER || is_for_others(&items, i))
			continue;
		if (item->type == MEDIA_INDEX)
			error = load_index(loading, item);
		else if (item->type == MEDIA_MANIFEST)
			error = load_manifest(loading, item, item->reference);
		loaded++;
	}
	if (!error && loaded == 0)
		error = problem_set(loading->problem, -ENOENT, "%s holds no image", loading->what);
	return error;
}
