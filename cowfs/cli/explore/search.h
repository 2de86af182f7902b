/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The filter of cowfs explore: all names of the tree that a text is in, found little by little. */
#pragma once

#include "union/look/difference.h"

#include <stdbool.h>

/* A text that would find more than anybody can look through is too short. */
#define EXPLORE_MATCHES_MAX 10000

struct explore_match {
	char *path; /* owned */
	enum difference_kind kind;
	mode_t mode;
	uint64_t size;
};

struct search_level;

/* Begins as zeros. */
struct explore_search {
	char *text; /* owned */
	bool only_changes;
	struct explore_match *matches; /* in the order of the tree; owned */
	size_t count, capacity;
	bool is_cut; /* there are more than EXPLORE_MATCHES_MAX */
	/* Inside: */
	struct difference difference;
	struct search_level *levels; /* directories on the way to where the search is; owned */
	size_t depth, level_capacity;
	struct buffer path; /* of the deepest one */
};

/*
 * Searches for names that have the text in them, whatever their case; of a text with a slash, for paths. Ends what was
 * searched for before; the difference's unions are borrowed until explore_search_end(). 0 or -errno.
 */
int explore_search_begin(struct explore_search *search, const struct difference *difference,
			 const char *text, bool only_changes);
/* Looks at some names more, for a few milliseconds. True when there is more to look at. */
bool explore_search_step(struct explore_search *search);
/* Leaves zeros. */
void explore_search_end(struct explore_search *search);

static inline bool explore_search_is_going_on(const struct explore_search *search)
{
	return search->depth > 0;
}
