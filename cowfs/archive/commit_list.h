/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be written of one directory, in the order of the archive. For cowfs/archive only. */
#pragma once

#include "union/look/difference.h"
#include "union/union.h"

#include <stdbool.h>
#include <stddef.h>

struct commit_item {
	char *name; /* of a marker, as it is written; owned */
	bool is_marker; /* a whiteout, or says that the directory is opaque: an empty file that is not of the union */
	bool is_same; /* as in the layers below: only read for what is in it */
	/* References or NULL. Without `with` it is still to be looked up, unless it is a marker. */
	struct union_entry with, without;
};

struct commit_list {
	struct commit_item *items; /* the markers first, each kind by name */
	size_t count, capacity;
	size_t sockets; /* left out, since no tar can hold them */
};

#define COMMIT_LIST_INIT ((struct commit_list){ 0 })

/* The unions that what is written comes from. */
struct commit_unions {
	struct union_fs *layers;
	struct union_fs *below;	      /* or NULL */
	struct difference difference; /* between them, if there is one */
	bool flatten;
};

/*
 * Lists a directory as it stands: what the layers show, and unless they are to be flattened their whiteouts. 0, -EXDEV when it
 * was moved here and only layers below would tell what is in it, or -errno.
 */
int commit_list_read(const struct commit_unions *unions, struct inode *dir,
		     struct commit_list *ret_list);

/*
 * Lists what differs in a directory from what the layers below have in its place, which may be NULL. 0 or -errno.
 */
int commit_list_read_difference(const struct commit_unions *unions, struct inode *with,
				struct inode *without, struct commit_list *ret_list);

void commit_list_free(const struct commit_unions *unions, struct commit_list *list);
/* Gives back what the item holds of the unions. */
void commit_item_forget(const struct commit_unions *unions, struct commit_item *item);
