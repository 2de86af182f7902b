/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cowfs explore shows over its panes: a file as of the selected layer, or where a path comes from. */
#pragma once

#include "cli/explore/model.h"
#include "cli/explore/pager.h"

/* Begins as zeros; stays where it is while it is open. */
struct explore_page {
	struct buffer title;
	struct pager pager;
	/* Inside: the file that is read, of which a reference is held, or a text. */
	struct union_fs *fs;
	struct inode *inode;
	struct buffer text;
};

/*
 * A regular file, or, when the layer deletes it, as it was below; the model's selected layer must stay so until
 * explore_page_close(). 0, -EMEDIUMTYPE when it is not a regular file, or another -errno.
 */
int explore_page_open_file(struct explore_page *page, const struct explore *explore,
			   const char *path);
/* What cowfs whence tells of the path, in all layers and not only those from the selected one on. 0 or -errno. */
int explore_page_open_places(struct explore_page *page, const struct explore *explore,
			     const char *path);
/* Leaves zeros; also after an error. */
void explore_page_close(struct explore_page *page);
