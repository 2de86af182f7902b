/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One stack of generated layers on disk, opened to be looked at. */
#pragma once

#include "scene.h"
#include "tree.h"

#include "union/union.h"

/* Names are at most 255 bytes, trees four deep. */
#define INSPECT_PATH_MAX 2048

struct inspection {
	const struct stack *stack;
	char paths[STACK_LAYERS_MAX][SCENE_PATH_MAX]; /* of the layers */
	struct union_fs *fs;
};

/* Each ends the program at the first difference between what is told and what must be. */
void inspect_provenance(const struct inspection *inspection);
/* below is the same without the topmost layer. */
void inspect_difference(const struct inspection *inspection, struct union_fs *below);
