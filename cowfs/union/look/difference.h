/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the topmost layers of a stack, mostly one, make of those below: the union with them and the union without them,
 * compared.
 *
 * A name that both have is the same when both show the same file of the same layer, and changed otherwise: what the
 * topmost layers have in themselves counts as changed, also a directory that they only need for its children. Directories
 * that are the same are not read, for nothing can differ in them, unless a hard-link index of the topmost layers says so.
 *
 * Names come in the order of their bytes.
 */
#pragma once

#include "base/buffer.h"
#include "union/union.h"

enum difference_kind {
	DIFFERENCE_SAME,
	DIFFERENCE_ADDED,
	DIFFERENCE_CHANGED,
	DIFFERENCE_DELETED,
};

struct difference {
	struct union_fs *with; /* the whole stack */
	struct union_fs
		*without; /* all but its topmost layers; NULL: there is no other, so all is added */
	unsigned layers;  /* how many those are */
	bool everywhere;  /* read directories that are the same, too; see difference_init() */
};

/* Borrows both unions, of which only others can change anything meanwhile. */
void difference_init(struct difference *difference, struct union_fs *with,
		     struct union_fs *without);

struct difference_item {
	char *name; /* owned */
	enum difference_kind kind;
	/* A reference each, or inode NULL where it is not. */
	struct union_entry with, without;
};

/* Starts as zeros. */
struct difference_list {
	struct difference_item *items;
	size_t count;
};

/* What a name is, from what both unions show under it; not both NULL. */
enum difference_kind difference_of(const struct difference *difference, const struct inode *with,
				   const struct inode *without);

/*
 * All names of a directory, the same ones included. Either inode may be NULL, or no directory: then that union has nothing
 * there. 0 or -errno.
 */
int difference_read(const struct difference *difference, struct inode *with, struct inode *without,
		    struct difference_list *ret_list);
void difference_list_free(const struct difference *difference, struct difference_list *list);

/* True when something below the item may differ. What is in a deleted directory is deleted with it, and not asked. */
bool difference_goes_on(const struct difference *difference, const struct difference_item *item);

/* Looks a name up in both, as difference_read() does for all. 0 or -errno; -ENOENT when it is in neither. */
int difference_look_up(const struct difference *difference, struct inode *with,
		       struct inode *without, const char *name, struct difference_item *ret_item);
/* Gives back what an item refers to; also of zeros. */
void difference_item_release(const struct difference *difference, struct difference_item *item);

/* -- names without a look at the files, for who will look at few of many -- */

struct difference_name {
	char *name; /* owned */
	enum difference_kind kind;
	mode_t type; /* as shown with the topmost layer, or else without it */
};

/* Starts as zeros. */
struct difference_names {
	struct difference_name *names;
	size_t count;
};

/* As difference_read(), with the same kinds. */
int difference_read_names(const struct difference *difference, struct inode *with,
			  struct inode *without, struct difference_names *ret_names);
void difference_names_free(struct difference_names *names);

/* -- a whole tree -- */

struct difference_visit {
	const char *path; /* from where the walk began: "/a/b" */
	const struct difference_item *item;
	size_t depth; /* 0: a name in the directory where the walk began */
	bool is_last; /* of its directory */
};

struct difference_visitor {
	/* Called for each name, a directory before what is in it. 0; 1: do not go into it; a negative number ends the walk. */
	int (*visit)(void *context, const struct difference_visit *visit);
	/* Called for a directory that cannot be read. 0: go on without it; a negative number ends the walk. */
	int (*unreadable)(void *context, const char *path, int error);
	void *context;
};

/* Visits all that is below two directories, given as for difference_read(). 0, or what ended it. */
int difference_walk(const struct difference *difference, struct inode *with, struct inode *without,
		    const struct difference_visitor *visitor);
