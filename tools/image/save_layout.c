/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of save.h: OCI image layouts. */
#include "image/save_parts.h"
#include "image/store_parts.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "base/file_data.h"
#include "image/blobs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* A layout that is being written. */
struct layout {
	const struct saving *saving;
	int blobs; /* blobs/sha256 */
	struct descriptor_list items;
};

static int make_directory(int directory, const char *name)
{
	if (mkdirat(directory, name, 0755) < 0)
		return -errno;
	return confined_open(directory, name, O_RDONLY | O_DIRECTORY, 0);
}

static int begin(struct layout *layout)
{
	const struct saving *saving = layout->saving;
	cleanup_buffer struct buffer text = BUFFER_INIT;
	cleanup_fd int blobs = make_directory(saving->directory, "blobs");

	if (blobs < 0)
		return save_failed(saving, "blobs", blobs);
	layout->blobs = make_directory(blobs, "sha256");
	if (layout->blobs < 0)
		return save_failed(saving, "blobs/sha256", layout->blobs);
	if (buffer_append_string(&text, "{\"imageLayoutVersion\":\"1.0.0\"}") < 0)
		return save_failed(saving, "oci-layout", -ENOMEM);
	return save_text(saving, saving->directory, "oci-layout", &text);
}

static int copy_file(int from, int to)
{
	char piece[65536];
	ssize_t length;
	int error = 0;

	while (!error && (length = read(from, piece, sizeof(piece))) != 0) {
		if (length < 0 && errno == EINTR)
			continue;
		error = length < 0 ? -errno : file_write_all(to, piece, (size_t)length);
	}
	if (!error && fsync(to) < 0)
		error = -errno;
	return error;
}

static int copy_blob(const struct layout *layout, const struct digest *digest)
{
	cleanup_fd int from = blob_open(layout->saving->store, digest);
	cleanup_fd int to = -1;
	int error;

	if (from < 0)
		return from;
	to = confined_open(layout->blobs, digest->hex, O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (to < 0)
		return to;
	error = copy_file(from, to);
	if (error)
		(void)unlinkat(layout->blobs, digest->hex, 0);
	return error;
}

/* Several images may have it. */
static int put_blob(const struct layout *layout, const struct digest *digest)
{
	const struct image_store *store = layout->saving->store;
	int error = 0;

	if (!layout->saving->is_staged)
		error = copy_blob(layout, digest);
	else if (linkat(store->blobs_fd, digest->hex, layout->blobs, digest->hex, 0) < 0)
		error = -errno;
	return error && error != -EEXIST ? save_failed(layout->saving, digest->hex, error) : 0;
}

/* A manifest with Docker's media types becomes one with OCI's, of the same blobs. */
static int put_manifest(const struct layout *layout, struct image *image, struct descriptor *item)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	bool foreign = image->content.is_docker || image->content.config.is_docker;
	int error;

	for (size_t i = 0; !foreign && i < image->content.layers.count; i++)
		foreign = image->content.layers.items[i].is_docker;
	*item = image->manifest;
	if (!foreign)
		return put_blob(layout, &item->digest);
	manifest_make_oci(&image->content);
	error = manifest_write(&image->content, &text);
	if (!error)
		error = digest_of_bytes(buffer_string(&text), text.length, &item->digest);
	if (error)
		return save_failed(layout->saving, "the manifest", error);
	item->size = text.length;
	item->is_docker = false;
	if (faccessat(layout->blobs, item->digest.hex, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	return save_text(layout->saving, layout->blobs, item->digest.hex, &text);
}

static int put_image(struct layout *layout, const char *name)
{
	const struct saving *saving = layout->saving;
	cleanup_image struct image image = IMAGE_INIT;
	struct descriptor item;
	int error = image_open(saving->store, name, &image, saving->problem);

	if (error)
		return error;
	error = put_blob(layout, &image.id);
	for (size_t i = 0; !error && i < image.content.layers.count; i++)
		error = put_blob(layout, &image.content.layers.items[i].digest);
	if (!error)
		error = put_manifest(layout, &image, &item);
	if (!error && index_add(&layout->items, &item, save_reference(&image, name)) < 0)
		error = save_failed(saving, name, -ENOMEM);
	return error;
}

/* What makes the directory a layout comes last. */
static int finish(const struct layout *layout)
{
	const struct saving *saving = layout->saving;
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int error = index_write(&layout->items, &text);

	if (!error && !saving->is_staged && fsync(layout->blobs) < 0)
		error = -errno;
	if (error)
		return save_failed(saving, "index.json", error);
	return save_text(saving, saving->directory, "index.json", &text);
}

int save_layout(const struct saving *saving)
{
	struct layout layout = { .saving = saving, .blobs = -1 };
	int error = begin(&layout);

	for (size_t i = 0; !error && i < saving->count; i++)
		error = put_image(&layout, saving->names[i]);
	if (!error)
		error = finish(&layout);
	if (layout.blobs >= 0)
		(void)close(layout.blobs);
	descriptor_list_free(&layout.items);
	return error;
}
