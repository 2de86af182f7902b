/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images as docker shows them, in JSON. Functions return NULL when there is no memory. */
#pragma once

#include "base/json.h"
#include "image/store.h"

/* A line of cowrun images: Repository, Tag, Digest, ID, CreatedAt, CreatedSince, Size. */
json_object *image_view_line(const struct image_store *store, const struct image *image);

/* cowrun image inspect. names: all that it has. */
json_object *image_view_inspect(const struct image_store *store, const struct image *image,
				const struct string_list *names);

/* A line of cowrun history for a step of the image: ID, CreatedAt, CreatedSince, CreatedBy, Size, Comment. */
json_object *image_view_step(const struct image_store *store, const struct image *image,
			     size_t step);

/* The members Repository and Tag of a full reference, or of none; CreatedAt and CreatedSince. 0 or -ENOMEM. */
int image_view_name(json_object *object, const char *reference);
int image_view_times(json_object *object, const char *created);
