/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of manifest.h: the texts that we write. */
#include "oci/json_build.h"
#include "oci/manifest.h"

#include <errno.h>

static int put_descriptor(json_object *object, const struct descriptor *descriptor)
{
	char digest[DIGEST_TEXT_SIZE];
	json_object *annotations;
	int error = json_add_string(object, "mediaType",
				    media_type_name(descriptor->type, descriptor->is_docker));

	if (!error)
		error = json_add_string(object, "digest", digest_text(&descriptor->digest, digest));
	if (!error)
		error = json_add_number(object, "size", descriptor->size);
	if (error || !descriptor->reference)
		return error;
	annotations = json_add_object(object, "annotations");
	return annotations
		       ? json_add_string(annotations, ANNOTATION_REFERENCE, descriptor->reference)
		       : -ENOMEM;
}

static int put_descriptors(json_object *object, const char *key, const struct descriptor_list *list)
{
	json_object *array = json_add_array(object, key);
	int error = array ? 0 : -ENOMEM;

	for (size_t i = 0; !error && i < list->count; i++) {
		json_object *item = json_append_object(array);

		error = item ? put_descriptor(item, &list->items[i]) : -ENOMEM;
	}
	return error;
}

static int begin(json_object *object, enum media_type type, bool docker)
{
	int error = object ? json_add_number(object, "schemaVersion", 2) : -ENOMEM;

	return error ? error : json_add_string(object, "mediaType", media_type_name(type, docker));
}

void manifest_make_oci(struct manifest *manifest)
{
	manifest->is_docker = manifest->config.is_docker = false;
	for (size_t i = 0; i < manifest->layers.count; i++)
		manifest->layers.items[i].is_docker = false;
}

int manifest_write(const struct manifest *manifest, struct buffer *text)
{
	CLEANUP(json_put) json_object *object = json_object_new_object();
	json_object *config;
	int error = begin(object, MEDIA_MANIFEST, manifest->is_docker);

	if (error)
		return error;
	config = json_add_object(object, "config");
	error = config ? put_descriptor(config, &manifest->config) : -ENOMEM;
	if (!error)
		error = put_descriptors(object, "layers", &manifest->layers);
	return error ? error : json_write(object, text);
}

int index_write(const struct descriptor_list *items, struct buffer *text)
{
	CLEANUP(json_put) json_object *object = json_object_new_object();
	int error = begin(object, MEDIA_INDEX, false);

	if (!error)
		error = put_descriptors(object, "manifests", items);
	return error ? error : json_write(object, text);
}
