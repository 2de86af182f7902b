/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Provenance over generated layers: for every path that any layer knows, what is told must be what the rules say. */
#include "inspect.h"
#include "support.h"

#include "base/cleanup.h"
#include "union/look/provenance.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

DEFINE_CLEANUP_FUNCTION(struct provenance *, provenance_free);

/* One path: what each layer has there, NULL for nothing, and which layers' directories above can be seen. */
struct spot {
	const struct inspection *inspection;
	const char *path;
	const struct node *nodes[STACK_LAYERS_MAX];
	bool seen[STACK_LAYERS_MAX];
	const struct node *merged; /* NULL: nothing to see */
};

#define check(spot, condition, what)                                                               \
	do {                                                                                       \
		if (!(condition))                                                                  \
			give_up("%s: %s", (spot)->path, what);                                     \
	} while (0)

/* Whether what a higher layer has at the spot hides what deeper ones have. */
static bool hides(const struct node *node)
{
	return node->whiteout || node->replaces || node->opaque || !S_ISDIR(node->mode);
}

/* Narrows seen, which holds for the directory above, to what can be seen at the spot itself. */
static void narrow(struct spot *spot)
{
	const struct node *top = NULL;
	bool hidden = false;

	for (unsigned i = 0; i < spot->inspection->stack->layer_count; i++) {
		const struct node *node = spot->nodes[i];
		bool object = node && !node->whiteout;

		if (!node || !spot->seen[i]) {
			spot->seen[i] = false;
			continue;
		}
		spot->seen[i] = !hidden && !(object && top && !S_ISDIR(node->mode));
		if (!hidden)
			hidden = hides(node);
		if (spot->seen[i] && object && !top)
			top = node;
	}
}

static void check_shown(const struct spot *spot, const struct provenance *provenance)
{
	const struct node *shown = spot->merged ? spot->merged->origin : NULL;
	struct stat status;

	check(spot, (provenance->shown != NULL) == (shown != NULL), "seen or not");
	if (!shown)
		return;
	check(spot, spot->nodes[provenance->layer] == shown, "the layer it comes from");
	check(spot, provenance->shown->layer == provenance->layer, "the place shown");
	check(spot, lstat(provenance->real_path, &status) == 0, "the real path leads nowhere");
	check(spot, status.st_ino == provenance->shown->attributes.inode, "another inode");
	check(spot, !provenance->by_index && !provenance->copied_up, "nothing was copied up");
}

static const struct provenance_place *place_in(const struct provenance *provenance, unsigned layer)
{
	const struct provenance_place *found = NULL;

	for (size_t i = 0; i < provenance->count; i++) {
		if (provenance->places[i].layer != layer)
			continue;
		if (found)
			give_up("layer %u is told twice", layer);
		found = &provenance->places[i];
	}
	return found;
}

static void check_place(const struct spot *spot, const struct provenance_place *place,
			unsigned layer)
{
	const struct node *node = spot->nodes[layer];
	char path[INSPECT_PATH_MAX];
	struct stat status;

	check(spot, (place != NULL) == (node != NULL), "which layers have it");
	if (!place)
		return;
	check(spot, place->exists == !node->whiteout, "whiteout or object");
	check(spot, (place->whiteout != 0) == (node->whiteout || node->replaces), "a whiteout");
	check(spot, place->opaque == (!node->whiteout && node->opaque), "opaque");
	check(spot, (place->hiding == PROVENANCE_SEEN) == spot->seen[layer], "hidden or not");
	(void)snprintf(path, sizeof(path), "%s%s", spot->inspection->paths[layer], place->path);
	check(spot, lstat(path, &status) == 0, "its place leads nowhere");
	if (place->hiding == PROVENANCE_SEEN)
		return;
	check(spot, place->hider <= layer, "hidden by a deeper layer");
	(void)snprintf(path, sizeof(path), "%s%s", spot->inspection->paths[place->hider],
		       place->hider_path);
	check(spot, lstat(path, &status) == 0, "what hides it leads nowhere");
}

static void check_spot(struct spot *spot)
{
	CLEANUP(provenance_free) struct provenance *provenance = NULL;
	int error = provenance_of_path(spot->inspection->fs, spot->path, &provenance);

	if (error)
		give_up("%s: provenance: %s", spot->path, strerror(-error));
	narrow(spot);
	check_shown(spot, provenance);
	for (unsigned i = 0; i < spot->inspection->stack->layer_count; i++)
		check_place(spot, place_in(provenance, i), i);
}

/* A layer's directory of which something deeper can be asked, or NULL. */
static const struct node *directory_of(const struct node *node)
{
	return node && !node->whiteout && S_ISDIR(node->mode) ? node : NULL;
}

static bool is_known_before(const struct spot *spot, unsigned layer, const char *name)
{
	for (unsigned i = 0; i < layer; i++)
		if (directory_of(spot->nodes[i]) && node_child(spot->nodes[i], name))
			return true;
	return false;
}

static void check_below(const struct spot *spot);

static void check_name(const struct spot *directory, const char *name)
{
	char path[INSPECT_PATH_MAX];
	struct spot spot = { .inspection = directory->inspection, .path = path };

	(void)snprintf(path, sizeof(path), "%s/%s", directory->path, name);
	for (unsigned i = 0; i < STACK_LAYERS_MAX; i++) {
		if (!directory_of(directory->nodes[i]))
			continue;
		spot.nodes[i] = node_child(directory->nodes[i], name);
		spot.seen[i] = directory->seen[i];
	}
	if (directory->merged && S_ISDIR(directory->merged->mode))
		spot.merged = node_child(directory->merged, name);
	check_spot(&spot);
	check_below(&spot);
}

static void check_below(const struct spot *spot)
{
	for (unsigned i = 0; i < STACK_LAYERS_MAX; i++) {
		const struct node *directory = directory_of(spot->nodes[i]);

		for (size_t j = 0; directory && j < directory->child_count; j++)
			if (!is_known_before(spot, i, directory->children[j]->name))
				check_name(spot, directory->children[j]->name);
	}
}

void inspect_provenance(const struct inspection *inspection)
{
	struct spot root = {
		.inspection = inspection,
		.path = "",
		.merged = inspection->stack->merged,
	};

	for (unsigned i = 0; i < inspection->stack->layer_count; i++) {
		root.nodes[i] = inspection->stack->layers[i].root;
		root.seen[i] = true;
	}
	check_spot(&root);
	check_below(&root);
}
