/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One copy: made in work/ with all that it needs, then given its name. Of copy-up (copy_up.h). */
#pragma once

#include "union/change/hard_links.h"
#include "union/change/work.h"
#include "union/copy_up/origin.h"
#include "union/location.h"

struct union_fs;

/* Begins as zeros but for fs, inode, from, source, length, and -1 for the descriptors. */
struct copy {
	struct union_fs *fs;
	struct inode *inode;
	struct location from;
	struct attributes source;      /* as the lower layer has it, owners as shown */
	struct origin origin;	       /* of the source, and so of the copy */
	struct hard_link *link;	       /* whose copy it is, in the index already; or NULL */
	struct attributes result;      /* of the copy: device, inode, type and size */
	uint64_t length;	       /* how much of the data is wanted */
	int data;		       /* of a regular file: where its data is read; else -1 */
	int fd;			       /* of a regular file's copy, open both ways; -1 for others */
	bool marked;		       /* unsynced.h */
	char temporary[WORK_NAME_MAX]; /* its name in work/ */
};

/*
 * Fills in source by looking at a file, and opens its data: as one step, for a layer may have something else in its
 * place any time. 0, or -errno with nothing open.
 */
int copy_open_source(struct copy *copy);
/* Closes it, unless it was only borrowed. */
void copy_close_source(struct copy *copy);

/*
 * Makes the object in work/, without any name that can be seen. Whatever happens later, also on failure, the caller
 * closes fd and discards `temporary` and the mark. 0 or -errno.
 */
int copy_make(struct copy *copy);

/* Renames it into the upper part of dir, which keeps its times: nothing changed in it. 0 or -errno. */
int copy_rename_into(struct copy *copy, struct inode *dir, int parent, const char *name);

/* Undoes copy_make(): the copy never was. */
void copy_discard(struct copy *copy);
