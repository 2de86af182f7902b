/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects made in the upper layer: what owner, mode and ACL they get, and how they appear.
 *
 * One whose directory needs nothing done by hand, made by who we are anyway, is made in place by one
 * system call. All others are made in the work directory and appear by one rename.
 */
#pragma once

#include "union/inode.h"
#include "union/union.h"

struct new_object {
	mode_t mode; /* type and permissions as asked for */
	dev_t rdev;
	const char *target; /* of a symbolic link */
};

/*
 * Makes the object as name in dir, which is locked for writing, in the upper and has nothing to see
 * under name; forms are the whiteouts there, opaque asks for a directory that hides what is below.
 * *ret_fd is a descriptor, open both ways, of a regular file, or -1. 0 or -errno.
 */
int new_object_make(struct union_fs *fs, struct inode *dir, const char *name,
		    const struct new_object *object, const struct union_caller *caller,
		    unsigned forms, bool opaque, int *ret_fd);

/* Gives a file that has no name yet the owner and mode it would get if made in dir. 0 or -errno. */
int new_object_dress_unnamed(struct union_fs *fs, struct inode *dir, int fd, mode_t mode,
			     const struct union_caller *caller);
