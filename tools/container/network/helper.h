/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program of the machine's that serves a container's network as long as the container runs: a child of its monitor,
 * outside of the container's control group, which the kernel kills when the monitor ends, however that went.
 */
#pragma once

#include "base/problem.h"

#include <sys/types.h>

#define HELPER_FDS_MAX 4

struct helper_start {
	int input;		      /* what it has as its standard input; 0: /dev/null */
	const char *const *arguments; /* the first is its name, found by PATH */
	int ready;		      /* the descriptor on which it tells that it is ready */
	/* What it gets as descriptors 4 and on: 3 is kept for the one above, should it not be 1. */
	int given[HELPER_FDS_MAX];
	size_t given_count;
};

struct helper {
	pid_t pid;
	int said; /* the pipe with what it says on its standard error, so that it can go on saying it */
};

#define HELPER_INIT ((struct helper){ .said = -1 })

/* Returns when it is ready. 0, or -errno with a problem: what it said itself. */
int helper_start(const struct helper_start *start, struct helper *ret_helper,
		 struct problem *problem);
/* Kills it. */
void helper_stop(struct helper *helper);
