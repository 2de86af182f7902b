/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How cowfs explore looks: draws what the model says with ncurses. */
#pragma once

#include "cli/explore/image.h"
#include "cli/explore/model.h"
#include "cli/explore/page.h"

enum explore_pane { PANE_LAYERS, PANE_TREE };

/* Begins as zeros. */
struct explore_view {
	enum explore_pane pane;		   /* which has the keys */
	size_t tree_top, layers_top;	   /* the rows shown first */
	struct explore_page *page;	   /* shown over it all, or NULL */
	const char *prompt;		   /* what is being typed into the filter, or NULL */
	const struct explore_image *image; /* whose layers they are, or NULL */
	char message[512];		   /* shown instead of the keys until the next one is hit */
};

/* 0, or -ENOTTY with a problem when this is no terminal. */
int explore_view_check(struct problem *problem);
/* Takes the terminal. 0 or -errno with a problem. */
int explore_view_begin(struct problem *problem);
/* Gives it back. */
void explore_view_end(void);

void explore_view_draw(struct explore_view *view, const struct explore *explore);
/* Scrolls so that some of what a directory under the cursor holds, so many names, can be seen. */
void explore_view_show_below(struct explore_view *view, size_t cursor, size_t names);
/* How many rows of the tree, or lines of a text, can be seen. */
size_t explore_view_height(void);
