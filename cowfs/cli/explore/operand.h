/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cowfs explore is asked to show: layers, or an image, which is unpacked first. */
#pragma once

#include "cli/explore/image.h"
#include "cli/look.h"

/* Begins as EXPLORE_OPERAND_INIT. */
struct explore_operand {
	struct look look;   /* its stack has the layers, whatever they come from */
	const char *wanted; /* which image of an archive, or NULL */
	bool is_image;
	struct explore_image image;
};

#define EXPLORE_OPERAND_INIT ((struct explore_operand){ .image = EXPLORE_IMAGE_INIT })

/*
 * Reads the command line, and finds the layers. A status (say.h), or LOOK_DONE; in any case it is to be closed, and then
 * interrupt_obey() is to be called.
 */
int explore_operand_read(struct explore_operand *operand, int argc, char **argv);
void explore_operand_close(struct explore_operand *operand);
