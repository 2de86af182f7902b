/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/layers.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "base/file_data.h"
#include "oci/json_build.h"
#include "oci/json_get.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define LAYER_FILE "layer.json"

const char *layers_directory(const struct image_store *store)
{
	return store->maps.single ? "layers-single" : "layers";
}

/* -- layer.json -- */

int layer_write_facts(int directory, const struct layer_facts *facts)
{
	CLEANUP(json_put) json_object *object = json_object_new_object();
	cleanup_buffer struct buffer text = BUFFER_INIT;
	char digest[DIGEST_TEXT_SIZE];
	cleanup_fd int fd = -1;
	int error =
		object ? json_add_string(object, "diff_id", digest_text(&facts->diff_id, digest))
		       : -ENOMEM;

	if (!error)
		error = json_add_number(object, "size", facts->size);
	if (!error)
		error = json_write(object, &text);
	if (error)
		return error;
	fd = confined_open(directory, LAYER_FILE, O_WRONLY | O_CREAT | O_EXCL, 0600);
	return fd < 0 ? fd : file_write_all(fd, buffer_string(&text), text.length);
}

static int read_facts(int directory, struct layer_facts *ret_facts)
{
	CLEANUP(json_put) json_object *object = NULL;
	cleanup_buffer struct buffer text = BUFFER_INIT;
	cleanup_fd int fd = confined_open_regular(directory, LAYER_FILE, O_RDONLY);
	struct json_reader reader = { .document = LAYER_FILE, .within = "" };
	struct layer_facts facts = { 0 };
	const char *diff_id = NULL;
	int error = fd < 0 ? fd : file_read_all(fd, JSON_DOCUMENT_MAX, &text);

	if (!error)
		error = json_parse_document(buffer_string(&text), text.length, json_type_object,
					    LAYER_FILE, &object, NULL);
	reader.object = object;
	if (!error)
		error = json_get_string(&reader, "diff_id", &diff_id);
	if (!error)
		error = json_get_number(&reader, "size", INT64_MAX, &facts.size);
	if (!error && (!diff_id || digest_parse(diff_id, &facts.diff_id) < 0))
		error = -EINVAL;
	if (!error)
		*ret_facts = facts;
	return error;
}

/* -- what is there -- */

bool layer_exists(const struct image_store *store, const struct digest *diff_id)
{
	return faccessat(store->layers_fd, diff_id->hex, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int layer_add_path(const struct image_store *store, const struct digest *diff_id,
		   struct string_list *paths)
{
	return string_list_add_format(paths, "%s/%s/%s/" LAYER_ROOT, store->path,
				      layers_directory(store), diff_id->hex);
}

uint64_t layer_size(const struct image_store *store, const struct digest *diff_id)
{
	cleanup_fd int fd =
		confined_open(store->layers_fd, diff_id->hex, O_RDONLY | O_DIRECTORY, 0);
	struct layer_facts facts;

	return fd >= 0 && read_facts(fd, &facts) == 0 ? facts.size : 0;
}

int image_layers(const struct image_store *store, const struct image *image,
		 struct string_list *ret_paths, struct problem *problem)
{
	struct string_list paths = STRING_LIST_INIT;
	char text[DIGEST_TEXT_SIZE];
	int error = 0;

	for (size_t i = image->config.diff_id_count; !error && i-- > 0;) {
		const struct digest *diff_id = &image->config.diff_ids[i];

		if (!layer_exists(store, diff_id))
			error = problem_set(problem, -ENOENT, "the layer %s is not unpacked",
					    digest_text(diff_id, text));
		else if (layer_add_path(store, diff_id, &paths) < 0)
			error = problem_set(problem, -ENOMEM, "out of memory");
	}
	if (error) {
		string_list_free(&paths);
		return error;
	}
	*ret_paths = paths;
	return 0;
}

uint64_t image_size(const struct image_store *store, const struct image *image)
{
	uint64_t size = 0;

	for (size_t i = 0; i < image->config.diff_id_count; i++)
		size += layer_size(store, &image->config.diff_ids[i]);
	return size;
}
