/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images as programs hand them over in a directory: an OCI image layout (image-layout.md), or what `docker save` writes, a
 * manifest.json beside the configurations and layers that it names (Docker Image Specification v1.2, "Combined Image JSON +
 * Filesystem Changeset Format"). Newer docker writes both at once; then the layout counts.
 *
 * First which images there are, then the documents of one of them; its layers are only opened here. All of it is hostile: paths
 * lead nowhere else (tree_file.h), documents are of bounded size, and what has a digest is verified.
 */
#pragma once

#include "base/buffer.h"
#include "base/problem.h"
#include "base/string_list.h"
#include "oci/config.h"
#include "oci/manifest.h"

enum saved_kind { SAVED_NOTHING, SAVED_LAYOUT, SAVED_DOCKER };

/* What problems are about. */
struct saved_place {
	int directory;	  /* readable */
	const char *what; /* how people call it */
};

/* By the files it holds: index.json, or else manifest.json. */
enum saved_kind saved_kind_of(int directory);

/* An image that is there. */
struct saved_item {
	struct string_list names; /* full references (reference.h) */
	/* Of a layout: a manifest, or an index of one image for several machines. Else of type MEDIA_OTHER. */
	struct descriptor descriptor;
	/* Of docker's. */
	char *config;		   /* a path */
	struct string_list layers; /* paths, the lowest first */
};

struct saved_list {
	enum saved_kind kind;
	struct saved_item *items;
	size_t count; /* not 0 */
};

void saved_list_free(struct saved_list *list);

#define cleanup_saved_list __attribute__((cleanup(saved_list_free)))

/*
 * Lists the images, without those that have a namesake which suits this machine better. 0, -EMEDIUMTYPE without a problem when
 * it is SAVED_NOTHING, or -errno with a problem: -ENOENT when no image is there.
 */
int saved_list_read(const struct saved_place *place, struct saved_list *ret_list,
		    struct problem *problem);

/* True for what says that it is for another machine than this one. */
bool saved_item_is_for_others(const struct saved_item *item);

/* What an image says of itself. */
struct saved_image {
	struct descriptor manifest; /* of a layout, without names; else of type MEDIA_OTHER */
	struct manifest
		content; /* its configuration, and of a layout its layers, as they are named */
	struct buffer config_text;
	struct image_config config;
	struct string_list layers; /* paths, the lowest first; as many as there are diff ids */
};

void saved_image_free(struct saved_image *image);

#define cleanup_saved_image __attribute__((cleanup(saved_image_free)))

/*
 * Reads the documents of an image; of one for several machines those for this one or, with any_machine, of the only one that
 * is there. 0, or -errno with a problem: -EBADMSG when one is not what its digest says, -ENOENT when it is not there, or
 * nothing is for this machine.
 */
int saved_image_read(const struct saved_place *place, const struct saved_item *item,
		     bool any_machine, struct saved_image *ret_image, struct problem *problem);

/* What is said of a layer beside its diff id, or NULL. */
static inline const struct descriptor *saved_image_layer(const struct saved_image *image, size_t i)
{
	return i < image->content.layers.count ? &image->content.layers.items[i] : NULL;
}

/* A file of it for reading: a descriptor, or -errno with a problem. */
int saved_open(const struct saved_place *place, const char *path, struct problem *problem);

/* The path of a blob in a layout. */
#define SAVED_BLOB_PATH_SIZE 96
const char *saved_blob_path(const struct digest *digest, char path[SAVED_BLOB_PATH_SIZE]);

/* A problem with a file of it: "what: path: why". Returns error. */
int saved_failed(const struct saved_place *place, const char *path, int error,
		 struct problem *problem);
