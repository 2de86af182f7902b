/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of load.h: what `docker save` writes. There are no manifests of blobs, so the store gets one of ours. */
#include "image/load_parts.h"

#include "base/cleanup.h"
#include "image/blobs.h"
#include "image/pack.h"

#include <errno.h>
#include <stdio.h>

static int take_config(const struct loading *loading, struct saved_image *image)
{
	const struct buffer *text = &image->config_text;
	int error = blob_put_bytes(loading->store, buffer_string(text), text->length,
				   &image->content.config.digest);

	return error ? saved_failed(&loading->place, "its configuration", error, loading->problem)
		     : 0;
}

static int take_layer(const struct loading *loading, struct saved_image *image, const char *path)
{
	struct descriptor *layer = descriptor_list_add(&image->content.layers);
	char what[512];
	int error;

	if (!layer)
		return problem_set(loading->problem, -ENOMEM, "out of memory");
	error = load_blob(loading, path, NULL, &layer->digest, &layer->size);
	if (error)
		return error;
	(void)snprintf(what, sizeof(what), "%s: %s", loading->place.what, path);
	return pack_layer_type(loading->store, layer, what, loading->problem);
}

int load_docker(const struct loading *loading, struct saved_image *image,
		struct descriptor *ret_manifest)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	struct descriptor manifest = { .type = MEDIA_MANIFEST };
	int error = take_config(loading, image);

	for (size_t i = 0; !error && i < image->layers.count; i++)
		error = take_layer(loading, image, image->layers.strings[i]);
	if (error)
		return error;
	error = manifest_write(&image->content, &text);
	if (!error)
		error = blob_put_bytes(loading->store, buffer_string(&text), text.length,
				       &manifest.digest);
	if (error)
		return saved_failed(&loading->place, "its manifest", error, loading->problem);
	manifest.size = text.length;
	*ret_manifest = manifest;
	return 0;
}
