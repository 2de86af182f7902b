/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file or directory that a command makes: it is made under a temporary name beside, and takes its own when it is
 * complete and on the disk. What fails half-way leaves nothing.
 *
 * Functions that return a status (say.h) have said what is wrong.
 */
#pragma once

#include "base/buffer.h"

#include <limits.h>
#include <stdbool.h>

/* Begins as OUTPUT_INIT. */
struct output {
	const char *path; /* as the person gave it; borrowed */
	int parent;	  /* the directory that it is in, O_PATH */
	int fd;		  /* the file, for writing; or the directory, readable */
	bool is_directory;
	char name[NAME_MAX + 1], temporary[NAME_MAX + 1];
	struct buffer temporary_path; /* of the directory, while it is made */
};

#define OUTPUT_INIT ((struct output){ .parent = -1, .fd = -1 })
#define cleanup_output __attribute__((cleanup(output_abandon)))

/*
 * A file, which takes the place of one that is there. A device, as /dev/null, is written to as it is. NULL is standard output,
 * which may not be a terminal.
 */
int output_begin_file(struct output *output, const char *path);
/* A directory: of that name there must be none, or an empty one. */
int output_begin_directory(struct output *output, const char *path);
/* Gives it its name. */
int output_finish(struct output *output);
/* Takes away what was made; nothing after output_finish(). */
void output_abandon(struct output *output);
