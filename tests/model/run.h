/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run: a stack of layers, a union over it, a plain directory beside it, and operations.
 *
 * Each run is a process of its own, so that a crash or a hang of the union is a failure like any
 * other and can be shrunk like any other. The operations lie in memory shared with it.
 */
#pragma once

#include "operation.h"
#include "tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum choice { CHOICE_RANDOM = -1, CHOICE_FIRST, CHOICE_SECOND };

struct run_options {
	uint64_t seed;
	size_t operations;
	enum choice dialect;	      /* of the upper: aufs, overlay */
	enum choice redirect;	      /* on, copy */
	const char *directory;	      /* where upper and plain directory are made */
	const char *second_directory; /* on another device, for some of the lowers; NULL: none */
	const char *program;	      /* cowfs, to mount with; NULL: the API */
	const char *mount_options;    /* more of them, or NULL */
	bool drop_caches;
	bool keep;	  /* leave the directories of a failed run where they are */
	unsigned timeout; /* seconds */
};

/* The record of a run, in shared memory. */
struct record {
	size_t count; /* operations drawn */
	size_t capacity;
	bool *skipped;	   /* by number; for a repetition */
	char failure[120]; /* which kind it was; set by run() */
	struct operation operations[];
};
struct record *record_create(size_t capacity);
void record_free(struct record *record);

/*
 * Runs it, in a process of its own: true when all was well. With replay the operations come from
 * the record, less those skipped; else they are drawn and recorded. Tells what went wrong
 * in lines of "# ..." unless quiet.
 */
bool run(const struct run_options *options, struct record *record, bool replay,
	 const struct omissions *omissions, bool quiet);

/* shrink.c: leaves out whatever a failed run needs not to fail, and prints what is left. */
void shrink(const struct run_options *options, struct record *record);
