/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands that write and read layers have in common: options, progress, and what is told in the end.
 *
 * Functions that return a status (say.h) have said what is wrong.
 */
#pragma once

#include "archive/commit.h"
#include "base/string_list.h"
#include "cli/progress.h"
#include "cli/stack_argument.h"

#include <getopt.h>

/* Begins as zeros. */
struct archive_options {
	struct stack_argument stack;
	const char *output;		    /* or NULL */
	struct layer_commit_options commit; /* but for the layers, exclusions and progress */
	bool has_compression;
	struct string_list excluded;
	enum whiteout_dialect dialect;
	bool has_dialect;
	struct ownership ownership; /* of what is unpacked */
	bool has_owners;
	bool has_options; /* of how layers are read */
	bool as_json;
};

/* Letters of options that are long only. */
enum {
	ARCHIVE_COMPRESS = 256,
	ARCHIVE_DIALECT,
	ARCHIVE_EPOCH,
	ARCHIVE_EXCLUDE,
	ARCHIVE_FILL_HOLES,
	ARCHIVE_JSON,
	ARCHIVE_LAYERS,
	ARCHIVE_OPTIONS,
	ARCHIVE_OWNERS,
	ARCHIVE_UPPER,
	ARCHIVE_OTHER,
};

enum { ARCHIVE_DONE = -1 };

/*
 * Reads the options of the command argv[0]; letters from ARCHIVE_OTHER on are given to `take` with context, and may only be in
 * the table if it is not NULL. ARCHIVE_DONE: help or version was asked for and given; else a status.
 */
int archive_options_parse(struct archive_options *options, int argc, char **argv,
			  const char *letters, const struct option *table, const char *usage,
			  int (*take)(void *context, int letter, const char *value), void *context);
void archive_options_free(struct archive_options *options);

/* Compression by the name of the output, unless it was chosen; time by SOURCE_DATE_EPOCH. A status. */
int archive_options_complete(struct archive_options *options);
/*
 * What the output may not lie in: the layers, and the union if operand, which may be NULL, is its mountpoint. A status; the
 * list is the caller's, also on failure.
 */
int archive_options_sources(const struct archive_options *options, const char *operand,
			    struct string_list *sources);
/*
 * Owners are kept on the disk by root, and in attributes by others and where nobody else is known (privilege.h), unless it was
 * chosen.
 */
void archive_options_choose_owners(struct archive_options *options);
/* True for names of archives: .tar, .tar.gz, .tgz, .tar.zst, .tzst. */
bool archive_name_is_archive(const char *name);

/* Progress on a terminal, until a signal comes. Begins as zeros. */
struct archive_progress_line {
	struct progress progress;
	const char *what; /* "written", "read" */
};

struct tar_progress archive_progress(struct archive_progress_line *line);

/*
 * Says what went wrong, unless it was that a signal came; and a warning. A status.
 */
int archive_say(int error, const struct problem *problem, const struct problem *warning,
		uint64_t left_out);
/* Copies options->commit.layers into the new directory options->output, for which operand is as above. A status. */
int archive_make_directory(struct archive_options *options, const char *operand);
/* Prints what is known of the archive as JSON. A status. */
int archive_print_summary(const struct tar_summary *summary);
