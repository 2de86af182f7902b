/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole tree as it is seen from outside, and the comparison of two.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

struct snapshot_entry {
	char *path; /* "" for the root; owned, as all below */
	mode_t mode;
	uint32_t links;
	uid_t uid;
	gid_t gid;
	dev_t rdev;
	uint64_t size; /* 0 for directories */
	struct timespec mtime;
	struct timespec atime; /* zero where reading it may have changed it */
	struct timespec
		birth; /* with the inode number it tells files apart; numbers are used again */
	uint64_t inode;
	char *target;	     /* of a symbolic link */
	char *xattrs;	     /* as text, a line each, sorted */
	unsigned char *data; /* of a regular file */
};

struct snapshot {
	struct snapshot_entry *entries; /* sorted by path once finished */
	size_t count, capacity;
};

/* Adds an empty entry. It moves when the next one is added. */
struct snapshot_entry *snapshot_add(struct snapshot *snapshot, const char *path);
void snapshot_sort(struct snapshot *snapshot);
void snapshot_clear(struct snapshot *snapshot);

/* Turns a list of attribute names and a way to read them into the text of an entry. */
typedef ssize_t snapshot_read_xattr(void *context, const char *name, void *value, size_t size);
char *snapshot_format_xattrs(const char *names, size_t length, snapshot_read_xattr *read,
			     void *context);

/* Reads the tree below root with ordinary system calls, without changing access times. */
void snapshot_take(struct snapshot *snapshot, int root);

/*
 * Which inode number of the union belongs to which file of the plain directory, for a whole run: a
 * file must keep its number whatever happens to it.
 */
struct identities {
	struct identity *known;
	size_t count, capacity;
};
void identities_clear(struct identities *identities);

struct comparison {
	struct timespec start;	       /* of the run: times from then on are "now" */
	struct identities *identities; /* NULL: numbers are not compared */
	FILE *report;		       /* where differences are told */
};

/*
 * True when the union shows what the plain directory does. Modification times must be equal, unless
 * the plain one is from this run: then the union's must be, too.
 */
bool snapshot_compare(const struct snapshot *plain, const struct snapshot *seen,
		      const struct comparison *comparison);

/* Layers before and after: everything equal, access times too. */
bool snapshot_is_unchanged(const struct snapshot *before, const struct snapshot *after,
			   FILE *report);
