/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where an inode's file is on disk right now: a descriptor, and a name in it or none. */
#pragma once

#include "union/inode.h"

struct location {
	const struct layer *layer;
	int fd;		  /* borrowed from held, or the index */
	const char *name; /* NULL: what fd itself refers to, which may be an O_PATH descriptor */
	/* Inside: */
	struct cached_fd *held;
	char name_buffer[NAME_MAX + 1];
};

/*
 * Finds it. For a file, its lock is held, or else the answer may be overtaken by a rename; for a
 * directory it is the topmost part. 0 or -errno; ended with location_release().
 */
int location_find(struct union_fs *fs, struct inode *inode, struct location *ret_location);
void location_release(struct union_fs *fs, struct location *location);

/* Its attributes as the union shows them. Takes the file's lock by itself. */
int location_stat(struct union_fs *fs, struct inode *inode, struct attributes *ret_attributes);
/* The same for callers that hold the file's lock. */
int location_stat_locked(struct union_fs *fs, struct inode *inode,
			 struct attributes *ret_attributes);
