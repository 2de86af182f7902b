/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of save.h: archives as `docker save` writes them; load_docker.c says how they are. */
#include "image/save_parts.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "image/blobs.h"
#include "image/pack.h"
#include "oci/json_build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define FILE_NAME_SIZE (DIGEST_HEX_LENGTH + 8)

/* The tar itself, under its diff id. */
static int put_layer(const struct saving *saving, const struct descriptor *layer,
		     const char *file_name)
{
	cleanup_fd int to = -1;

	if (layer->type == MEDIA_LAYER) {
		if (linkat(saving->store->blobs_fd, layer->digest.hex, saving->directory, file_name,
			   0) < 0 &&
		    errno != EEXIST)
			return save_failed(saving, file_name, -errno);
		return 0;
	}
	to = confined_open(saving->directory, file_name, O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (to == -EEXIST)
		return 0;
	if (to < 0)
		return save_failed(saving, file_name, to);
	return pack_expand(saving->store, layer, to, saving->what, saving->problem);
}

static int put_layers(const struct saving *saving, const struct image *image, json_object *entry)
{
	json_object *layers = json_add_array(entry, "Layers");
	int error = layers ? 0 : save_failed(saving, "manifest.json", -ENOMEM);

	for (size_t i = 0; !error && i < image->content.layers.count; i++) {
		char file_name[FILE_NAME_SIZE];

		(void)snprintf(file_name, sizeof(file_name), "%s.tar",
			       image->config.diff_ids[i].hex);
		error = put_layer(saving, &image->content.layers.items[i], file_name);
		if (!error && json_append_string(layers, file_name) < 0)
			error = save_failed(saving, "manifest.json", -ENOMEM);
	}
	return error;
}

static int put_config(const struct saving *saving, const struct image *image, json_object *entry)
{
	char file_name[FILE_NAME_SIZE];

	(void)snprintf(file_name, sizeof(file_name), "%s.json", image->id.hex);
	if (linkat(saving->store->blobs_fd, image->id.hex, saving->directory, file_name, 0) < 0 &&
	    errno != EEXIST)
		return save_failed(saving, file_name, -errno);
	if (json_add_string(entry, "Config", file_name) < 0)
		return save_failed(saving, "manifest.json", -ENOMEM);
	return 0;
}

/* The entry of that configuration, so that an image with several names has one. */
static json_object *find_entry(json_object *entries, const struct image *image)
{
	for (size_t i = 0; i < json_object_array_length(entries); i++) {
		json_object *entry = json_object_array_get_idx(entries, i);
		const char *config =
			json_object_get_string(json_object_object_get(entry, "Config"));

		if (config && strncmp(config, image->id.hex, DIGEST_HEX_LENGTH) == 0)
			return entry;
	}
	return NULL;
}

static int put_image(const struct saving *saving, json_object *entries, const char *name)
{
	cleanup_image struct image image = IMAGE_INIT;
	json_object *entry;
	const char *reference;
	int error = image_open(saving->store, name, &image, saving->problem);

	if (error)
		return error;
	reference = save_reference(&image, name);
	entry = find_entry(entries, &image);
	if (!entry) {
		entry = json_append_object(entries);
		error = entry ? put_config(saving, &image, entry)
			      : save_failed(saving, "manifest.json", -ENOMEM);
		if (!error && !json_add_array(entry, "RepoTags"))
			error = save_failed(saving, "manifest.json", -ENOMEM);
		if (!error)
			error = put_layers(saving, &image, entry);
	}
	if (!error && reference &&
	    json_append_string(json_object_object_get(entry, "RepoTags"), reference) < 0)
		error = save_failed(saving, "manifest.json", -ENOMEM);
	return error;
}

int save_docker(const struct saving *saving)
{
	CLEANUP(json_put) json_object *entries = json_object_new_array();
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int error = entries ? 0 : save_failed(saving, "manifest.json", -ENOMEM);

	for (size_t i = 0; !error && i < saving->count; i++)
		error = put_image(saving, entries, saving->names[i]);
	if (!error && json_write(entries, &text) < 0)
		error = save_failed(saving, "manifest.json", -ENOMEM);
	return error ? error : save_text(saving, saving->directory, "manifest.json", &text);
}
