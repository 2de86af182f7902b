/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Removing what nobody uses. */
#pragma once

#include "cowrun/command.h"
#include "cowrun/prune/filter.h"

struct prune_options {
	bool force; /* without a question */
	bool all;   /* images with names, too */
	bool volumes;
	struct prune_filter filter;
};

/* An option_function for --filter. */
int prune_read_filter(const char *value, void *options, struct problem *problem);

/*
 * Each removes what is of its kind, prints what that was, and adds its bytes to *reclaimed. What somebody else removes or
 * begins to use meanwhile is passed over. False when something could not be removed, having said why; the rest is
 * removed all the same.
 */
typedef bool prune_function(const struct place *place, const struct prune_options *options,
			    uint64_t *reclaimed);
prune_function prune_containers; /* those that do not run */
prune_function prune_volumes;	 /* those that no container mounts; without a filter */
prune_function prune_images; /* those that no container uses and that have no names; or have, too */

/* The steps of a prune command: the question with the warning, unless -f; the functions; the sum. The exit status. */
int prune_run(const struct prune_options *options, const char *warning,
	      prune_function *const *functions, size_t count);
