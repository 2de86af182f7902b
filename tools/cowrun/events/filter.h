/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --filter of cowrun events: type=, event=, container=, image=, volume=, label=. Of one kind any may hold, of several kinds all
 * must; of labels all.
 */
#pragma once

#include "base/json.h"
#include "base/problem.h"
#include "base/string_list.h"

#include <stdbool.h>

enum event_filter_kind {
	EVENT_FILTER_TYPE,
	EVENT_FILTER_EVENT,
	EVENT_FILTER_CONTAINER,
	EVENT_FILTER_IMAGE,
	EVENT_FILTER_VOLUME,
	EVENT_FILTER_LABEL,
	EVENT_FILTER_KINDS,
};

struct event_filter {
	struct string_list wanted[EVENT_FILTER_KINDS];
};

#define EVENT_FILTER_INIT ((struct event_filter){ .wanted = { { 0 } } })

/* One more condition. 0 or -errno with a problem. */
int event_filter_add(struct event_filter *filter, const char *text, struct problem *problem);
void event_filter_free(struct event_filter *filter);
bool event_filter_matches(const struct event_filter *filter, json_object *event);
