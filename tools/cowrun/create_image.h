/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A container of an image: its layers, and what it says where the person who asks says nothing. */
#pragma once

#include "cowrun/create_options.h"
#include "image/store.h"

/* An image in use: nobody can remove it until this is closed, and then the container is on record. */
struct create_image {
	struct image_store store;
	struct image image;
};

#define CREATE_IMAGE_INIT ((struct create_image){ .store = IMAGE_STORE_INIT, .image = IMAGE_INIT })
#define cleanup_create_image __attribute__((cleanup(create_image_close)))

void create_image_close(struct create_image *create);

/*
 * Finds the image and adds to the options what it has: layers, variables, labels, directory, user, stop
 * signal. 0 or -errno with a problem.
 */
int create_image_use(struct create_image *create, const struct place *place, const char *name,
		     struct create_options *options, struct problem *problem);

/* The arguments of the process: as given, or the image's, behind the one's or the other's entry point. */
int create_image_arguments(const struct create_image *create, const char *entrypoint, int count,
			   char **given, struct string_list *arguments, struct problem *problem);
