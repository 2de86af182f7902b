/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image that nobody has loaded, in a file or a directory, for cowfs explore: its layers are unpacked where nobody else
 * looks, and are gone in the end.
 *
 * From before explore_image_open() until after explore_image_close() no signal may end the process: see cli/interrupt.h.
 */
#pragma once

#include "base/string_list.h"
#include "cli/temporary.h"

#include <stdbool.h>

/* Begins as EXPLORE_IMAGE_INIT. All lists have the topmost layer first. */
struct explore_image {
	struct temporary temporary;
	struct string_list layers; /* paths */
	struct string_list texts;  /* what made each */
	struct string_list ids;	   /* digests of their tars */
};

#define EXPLORE_IMAGE_INIT ((struct explore_image){ .temporary = TEMPORARY_INIT })

/*
 * The path of the image that a person means by an operand, to be freed, or NULL when it means layers. A file, or a pipe, is an
 * image; so is a directory that holds oci-layout and index.json, or a manifest.json that is a list, unless it is where a union
 * is mounted.
 */
char *explore_image_path(const char *operand);

/* Whether its layers keep owners in attributes: only root of the machine may give files away as it likes. */
bool explore_image_has_attributes(void);

/*
 * Unpacks one of the images, `wanted` or the one for this machine. 0, -EINTR when a signal came, or -errno with a problem; in
 * any case the image is to be closed.
 */
int explore_image_open(struct explore_image *image, const char *path, const char *wanted,
		       struct problem *problem);
void explore_image_close(struct explore_image *image);
