/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Of load.h: what `docker save` writes. manifest.json is an array of objects with "Config", the path of a
 * configuration, "Layers", the paths of tars from the lowest up, and "RepoTags", names. (Docker Image
 * Specification v1.2, "Combined Image JSON + Filesystem Changeset Format".) There are no manifests of
 * blobs, so the store gets one of ours.
 */
#include "image/load_parts.h"

#include "base/cleanup.h"
#include "image/blobs.h"
#include "image/json_get.h"
#include "image/pack.h"
#include "image/tree_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define IMAGES_MAX 4096
#define LAYERS_MAX 1024

/* One image of manifest.json. */
struct docker_image {
	const char *config;
	struct string_list layers, names;
	struct image_config content;
	struct manifest manifest;
};

static void docker_image_free(struct docker_image *image)
{
	string_list_free(&image->layers);
	string_list_free(&image->names);
	image_config_free(&image->content);
	manifest_free(&image->manifest);
}

/* -- reading manifest.json -- */

static int read_names(const struct json_reader *reader, struct docker_image *image)
{
	struct string_list tags = STRING_LIST_INIT;
	int error = json_get_strings(reader, "RepoTags", &tags);

	for (size_t i = 0; !error && i < tags.count; i++)
		if (load_add_name(&image->names, tags.strings[i]) < 0)
			error = problem_set(reader->problem, -ENOMEM, "out of memory");
	string_list_free(&tags);
	return error;
}

static int read_image(const struct json_reader *reader, struct docker_image *image)
{
	int error = json_get_string(reader, "Config", &image->config);

	if (!error)
		error = json_get_strings(reader, "Layers", &image->layers);
	if (!error)
		error = read_names(reader, image);
	if (error)
		return error;
	if (!image->config)
		return json_member_is_wrong(reader, "Config", "missing");
	if (image->layers.count > LAYERS_MAX)
		return json_member_is_wrong(reader, "Layers", "too long");
	return 0;
}

/* -- taking its parts -- */

static int take_config(struct loading *loading, struct docker_image *image)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	struct descriptor *config = &image->manifest.config;
	char name[512];
	int error = tree_file_read(loading->directory, image->config, &text);

	if (error)
		return load_failed(loading, image->config, error);
	(void)snprintf(name, sizeof(name), "%s: %s", loading->what, image->config);
	error = image_config_parse(buffer_string(&text), text.length, name, &image->content,
				   loading->problem);
	if (error)
		return error;
	if (image->content.diff_id_count != image->layers.count)
		return problem_set(loading->problem, -EINVAL,
				   "%s: \"rootfs.diff_ids\" and the \"Layers\" of manifest.json "
				   "differ in number",
				   name);
	config->type = MEDIA_CONFIG;
	config->size = text.length;
	error = blob_put_bytes(loading->store, buffer_string(&text), text.length, &config->digest);
	return error ? load_failed(loading, image->config, error) : 0;
}

static int take_layer(struct loading *loading, struct docker_image *image, const char *path)
{
	struct descriptor *layer = descriptor_list_add(&image->manifest.layers);
	cleanup_fd int fd = tree_file_open(loading->directory, path);
	char what[512];
	int error;

	if (fd < 0 || !layer)
		return load_failed(loading, path, layer ? fd : -ENOMEM);
	(void)snprintf(what, sizeof(what), "%s: %s", loading->what, path);
	error = load_blob(loading, fd, NULL, what, &layer->digest, &layer->size);
	return error ? error : pack_layer_type(loading->store, layer, what, loading->problem);
}

static int add_manifest(struct loading *loading, struct docker_image *image)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	struct descriptor item = { .type = MEDIA_MANIFEST };
	int error = manifest_write(&image->manifest, &text);

	if (!error)
		error = blob_put_bytes(loading->store, buffer_string(&text), text.length,
				       &item.digest);
	if (error)
		return load_failed(loading, image->config, error);
	item.size = text.length;
	return load_add(loading, &item, &image->names);
}

static int load_one(struct loading *loading, const struct json_reader *reader)
{
	struct docker_image image = { 0 };
	int error = read_image(reader, &image);

	if (!error)
		error = take_config(loading, &image);
	for (size_t i = 0; !error && i < image.layers.count; i++)
		error = take_layer(loading, &image, image.layers.strings[i]);
	if (!error)
		error = add_manifest(loading, &image);
	docker_image_free(&image);
	return error;
}

int load_docker(struct loading *loading)
{
	CLEANUP(json_put) json_object *array = NULL;
	cleanup_buffer struct buffer text = BUFFER_INIT;
	char name[512];
	struct json_reader reader = { .document = name, .within = "", .problem = loading->problem };
	int error = tree_file_read(loading->directory, "manifest.json", &text);

	if (error)
		return load_failed(loading, "manifest.json", error);
	(void)snprintf(name, sizeof(name), "%s: manifest.json", loading->what);
	error = json_parse_document(buffer_string(&text), text.length, json_type_array, name,
				    &array, loading->problem);
	if (!error &&
	    (json_object_array_length(array) == 0 || json_object_array_length(array) > IMAGES_MAX))
		error = problem_set(loading->problem, -EINVAL, "%s holds no image, or too many",
				    name);
	for (size_t i = 0; !error && i < json_object_array_length(array); i++) {
		reader.object = json_object_array_get_idx(array, i);
		error = json_object_is_type(reader.object, json_type_object)
				? load_one(loading, &reader)
				: problem_set(loading->problem, -EINVAL,
					      "%s is no array of objects", name);
	}
	return error;
}
