/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Of saved.h: what `docker save` writes. manifest.json is an array of objects with "Config", the path of a
 * configuration, "Layers", the paths of tars from the lowest up, and "RepoTags", names. There are no manifests of
 * blobs.
 */
#include "oci/saved_parts.h"

#include "base/cleanup.h"
#include "oci/json_get.h"
#include "oci/tree_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define IMAGES_MAX 4096
#define LAYERS_MAX 1024

static int out_of_memory(struct problem *problem)
{
	return problem_set(problem, -ENOMEM, "out of memory");
}

static int read_names(const struct json_reader *reader, struct saved_item *item)
{
	struct string_list tags = STRING_LIST_INIT;
	int error = json_get_strings(reader, "RepoTags", &tags);

	for (size_t i = 0; !error && i < tags.count; i++)
		if (saved_item_add_name(item, tags.strings[i]) < 0)
			error = out_of_memory(reader->problem);
	string_list_free(&tags);
	return error;
}

static int read_item(const struct json_reader *reader, struct saved_item *item)
{
	const char *config = NULL;
	int error = json_get_string(reader, "Config", &config);

	if (!error)
		error = json_get_strings(reader, "Layers", &item->layers);
	if (!error)
		error = read_names(reader, item);
	if (error)
		return error;
	if (!config)
		return json_member_is_wrong(reader, "Config", "missing");
	if (item->layers.count > LAYERS_MAX)
		return json_member_is_wrong(reader, "Layers", "too long");
	item->config = strdup(config);
	return item->config ? 0 : out_of_memory(reader->problem);
}

int saved_docker_parse(const char *text, size_t length, const char *document,
		       struct saved_list *list, struct problem *problem)
{
	CLEANUP(json_put) json_object *array = NULL;
	struct json_reader reader = { .document = document, .within = "", .problem = problem };
	int error = json_parse_document(text, length, json_type_array, document, &array, problem);

	if (!error &&
	    (json_object_array_length(array) == 0 || json_object_array_length(array) > IMAGES_MAX))
		error = problem_set(problem, -EINVAL, "%s holds no image, or too many", document);
	for (size_t i = 0; !error && i < json_object_array_length(array); i++) {
		struct saved_item *item = saved_list_add(list);

		reader.object = json_object_array_get_idx(array, i);
		if (!item)
			error = out_of_memory(problem);
		else if (!json_object_is_type(reader.object, json_type_object))
			error = problem_set(problem, -EINVAL, "%s is no array of objects",
					    document);
		else
			error = read_item(&reader, item);
	}
	return error;
}

int saved_docker_list(const struct saved_place *place, struct saved_list *list,
		      struct problem *problem)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	char name[SAVED_NAME_SIZE];
	int error = tree_file_read(place->directory, "manifest.json", &text);

	if (error)
		return saved_failed(place, "manifest.json", error, problem);
	return saved_docker_parse(buffer_string(&text), text.length,
				  saved_name(place, "manifest.json", name), list, problem);
}

int saved_docker_read(const struct saved_place *place, const struct saved_item *item,
		      struct saved_image *image, struct problem *problem)
{
	struct descriptor *config = &image->content.config;
	struct buffer *text = &image->config_text;
	int error = tree_file_read(place->directory, item->config, text);

	if (error)
		return saved_failed(place, item->config, error, problem);
	for (size_t i = 0; !error && i < item->layers.count; i++)
		error = string_list_add(&image->layers, item->layers.strings[i]);
	if (error)
		return out_of_memory(problem);
	error = saved_image_read_config(place, item->config, "the \"Layers\" of manifest.json",
					image, problem);
	if (error)
		return error;
	config->type = MEDIA_CONFIG;
	config->size = text->length;
	error = digest_of_bytes(buffer_string(text), text->length, &config->digest);
	return error ? saved_failed(place, item->config, error, problem) : 0;
}
