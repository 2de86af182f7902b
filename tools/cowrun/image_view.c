/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/image_view.h"

#include "cowrun/human_text.h"
#include "image/layers.h"
#include "oci/json_build.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NONE "<none>"

static int put_text(json_object *object, const char *key, const char *text)
{
	return json_add_string(object, key, text ? text : "");
}

int image_view_times(json_object *object, const char *created)
{
	char age[HUMAN_TEXT_SIZE];
	int error = put_text(object, "CreatedAt", created);

	age_text(created, age);
	return error ? error : put_text(object, "CreatedSince", age);
}

static int put_size(json_object *object, uint64_t size)
{
	char text[HUMAN_TEXT_SIZE];

	size_text(size, text);
	return put_text(object, "Size", text);
}

int image_view_name(json_object *object, const char *reference)
{
	const char *colon = reference ? reference_tag_separator(reference) : NULL;
	cleanup_free char *name = colon ? strndup(reference, (size_t)(colon - reference)) : NULL;
	int error;

	if (colon && !name)
		return -ENOMEM;
	error = json_add_string(object, "Repository", name ? name : NONE);
	return error ? error : json_add_string(object, "Tag", colon ? colon + 1 : NONE);
}

json_object *image_view_line(const struct image_store *store, const struct image *image)
{
	CLEANUP(json_put) json_object *object = json_object_new_object();
	char digest[DIGEST_TEXT_SIZE];
	int error = object ? image_view_name(object, image->reference) : -ENOMEM;

	if (!error)
		error = json_add_string(object, "Digest",
					digest_text(&image->manifest.digest, digest));
	if (!error)
		error = json_add_string(object, "ID", digest_text(&image->id, digest));
	if (!error)
		error = image_view_times(object, image->config.created);
	if (!error)
		error = put_size(object, image_size(store, image));
	return error ? NULL : steal_pointer(&object);
}

/* -- inspect -- */

/* NAME@sha256:DIGEST of each name. */
static int put_digests(json_object *object, const struct image *image,
		       const struct string_list *names)
{
	json_object *array = json_add_array(object, "RepoDigests");
	int error = array ? 0 : -ENOMEM;

	for (size_t i = 0; !error && i < names->count; i++) {
		const char *name = names->strings[i];
		cleanup_free char *text = NULL;

		if (asprintf(&text, "%.*s@" DIGEST_PREFIX "%s",
			     (int)(reference_tag_separator(name) - name), name,
			     image->manifest.digest.hex) < 0) {
			text = NULL;
			return -ENOMEM;
		}
		error = json_append_string(array, text);
	}
	return error;
}

static int put_root(json_object *object, const struct image *image)
{
	json_object *root = json_add_object(object, "RootFS");
	json_object *layers;
	int error = root ? json_add_string(root, "Type", "layers") : -ENOMEM;

	if (error)
		return error;
	layers = json_add_array(root, "Layers");
	if (!layers)
		return -ENOMEM;
	for (size_t i = 0; !error && i < image->config.diff_id_count; i++) {
		char digest[DIGEST_TEXT_SIZE];

		error = json_append_string(layers, digest_text(&image->config.diff_ids[i], digest));
	}
	return error;
}

/* The documents' own members, as they stand. */
static int put_config(json_object *object, const struct image *image)
{
	json_object *config = NULL;

	if (!json_object_object_get_ex(image->config.object, "config", &config) || !config)
		return json_add_object(object, "Config") ? 0 : -ENOMEM;
	return json_add(object, "Config", json_object_get(config));
}

static int put_history(json_object *object, const struct image *image)
{
	json_object *history = NULL;

	if (!json_object_object_get_ex(image->config.object, "history", &history) || !history)
		return json_add_array(object, "History") ? 0 : -ENOMEM;
	return json_add(object, "History", json_object_get(history));
}

static const char *last_comment(const struct image_config *config)
{
	return config->history_count ? config->history[config->history_count - 1].comment : NULL;
}

static int put_facts(json_object *object, const struct image_store *store,
		     const struct image *image)
{
	const struct image_config *config = &image->config;
	int error = put_text(object, "Comment", last_comment(config));

	if (!error)
		error = put_text(object, "Created", config->created);
	if (!error)
		error = put_text(object, "Author", config->author);
	if (!error)
		error = put_config(object, image);
	if (!error)
		error = put_text(object, "Architecture", config->architecture);
	if (!error && config->variant)
		error = put_text(object, "Variant", config->variant);
	if (!error)
		error = put_text(object, "Os", config->os);
	return error ? error : json_add_number(object, "Size", image_size(store, image));
}

json_object *image_view_inspect(const struct image_store *store, const struct image *image,
				const struct string_list *names)
{
	CLEANUP(json_put) json_object *object = json_object_new_object();
	char digest[DIGEST_TEXT_SIZE];
	int error =
		object ? json_add_string(object, "Id", digest_text(&image->id, digest)) : -ENOMEM;

	if (!error)
		error = json_add_strings(object, "RepoTags", names);
	if (!error)
		error = put_digests(object, image, names);
	if (!error)
		error = json_add_string(object, "Digest",
					digest_text(&image->manifest.digest, digest));
	if (!error)
		error = put_facts(object, store, image);
	if (!error)
		error = put_root(object, image);
	if (!error)
		error = put_history(object, image);
	return error ? NULL : steal_pointer(&object);
}

/* -- history -- */

/* The bytes of the layer that came with a step; steps and layers are in the same order. */
static uint64_t step_size(const struct image_store *store, const struct image *image, size_t step)
{
	size_t layer = 0;

	if (image->config.history[step].empty_layer)
		return 0;
	for (size_t i = 0; i < step; i++)
		layer += !image->config.history[i].empty_layer;
	return layer < image->config.diff_id_count
		       ? layer_size(store, &image->config.diff_ids[layer])
		       : 0;
}

json_object *image_view_step(const struct image_store *store, const struct image *image,
			     size_t step)
{
	CLEANUP(json_put) json_object *object = json_object_new_object();
	const struct image_history *history = &image->config.history[step];
	bool last = step + 1 == image->config.history_count;
	char digest[DIGEST_TEXT_SIZE];
	int error = object ? json_add_string(object, "ID",
					     last ? digest_text(&image->id, digest) : "<missing>")
			   : -ENOMEM;

	if (!error)
		error = image_view_times(object, history->created);
	if (!error)
		error = put_text(object, "CreatedBy", history->created_by);
	if (!error)
		error = put_size(object, step_size(store, image, step));
	if (!error)
		error = put_text(object, "Comment", history->comment);
	return error ? NULL : steal_pointer(&object);
}
