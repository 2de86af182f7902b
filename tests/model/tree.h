/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trees in memory: the layers of a stack before they are written to disk, and the tree that they
 * make together.
 *
 * merge_layers() is the oracle. It applies one layer after the other, from the bottom, the way the
 * OCI image specification tells to unpack them, and shares no line with the union under test.
 */
#pragma once

#include "random.h"
#include "support.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

enum dialect {
	DIALECT_AUFS,		/* .wh.NAME, .wh..wh..opq */
	DIALECT_OVERLAY,	/* a device 0:0, trusted.overlay.opaque */
	DIALECT_FUSE_OVERLAYFS, /* a device 0:0, user.fuseoverlayfs.opaque */
	DIALECT_XATTR, /* an empty file with overlay.whiteout in a directory with overlay.opaque=x */
	DIALECT_COUNT
};

struct node_xattr {
	const char *name;
	const void *value;
	size_t size;
};

#define NODE_XATTRS 4

struct node {
	unsigned number; /* within the stack, so that the shrinker can leave it out */
	const char *name;
	bool whiteout; /* no object, but the deletion of one in the layers below */
	bool opaque;   /* a directory that hides its namesakes below */
	bool replaces; /* an object with a whiteout of its own name beside it, which hides those below */
	mode_t mode; /* type and permissions */
	uid_t uid;
	gid_t gid;
	dev_t rdev;
	struct timespec mtime;
	const char *target; /* of a symbolic link */
	uint64_t size;	    /* of a regular file */
	uint64_t hole;	    /* its first bytes, never written */
	uint64_t content;   /* seed of the rest */
	struct node_xattr xattrs[NODE_XATTRS];
	size_t xattr_count;
	struct node *link_of; /* this is one more name of that node */
	bool visible;	      /* in the merged tree; set by merge_layers() */
	const char *
		plain; /* of a file with several names: where the plain directory has the first one */

	struct node **children;
	size_t child_count;
	struct node *origin; /* in the merged tree: the node of a layer that it shows */
};

struct layer_tree {
	struct node *root;
	enum dialect dialect;
	bool bookkeeping; /* with the files that AUFS keeps in a layer's root */
};

#define STACK_LAYERS_MAX 5 /* with the upper one */

struct stack {
	struct arena arena;
	unsigned layer_count;
	struct layer_tree layers[STACK_LAYERS_MAX]; /* the topmost first: 0 is the upper one */
	unsigned node_count;
	struct node *merged;
};

/* Which nodes to leave out of a generated stack, by number; count 0 for none. */
struct omissions {
	const bool *nodes;
	size_t count;
};

/* The names everything is made of; few, so that layers and operations meet. */
extern const char *const tree_names[];
extern const unsigned tree_name_count;

/* Generates layers from the seed and merges them. Released with stack_free(). */
struct stack *stack_generate(uint64_t seed, const struct omissions *omissions);
void stack_free(struct stack *stack);
/* Says what the layers contain, each line after "# ". */
void stack_print(const struct stack *stack);

/* merge.c */
void merge_layers(struct stack *stack);
struct node *node_child(const struct node *directory, const char *name);
void node_add(struct arena *arena, struct node *directory, struct node *child);

/* write_tree.c: makes trees on disk. Anything that goes wrong ends the program. */
void write_layer(const struct layer_tree *layer, int directory);
/* The merged tree; names that only the layers have go to the directory `hidden`, to keep link counts. */
void write_merged(const struct stack *stack, int directory, int hidden);

static inline struct node *node_first_name(struct node *node)
{
	return node->link_of ? node->link_of : node;
}

static inline bool node_is_directory(const struct node *node)
{
	return !node->whiteout && S_ISDIR(node->mode);
}
