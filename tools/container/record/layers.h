/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The layers of a container, as paths. */
#pragma once

#include "base/string_list.h"
#include "container/record/container.h"

/* What the init layer has and no image is to get; paths from the root, NULL at the end. */
extern const char *const container_own_files[];
#define CONTAINER_OWN_FILES 3

struct container_layers {
	char *upper;		   /* owned */
	struct string_list lowers; /* the topmost, which is the init layer if there is one, first */
};

/* The writable layer, and the one below it, as paths. The caller's to free; NULL when there is no memory. */
char *container_upper_path(const struct container *container);
char *container_init_layer_path(const struct container *container);

void container_layers_free(struct container_layers *layers);

/* 0 or -ENOMEM with a problem. */
int container_layers_find(const struct container *container, struct container_layers *ret_layers,
			  struct problem *problem);
