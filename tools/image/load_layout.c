/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of load.h: OCI image layouts, whose blobs are taken as they are. */
#include "image/load_parts.h"

#include "image/blobs.h"

#include <errno.h>

/* Takes a blob into the store, verified. */
static int take_blob(const struct loading *loading, const struct descriptor *blob)
{
	char path[SAVED_BLOB_PATH_SIZE];
	struct digest digest;
	uint64_t size;

	if (blob_exists_whole(loading->store, blob))
		return 0;
	return load_blob(loading, saved_blob_path(&blob->digest, path), blob, &digest, &size);
}

int load_layout(const struct loading *loading, const struct saved_image *image,
		struct descriptor *ret_manifest)
{
	int error = take_blob(loading, &image->manifest);

	if (!error)
		error = take_blob(loading, &image->content.config);
	for (size_t i = 0; !error && i < image->content.layers.count; i++)
		error = take_blob(loading, &image->content.layers.items[i]);
	if (!error)
		*ret_manifest = image->manifest;
	return error;
}
