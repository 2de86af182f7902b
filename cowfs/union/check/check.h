/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a crash, or another program, can leave in a layer that nobody wants there: found, and repaired where that is sure.
 *
 * The whole layer is read first and judged then; what is repaired comes last, so that nothing is changed on a view of a
 * part. A repair is sure when it changes nothing that a union of the layer with those below it shows. Everything else is only
 * told: what was moved without its marks, two candidates for one thing, markers of a dialect that is not ours. The
 * times of directories are kept.
 */
#pragma once

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>

enum check_kind {
	CHECK_WHITEOUT_OF_NOTHING,
	CHECK_WHITEOUT_BESIDE_NAME,
	CHECK_WHITEOUT_INVALID,
	CHECK_WHITEOUT_UNREAD,
	CHECK_OPAQUE_UNREAD,
	CHECK_MARKER_UNKNOWN,
	CHECK_PROBE,
	CHECK_FOREIGN_REDIRECT,
	CHECK_FOREIGN_METACOPY,
	CHECK_REDIRECT_INVALID,
	CHECK_REDIRECT_DANGLING,
	CHECK_REDIRECT_UNREAD,
	CHECK_ORIGIN_INVALID,
	CHECK_ORIGIN_TWICE,
	CHECK_LINK_NOT_IN_INDEX,
	CHECK_INDEX_WITHOUT_NAMES,
	CHECK_INDEX_WITHOUT_COUNTS,
	CHECK_INDEX_COUNTS_STALE,
	CHECK_INDEX_ORIGIN_STALE,
	CHECK_UNSYNCED_COPY,
	CHECK_UNSYNCED_STALE,
	CHECK_WORK_LEFT,
	CHECK_STATE_UNKNOWN,
	CHECK_UNREADABLE,
	CHECK_KINDS,
};

/* As in "whiteout-of-nothing"; and what it means, to follow a path and a colon. */
const char *check_kind_name(enum check_kind kind);
const char *check_kind_text(enum check_kind kind);

enum check_state {
	CHECK_REPAIRABLE, /* is repaired when that is asked for */
	CHECK_REPAIRED,
	CHECK_LEFT, /* it is not sure what would be right, or could not be done */
};

struct check_finding {
	enum check_kind kind;
	enum check_state state;
	const char *
		path; /* in the layer, "/a/b"; what lies in a work directory elsewhere begins with the path of that */
	const char *why; /* it is LEFT; else NULL */
};

/* Told of each finding at the end, in no order that means anything. */
typedef void check_function(void *context, const struct check_finding *finding);

struct check_options {
	const char *layer;	   /* an upper or any other */
	const char *workdir;	   /* where its state is, or NULL: in itself */
	const char *const *lowers; /* those below it, the topmost first, as far as known */
	size_t lower_count;	   /* 0: what can only be told with them is not looked for */
	bool repair;
};

/* 0, or -errno with a problem: -EBUSY when the layer is somebody's upper now. */
int check_layer(const struct check_options *options, check_function *function, void *context,
		struct problem *problem);
