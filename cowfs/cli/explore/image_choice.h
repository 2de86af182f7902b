/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of the images in an archive is meant. */
#pragma once

#include "oci/saved.h"

/*
 * Chooses by what a person typed: a name (reference.h), also without its host, or the beginning of an id. Names of one image
 * mean the same. NULL: the only one, or the only one for this machine. 0, or -errno with a problem that lists what there
 * is: -ENOENT when there is none of that name, -EEXIST when several may be meant.
 */
int image_choice(const struct saved_list *list, const char *what, const char *wanted,
		 const struct saved_item **ret_item, struct problem *problem);
