/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A scratch directory opened as a layer, for the tests of cowfs/layer. */
#pragma once

#include "layer/layer.h"
#include "layer/layer_dir.h"
#include "unit/scratch.h"

struct layer_fixture {
	struct scratch scratch; /* root/ is the layer, work/ is beside it */
	struct ownership ownership;
	struct fd_cache *fds;
	struct layer *layer;
	int root, work; /* O_PATH */
};

/* Makes the directories, and opens nothing yet. */
struct layer_fixture fixture_make(void);
/* Opens the layer; then fixture->layer is valid. */
void fixture_open(struct layer_fixture *fixture, bool writable, enum whiteout_dialect dialect);
void fixture_remove(struct layer_fixture *fixture);

/* A child of the layer's root, to be released. */
struct layer_dir *fixture_child(struct layer_fixture *fixture, const char *name);
