/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Manifests and indexes: which blobs an image consists of, and which images a layout holds. By the
 * OCI image-spec (descriptor.md, manifest.md, image-index.md, media-types.md); Docker's schema 2 says the
 * same with other media types. Nothing here knows where the blobs are.
 */
#pragma once

#include "base/buffer.h"
#include "base/json.h"
#include "base/problem.h"
#include "oci/digest.h"

#include <stdint.h>

enum media_type {
	MEDIA_OTHER, /* nothing that we know what to do with */
	MEDIA_INDEX,
	MEDIA_MANIFEST,
	MEDIA_CONFIG,
	MEDIA_LAYER,
	MEDIA_LAYER_GZIP,
	MEDIA_LAYER_ZSTD,
};

/* MEDIA_OTHER for NULL and whatever is not listed; Docker's names are taken as well. */
enum media_type media_type_of(const char *name);
/* OCI's name, or Docker's. Not of MEDIA_OTHER. */
const char *media_type_name(enum media_type type, bool docker);
bool media_type_is_layer(enum media_type type);

/* The annotation of a descriptor in an index that says how the image is called. */
#define ANNOTATION_REFERENCE "org.opencontainers.image.ref.name"
/* Newer docker puts the whole name here, and only the tag there. */
#define ANNOTATION_CONTAINERD_NAME "io.containerd.image.name"

/* A blob as another document names it. */
struct descriptor {
	enum media_type type;
	struct digest digest;
	uint64_t size;
	bool is_docker;	    /* the media type was one of Docker's */
	char *reference;    /* how it is called, by its annotations, or NULL; owned */
	char *architecture; /* of the platform, or NULL; owned */
	char *os;
};

void descriptor_free(struct descriptor *descriptor);

struct descriptor_list {
	struct descriptor *items;
	size_t count;
};

/* A zeroed descriptor at the end, owned by the list, or NULL when there is no memory. */
struct descriptor *descriptor_list_add(struct descriptor_list *list);
/* Appends a copy. 0 or -ENOMEM. */
int descriptor_list_copy(struct descriptor_list *list, const struct descriptor *descriptor);
void descriptor_list_remove(struct descriptor_list *list, size_t i);
void descriptor_list_free(struct descriptor_list *list);

#define cleanup_descriptor_list __attribute__((cleanup(descriptor_list_free)))

struct manifest {
	struct descriptor config;
	struct descriptor_list layers; /* the lowest first */
	bool is_docker;		       /* its own media type is Docker's */
};

void manifest_free(struct manifest *manifest);

#define cleanup_manifest __attribute__((cleanup(manifest_free)))

/*
 * Reads one. `document` names it in problems. 0, -EINVAL when it is not as the specification has it,
 * -ENOTSUP for artifacts that are no images, -EFBIG, -ENOMEM.
 */
int manifest_parse(const char *text, size_t length, const char *document,
		   struct manifest *ret_manifest, struct problem *problem);
/* The same for an index; an item of unknown type is kept as MEDIA_OTHER. */
int index_parse(const char *text, size_t length, const char *document,
		struct descriptor_list *ret_items, struct problem *problem);

/* Makes all media types in it OCI's. */
void manifest_make_oci(struct manifest *manifest);

/* The text of each, the same for the same content. 0 or -ENOMEM. */
int manifest_write(const struct manifest *manifest, struct buffer *text);
int index_write(const struct descriptor_list *items, struct buffer *text);
