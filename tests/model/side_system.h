/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of a side that works with system calls share. */
#pragma once

#include "side.h"

#include <errno.h>
#include <sys/stat.h>

struct system_side {
	struct side side;
	enum system_role role;
	int root;
	int held[OPERATION_SLOTS]; /* descriptors, -1 for none */
	int listed;
};

/* A name of the tree: a descriptor of its directory and one component. */
struct place {
	int directory;
	const char *name;
};

static inline int error_of(long result)
{
	return result < 0 ? -errno : 0;
}

/*
 * side_system.c. Links on the way to a place are refused, as the union's API has nobody to follow
 * them. place->directory is closed by the caller.
 */
int system_find(const struct system_side *side, const char *path, struct place *place);
int system_stat(const struct place *place, struct stat *status);
/* 0, or what a union answers when place is to get a new object: it has rules that a disk has not. */
int system_may_make(const struct system_side *side, const struct place *place, mode_t mode,
		    dev_t rdev);
/* The owner a caller without privilege would have given it. */
int system_give_away(const struct system_side *side, const struct operation *operation,
		     const struct place *place);

/* system_apply.c */
int system_apply(struct system_side *side, const struct place *place,
		 const struct operation *operation, struct outcome *outcome);
int system_make(const struct system_side *side, const struct place *place,
		const struct operation *operation);
int system_write(const struct system_side *side, int fd, const struct operation *operation);
int system_read(int fd, const struct operation *operation, struct outcome *outcome);
void system_tell(struct outcome *outcome, const struct stat *status);

/* system_held.c */
int system_hold(struct system_side *side, const struct place *place,
		const struct operation *operation);
void system_release(struct system_side *side, unsigned slot);
int system_apply_held(struct system_side *side, const struct operation *operation,
		      struct outcome *outcome);
