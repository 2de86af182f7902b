/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is done to the union and to the plain directory alike.
 *
 * An operation is drawn with an eye on what the plain directory holds at that moment, but is
 * concrete once drawn: the shrinker may leave others out and repeat it as it is.
 */
#pragma once

#include "random.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

enum operation_kind {
	OPERATION_MAKE, /* whatever the type in mode says; for symbolic links `other` is the target */
	OPERATION_TMPFILE, /* an unnamed file, written, then linked as path */
	OPERATION_LINK,
	OPERATION_UNLINK,
	OPERATION_RMDIR,
	OPERATION_RENAME,
	OPERATION_CHMOD,
	OPERATION_CHOWN,
	OPERATION_UTIMENS,
	OPERATION_TRUNCATE,
	OPERATION_WRITE,
	OPERATION_READ,
	OPERATION_FALLOCATE,
	OPERATION_COPY_RANGE,
	OPERATION_FSYNC,
	OPERATION_SET_XATTR,
	OPERATION_REMOVE_XATTR,
	OPERATION_GET_XATTR,
	OPERATION_SET_FLAGS,
	OPERATION_STAT,
	OPERATION_READLINK,
	OPERATION_LIST,		 /* in pages of `length` names */
	OPERATION_LIST_CHANGING, /* with names coming and going between the pages */
	OPERATION_HOLD,		 /* keeps an inode, or a descriptor, in a slot */
	OPERATION_RELEASE,
	OPERATION_HELD_STAT,
	OPERATION_HELD_READ,
	OPERATION_HELD_WRITE,
	OPERATION_HELD_TRUNCATE,
	OPERATION_HELD_CHMOD,
	OPERATION_HELD_SET_XATTR,
	OPERATION_HELD_LINK,
	OPERATION_HELD_MAKE, /* a file in a held directory */
	OPERATION_FORGET,    /* gives back references, or drops the kernel's caches */
	OPERATION_REOPEN,
	OPERATION_CHECK, /* compares the whole trees */
	OPERATION_COUNT
};

#define OPERATION_PATH_SIZE 1024
#define OPERATION_SLOTS 3 /* few, so that they are mostly full */

struct operation {
	enum operation_kind kind;
	char path[OPERATION_PATH_SIZE];
	char other[OPERATION_PATH_SIZE];
	const char *attribute;
	uint64_t content; /* seed of what is written */
	uint64_t offset, other_offset;
	uint32_t length;
	mode_t mode; /* type and permissions */
	uid_t uid;
	gid_t gid;
	mode_t umask;
	dev_t rdev;
	struct timespec mtime;
	unsigned flags; /* of rename, setxattr or fallocate */
	unsigned slot;
	bool kill_privileges;
};

/* Names of a tree with their types, for drawing operations. */
struct paths {
	char **names;
	mode_t *types;
	size_t count, capacity;
};
void paths_clear(struct paths *paths);
/* Lists the tree below root in a fixed order, leaving out what is too deep to make operations of. */
void paths_list(struct paths *paths, int root);

void operation_draw(struct random *random, const struct paths *paths, struct operation *operation);
void operation_print(FILE *stream, const struct operation *operation);
const char *operation_name(enum operation_kind kind);
