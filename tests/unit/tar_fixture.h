/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tars made by hand, block by block, as no honest program would make them; and a directory to unpack them into.
 */
#pragma once

#include "archive/apply.h"
#include "base/buffer.h"
#include "unit/scratch.h"

struct tar_member {
	const char *name;
	char type;   /* 0: '0', a file */
	mode_t mode; /* 0: 0644 */
	unsigned uid, gid;
	const char *link;    /* of links */
	const char *content; /* of files */
	const char *size;    /* instead of the content's: 12 bytes as they stand in the header */
	unsigned major, minor;
	long mtime; /* 0: 1000000000 */
};

/* Appends a header and the content. */
void tar_put(struct buffer *tar, const struct tar_member *member);
/* Appends a pax header with one record for the next member. */
void tar_put_pax(struct buffer *tar, const char *key, const void *value, size_t size);
/* Appends the end. */
void tar_put_end(struct buffer *tar);

struct tar_fixture {
	struct scratch scratch; /* root/ is the target, outside is a file beside it */
	struct buffer tar;
	struct layer_apply_options options;
	char target[300];
	/* Of the latest apply: */
	struct layer_apply_result result;
	struct problem problem, warning;
};

struct tar_fixture tar_fixture_make(void);
void tar_fixture_remove(struct tar_fixture *fixture);

/* Appends members: put(fixture, .name = "a", .type = '5'). */
#define put(fixture, ...) tar_put(&(fixture)->tar, &(struct tar_member){ __VA_ARGS__ })

/* Ends the tar, and unpacks it. What layer_apply() returns; outside must be untouched. */
int tar_fixture_apply(struct tar_fixture *fixture);
/* The same, as the tar stands. */
int tar_fixture_apply_unended(struct tar_fixture *fixture);
