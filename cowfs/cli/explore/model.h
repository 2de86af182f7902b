/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What cowfs explore shows, without a terminal: the layers, one of which is selected, the tree as of that layer, a filter, and
 * counts that go on in the background.
 *
 * As of a layer, the union is that of this layer and those below; its tree tells what that layer makes of those below.
 */
#pragma once

#include "cli/explore/counts.h"
#include "cli/explore/search.h"
#include "cli/explore/tree.h"
#include "cli/stack_argument.h"

/* Begins as zeros. */
struct explore {
	const struct stack_argument *stack; /* borrowed */
	struct union_fs *whole;		    /* all layers */
	unsigned layer_count, selected;
	/* Of an image: what its layers, the lowest of all, are called instead of where they lie; borrowed. Or NULL. */
	const struct string_list *layer_ids;
	struct union_fs *with,
		*without; /* from the selected layer on, `whole` for the first; and from the next on, or NULL */
	struct difference difference;
	struct explore_tree tree;
	struct explore_counts *counts;
	struct explore_search search;
	size_t match; /* the cursor in what was found */
};

/* Opens the layers, and selects the topmost. 0 or -errno with a problem. */
int explore_open(struct explore *explore, const struct stack_argument *stack,
		 struct problem *problem);
/* Opens all of it again, for layers may have changed; what is selected and expanded stays. As explore_open(). */
int explore_reload(struct explore *explore, struct problem *problem);
void explore_close(struct explore *explore);

/* Selects a layer; what is expanded stays so, as does the cursor. The filter ends. As explore_open(). */
int explore_select(struct explore *explore, unsigned layer, struct problem *problem);

/* Filters by a text; an empty one shows the tree again. 0 or -errno. */
int explore_filter(struct explore *explore, const char *text);
static inline bool explore_is_filtered(const struct explore *explore)
{
	return explore->search.text != NULL;
}
/* Shows only what the layer changes, or all: in the tree and in what the filter finds. 0 or -errno. */
int explore_show_only_changes(struct explore *explore, bool only_changes);
/* Ends the filter, and goes to the match under the cursor. 0 or -errno. */
int explore_go_to_match(struct explore *explore);

/* Moves the cursor of what is shown, the tree or what was found. */
void explore_move(struct explore *explore, long rows);

/* Does some work of the filter. True when what is shown may change by itself, so that it is worth looking again. */
bool explore_work(struct explore *explore);

/*
 * The path under the cursor. 0, -ENOENT when nothing is, or -ENOMEM.
 */
int explore_current_path(const struct explore *explore, struct buffer *path);
