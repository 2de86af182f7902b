/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree of cowfs explore: what a layer makes of those below it, as rows of which some are expanded. A directory is read
 * when it is expanded for the first time, and a file looked at when that is asked for: directories may be large.
 */
#pragma once

#include "base/string_list.h"
#include "union/look/difference.h"

#include <stdbool.h>

struct explore_node {
	struct explore_node *parent;	    /* NULL for the root */
	const struct difference_name *name; /* of the parent's names; NULL for the root */
	struct difference_names names;	    /* what it holds, once it is read */
	struct explore_node *children;	    /* one for each of the names; owned */
	struct difference_item *item; /* the files themselves, once they were looked at; owned */
	bool is_read, expanded;
	int error; /* why it could not be read, or 0 */
};

/* Begins as zeros. */
struct explore_tree {
	const struct difference *difference; /* borrowed */
	struct explore_node root;
	struct explore_node **rows; /* what can be seen, from the top; owned */
	size_t row_count, row_capacity;
	size_t cursor; /* a row, or 0 when there are none */
	bool only_changes;
};

/* Reads the root. 0 or -errno. */
int explore_tree_open(struct explore_tree *tree, const struct difference *difference);
/* Leaves zeros, but for only_changes. */
void explore_tree_close(struct explore_tree *tree);

/* The node under the cursor, or NULL. */
struct explore_node *explore_tree_current(const struct explore_tree *tree);
/* Moves the cursor by so many rows, as far as there are any. */
void explore_tree_move(struct explore_tree *tree, long rows);

/* The files behind a node, as long as it is there. 0 or -errno. */
int explore_tree_look(const struct explore_tree *tree, struct explore_node *node,
		      const struct difference_item **ret_item);

bool explore_node_is_directory(const struct explore_node *node);
/* 0 for a name in the root. */
size_t explore_node_depth(const struct explore_node *node);
/* Appends its path, "/a/b". 0 or -ENOMEM. */
int explore_node_path(const struct explore_node *node, struct buffer *path);

/*
 * Shows, or hides, what a directory holds; nothing happens to others. One that cannot be read gets an error. 0 or
 * -ENOMEM.
 */
int explore_tree_expand(struct explore_tree *tree, struct explore_node *node);
int explore_tree_collapse(struct explore_tree *tree, struct explore_node *node);

/* Shows only what the layer changes, or all. 0 or -ENOMEM. */
int explore_tree_show_only_changes(struct explore_tree *tree, bool only_changes);

/*
 * Expands what leads to a path, and puts the cursor there; if that is not there, on the last directory that is. A name that is
 * hidden because only changes are shown has all shown. 0 or -ENOMEM.
 */
int explore_tree_reveal(struct explore_tree *tree, const char *path);

/* The paths of all expanded directories, each after those that lead to it; and expands those that are there. */
int explore_tree_get_expanded(const struct explore_tree *tree, struct string_list *ret_paths);
int explore_tree_set_expanded(struct explore_tree *tree, const struct string_list *paths);
