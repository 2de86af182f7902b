/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a layer command works on: bare directories, or the layers of a live mount.
 *
 * Two forms, the same for every command:
 *
 *	cowfs COMMAND STACK [PATH...]				STACK is LAYER[:LAYER...], or a path in a mounted union
 *	cowfs COMMAND --layers LAYER[:LAYER...] [PATH...]	also where the layers lie in a mounted union
 *
 * with --upper UPPER and -o OPTIONS beside either. The first LAYER is the topmost; \: is a colon in a name.
 *
 * Functions that return a status (say.h) have said what is wrong.
 */
#pragma once

#include "cli/mount_options.h"
#include "union/union.h"

#include <stdbool.h>

/* Begins as zeros. */
struct stack_argument {
	/* The layers and how they are read: lowers, upper, workdir, dialect, ownership, no_xattr, static_nlink. */
	struct mount_options options;
	/*
	 * Of a live mount: its layers are absolute, exist, and are the very directories its daemon has open. The upper is
	 * locked by the daemon, and may only be looked at.
	 */
	bool is_mount;
	bool needs_privilege; /* the daemon keeps attributes where only root may read them */
	char *path; /* of a mount: where the STACK lies in the union, "/" for the root; else NULL */
};

/* --layers, --upper and -o: those of cowfs mount that say what the layers are and how they are read. A status. */
int stack_argument_set_layers(struct stack_argument *stack, const char *text);
int stack_argument_set_upper(struct stack_argument *stack, const char *path);
int stack_argument_set_options(struct stack_argument *stack, const char *text);

/* True when the layers are still to be named by an operand. */
static inline bool stack_argument_is_missing(const struct stack_argument *stack)
{
	return stack->options.lowers.count == 0;
}

/*
 * Reads the operand STACK. A lone path that is in a live union means that union, unless an upper is given, and whatever
 * the program there wrote is in its layers when this returns. A status.
 */
int stack_argument_find(struct stack_argument *stack, const char *text);

/*
 * The union that a path is in: stack->path tells where. The last component is not followed, and need not be there, nor the
 * directories before it. 0 or -errno with a problem: -ENOTTY when it is in none.
 */
int stack_argument_find_mount(struct stack_argument *stack, const char *path,
			      struct problem *problem);

/* Opens the layers as a union to be looked at: nothing is locked or written. A status. */
int stack_argument_open(const struct stack_argument *stack, struct union_fs **ret_fs);

/* The same without the topmost layer; *ret_fs is NULL when it is the only one. */
int stack_argument_open_below(const struct stack_argument *stack, struct union_fs **ret_fs);

/*
 * The same with only the layers from this index on, 0 being the topmost; *ret_fs is NULL when there are none. Says nothing:
 * 0 or -errno with a problem.
 */
int stack_argument_open_from(const struct stack_argument *stack, unsigned first,
			     struct union_fs **ret_fs, struct problem *problem);

void stack_argument_free(struct stack_argument *stack);
