/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/manifest.h"

#include "oci/json_get.h"

#include <errno.h>
#include <string.h>

/* More layers than any union takes, and more images than a layout has use for. */
#define LAYERS_MAX 1024
#define INDEX_MAX 65536

static const struct media {
	enum media_type type;
	const char *name, *docker_name, *other_name;
} medias[] = {
	{ MEDIA_INDEX, "application/vnd.oci.image.index.v1+json",
	  "application/vnd.docker.distribution.manifest.list.v2+json", NULL },
	{ MEDIA_MANIFEST, "application/vnd.oci.image.manifest.v1+json",
	  "application/vnd.docker.distribution.manifest.v2+json", NULL },
	{ MEDIA_CONFIG, "application/vnd.oci.image.config.v1+json",
	  "application/vnd.docker.container.image.v1+json", NULL },
	{ MEDIA_LAYER, "application/vnd.oci.image.layer.v1.tar",
	  "application/vnd.docker.image.rootfs.diff.tar",
	  "application/vnd.oci.image.layer.nondistributable.v1.tar" },
	{ MEDIA_LAYER_GZIP, "application/vnd.oci.image.layer.v1.tar+gzip",
	  "application/vnd.docker.image.rootfs.diff.tar.gzip",
	  "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip" },
	{ MEDIA_LAYER_ZSTD, "application/vnd.oci.image.layer.v1.tar+zstd",
	  "application/vnd.docker.image.rootfs.diff.tar.zstd",
	  "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd" },
};

static const struct media *find_media(const char *name)
{
	for (size_t i = 0; name && i < sizeof(medias) / sizeof(*medias); i++) {
		const struct media *media = &medias[i];

		if (strcmp(media->name, name) == 0 || strcmp(media->docker_name, name) == 0 ||
		    (media->other_name && strcmp(media->other_name, name) == 0))
			return media;
	}
	return NULL;
}

enum media_type media_type_of(const char *name)
{
	const struct media *media = find_media(name);

	return media ? media->type : MEDIA_OTHER;
}

const char *media_type_name(enum media_type type, bool docker)
{
	for (size_t i = 0; i < sizeof(medias) / sizeof(*medias); i++)
		if (medias[i].type == type)
			return docker ? medias[i].docker_name : medias[i].name;
	return NULL;
}

bool media_type_is_layer(enum media_type type)
{
	return type == MEDIA_LAYER || type == MEDIA_LAYER_GZIP || type == MEDIA_LAYER_ZSTD;
}

/* -- lists -- */

void descriptor_free(struct descriptor *descriptor)
{
	free(descriptor->reference);
	free(descriptor->architecture);
	free(descriptor->os);
	*descriptor = (struct descriptor){ 0 };
}

struct descriptor *descriptor_list_add(struct descriptor_list *list)
{
	struct descriptor *items = reallocarray(list->items, list->count + 1, sizeof(*list->items));

	if (!items)
		return NULL;
	list->items = items;
	items[list->count] = (struct descriptor){ 0 };
	return &items[list->count++];
}

static char *copy_string(const char *string, int *error)
{
	char *copy = string ? strdup(string) : NULL;

	if (string && !copy)
		*error = -ENOMEM;
	return copy;
}

int descriptor_list_copy(struct descriptor_list *list, const struct descriptor *descriptor)
{
	struct descriptor *copy = descriptor_list_add(list);
	int error = 0;

	if (!copy)
		return -ENOMEM;
	*copy = *descriptor;
	copy->reference = copy_string(descriptor->reference, &error);
	copy->architecture = copy_string(descriptor->architecture, &error);
	copy->os = copy_string(descriptor->os, &error);
	if (error)
		descriptor_list_remove(list, list->count - 1);
	return error;
}

void descriptor_list_remove(struct descriptor_list *list, size_t i)
{
	descriptor_free(&list->items[i]);
	list->count--;
	memmove(&list->items[i], &list->items[i + 1], (list->count - i) * sizeof(*list->items));
}

void descriptor_list_free(struct descriptor_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		descriptor_free(&list->items[i]);
	free(list->items);
	*list = (struct descriptor_list){ 0 };
}

void manifest_free(struct manifest *manifest)
{
	descriptor_free(&manifest->config);
	descriptor_list_free(&manifest->layers);
	*manifest = (struct manifest){ 0 };
}

/* -- reading -- */

static int read_copy(const struct json_reader *reader, const char *key, char **ret_copy)
{
	const char *string = NULL;
	int error = json_get_string(reader, key, &string);

	if (error || !string)
		return error;
	*ret_copy = strdup(string);
	return *ret_copy ? 0 : problem_set(reader->problem, -ENOMEM, "out of memory");
}

static int read_platform(const struct json_reader *reader, struct descriptor *descriptor)
{
	struct json_reader platform = *reader;
	int error;

	platform.object = NULL;
	platform.within = "platform.";
	error = json_get_object(reader, "platform", &platform.object);
	if (error || !platform.object)
		return error;
	error = read_copy(&platform, "architecture", &descriptor->architecture);
	return error ? error : read_copy(&platform, "os", &descriptor->os);
}

static int read_annotations(const struct json_reader *reader, struct descriptor *descriptor)
{
	struct json_reader annotations = *reader;
	int error;

	annotations.object = NULL;
	annotations.within = "annotations.";
	error = json_get_object(reader, "annotations", &annotations.object);
	if (error || !annotations.object)
		return error;
	error = read_copy(&annotations, ANNOTATION_CONTAINERD_NAME, &descriptor->reference);
	if (error || descriptor->reference)
		return error;
	return read_copy(&annotations, ANNOTATION_REFERENCE, &descriptor->reference);
}

/* *descriptor is zeroed before, and to be freed by the caller also on failure. */
static int read_descriptor(const struct json_reader *reader, struct descriptor *descriptor)
{
	const char *media_type = NULL, *digest = NULL;
	const struct media *media;
	uint64_t size = UINT64_MAX;
	int error = json_get_string(reader, "mediaType", &media_type);

	if (!error)
		error = json_get_string(reader, "digest", &digest);
	if (!error)
		error = json_get_number(reader, "size", INT64_MAX, &size);
	if (!error)
		error = read_platform(reader, descriptor);
	if (!error)
		error = read_annotations(reader, descriptor);
	if (error)
		return error;
	if (!digest || digest_parse(digest, &descriptor->digest) < 0)
		return json_member_is_wrong(reader, "digest",
					    "no sha256: with 64 hexadecimal digits");
	if (size == UINT64_MAX)
		return json_member_is_wrong(reader, "size", "missing");
	media = find_media(media_type);
	descriptor->size = size;
	descriptor->type = media ? media->type : MEDIA_OTHER;
	descriptor->is_docker = media && strcmp(media->docker_name, media_type) == 0;
	return 0;
}

static int read_descriptors(const struct json_reader *reader, const char *key, size_t maximum,
			    struct descriptor_list *list)
{
	struct json_reader item = *reader;
	json_object *array = NULL;
	int error = json_get_array(reader, key, maximum, &array);

	if (!error && !array)
		return json_member_is_wrong(reader, key, "missing");
	for (size_t i = 0; !error && i < json_object_array_length(array); i++) {
		struct descriptor *descriptor = descriptor_list_add(list);

		item.object = json_object_array_get_idx(array, i);
		if (!json_object_is_type(item.object, json_type_object))
			return json_member_is_wrong(reader, key, "no array of objects");
		error = descriptor ? read_descriptor(&item, descriptor)
				   : problem_set(reader->problem, -ENOMEM, "out of memory");
	}
	return error;
}

/* schemaVersion 2, and a mediaType that fits, if one is there. */
static int check_kind(const struct json_reader *reader, enum media_type wanted, bool *ret_docker)
{
	const char *media_type = NULL;
	uint64_t version = 0;
	int error = json_get_number(reader, "schemaVersion", INT64_MAX, &version);

	if (!error)
		error = json_get_string(reader, "mediaType", &media_type);
	if (error)
		return error;
	if (version != 2)
		return json_member_is_wrong(reader, "schemaVersion", "not 2");
	if (media_type && media_type_of(media_type) != wanted)
		return json_member_is_wrong(reader, "mediaType", "that of something else");
	*ret_docker = media_type && strcmp(media_type, media_type_name(wanted, true)) == 0;
	return 0;
}

static int read_manifest(const struct json_reader *reader, struct manifest *manifest)
{
	struct json_reader config = *reader;
	int error = check_kind(reader, MEDIA_MANIFEST, &manifest->is_docker);

	config.object = NULL;
	config.within = "config.";
	if (!error)
		error = json_get_object(reader, "config", &config.object);
	if (error)
		return error;
	if (!config.object)
		return json_member_is_wrong(reader, "config", "missing");
	error = read_descriptor(&config, &manifest->config);
	if (!error && manifest->config.type != MEDIA_CONFIG)
		return problem_set(reader->problem, -ENOTSUP,
				   "%s is that of something else than an image", reader->document);
	if (!error)
		error = read_descriptors(reader, "layers", LAYERS_MAX, &manifest->layers);
	for (size_t i = 0; !error && i < manifest->layers.count; i++) {
		const struct descriptor *layer = &manifest->layers.items[i];

		if (!media_type_is_layer(layer->type))
			error = problem_set(reader->problem, -ENOTSUP,
					    "%s has a layer of an unknown media type",
					    reader->document);
	}
	return error;
}

int manifest_parse(const char *text, size_t length, const char *document,
		   struct manifest *ret_manifest, struct problem *problem)
{
	CLEANUP(json_put) json_object *object = NULL;
	cleanup_manifest struct manifest manifest = { 0 };
	struct json_reader reader = { .document = document, .within = "", .problem = problem };
	int error = json_parse_document(text, length, json_type_object, document, &object, problem);

	reader.object = object;
	if (!error)
		error = read_manifest(&reader, &manifest);
	if (error)
		return error;
	*ret_manifest = manifest;
	manifest = (struct manifest){ 0 };
	return 0;
}

int index_parse(const char *text, size_t length, const char *document,
		struct descriptor_list *ret_items, struct problem *problem)
{
	CLEANUP(json_put) json_object *object = NULL;
	cleanup_descriptor_list struct descriptor_list items = { 0 };
	struct json_reader reader = { .document = document, .within = "", .problem = problem };
	bool is_docker;
	int error = json_parse_document(text, length, json_type_object, document, &object, problem);

	reader.object = object;
	if (!error)
		error = check_kind(&reader, MEDIA_INDEX, &is_docker);
	reader.within = "manifests.";
	if (!error)
		error = read_descriptors(&reader, "manifests", INDEX_MAX, &items);
	if (error)
		return error;
	*ret_items = items;
	items = (struct descriptor_list){ 0 };
	return 0;
}
