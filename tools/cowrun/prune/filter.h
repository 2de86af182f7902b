/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --filter of the prune commands: until=TIME, label=KEY[=VALUE], label!=KEY[=VALUE]. */
#pragma once

#include "base/problem.h"
#include "base/string_list.h"

#include <stdbool.h>
#include <stdint.h>

struct prune_filter {
	bool has_until;
	int64_t until;			  /* nanoseconds since 1970 */
	struct string_list texts;	  /* as they were typed */
	struct string_list with, without; /* KEY or KEY=VALUE */
};

#define PRUNE_FILTER_INIT ((struct prune_filter){ 0 })

/* One more condition. 0 or -errno with a problem. */
int prune_filter_add(struct prune_filter *filter, const char *text, struct problem *problem);
void prune_filter_free(struct prune_filter *filter);

/*
 * Whether all conditions hold for something that was made at that time (RFC 3339), with those labels (KEY=VALUE). Of what
 * has no time that can be read, nobody knows that it is old.
 */
bool prune_filter_matches(const struct prune_filter *filter, const char *created,
			  const struct string_list *labels);

/* Whether one of the labels is this, or has this key. */
bool labels_have(const struct string_list *labels, const char *wanted);
