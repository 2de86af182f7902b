/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How an image came to be, as its configuration tells it: steps, of which each made one layer, or none. */
#pragma once

#include "base/buffer.h"
#include "oci/config.h"

/*
 * The step that made a layer, 0 being the lowest. NULL when the configuration does not tell: there is no history, or
 * one of another number of layers.
 */
const struct image_history *history_of_layer(const struct image_config *config, size_t layer);

/*
 * Appends what a step was made by as a person has written it: a line of a Dockerfile, or a command. What builders put around it
 * is left out, and white space is one blank. 0 or -ENOMEM.
 */
int history_append_text(const char *created_by, struct buffer *text);
