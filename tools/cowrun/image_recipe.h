/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options of the commands that make images, and what they come to. */
#pragma once

#include "image/make.h"

struct image_recipe_options {
	struct string_list changes;
	char *message, *author, *epoch;
};

void image_recipe_options_free(struct image_recipe_options *options);

/* A recipe and what it points to. */
struct image_recipe_text {
	struct image_recipe recipe;
	char created[IMAGE_TIME_SIZE];
};

void image_recipe_free(struct image_recipe_text *recipe);

#define cleanup_image_recipe __attribute__((cleanup(image_recipe_free)))

/*
 * Puts the recipe together. The time is that of --source-date-epoch, else of the variable
 * SOURCE_DATE_EPOCH, else `time`. name, if not NULL, is one that a person typed. 0 or -errno with a
 * problem.
 */
int image_recipe_make(const struct image_recipe_options *options, const char *name,
		      const struct timespec *time, struct image_recipe_text *ret_recipe,
		      struct problem *problem);
