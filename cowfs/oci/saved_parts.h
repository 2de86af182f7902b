/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two kinds of saved images share. */
#pragma once

#include "oci/saved.h"

#define SAVED_NAME_SIZE 512

/* How problems call a document of it: "what: path". */
const char *saved_name(const struct saved_place *place, const char *path,
		       char name[SAVED_NAME_SIZE]);

/* A zeroed item at the end, owned by the list, or NULL when there is no memory. */
struct saved_item *saved_list_add(struct saved_list *list);

/* Appends the full reference, unless the text cannot be one: then the image has that name not. 0 or -ENOMEM. */
int saved_item_add_name(struct saved_item *item, const char *text);

/*
 * Reads the configuration, given its text and its path. Wants to know how many layers the image has, and `where` that is
 * said. 0 or -errno with a problem.
 */
int saved_image_read_config(const struct saved_place *place, const char *path, const char *where,
			    struct saved_image *image, struct problem *problem);

int saved_layout_list(const struct saved_place *place, struct saved_list *list,
		      struct problem *problem);
int saved_layout_read(const struct saved_place *place, const struct saved_item *item,
		      bool any_machine, struct saved_image *image, struct problem *problem);
/* Reads a manifest.json into a list, which is to be freed also on failure. */
int saved_docker_parse(const char *text, size_t length, const char *document,
		       struct saved_list *list, struct problem *problem);
int saved_docker_list(const struct saved_place *place, struct saved_list *list,
		      struct problem *problem);
int saved_docker_read(const struct saved_place *place, const struct saved_item *item,
		      struct saved_image *image, struct problem *problem);
