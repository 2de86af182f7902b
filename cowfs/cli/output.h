/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file or directory that a command makes: it is made under a temporary name beside, and takes its own when it is
 * complete and on the disk. What fails half-way leaves nothing.
 *
 * Functions that return a status (say.h) have said what is wrong.
 */
#pragma once

#include "base/buffer.h"
#include "base/string_list.h"

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
 * What is made may lie in none of the directories that are its sources: it would be a part of itself. Nothing is changed in
 * them.
 *
 * A file takes the place of one that is there, or that a symbolic link there leads to. A device or a FIFO is written
 * to as it is. NULL is standard output, which may not be a terminal.
 */
int output_begin_file(struct output *output, const char *path, const struct string_list *sources);
/* A directory: of that name there must be none, or an empty one. sources may be NULL. */
int output_begin_directory(struct output *output, const char *path,
			   const struct string_list *sources);
/* Gives it its name. */
int output_finish(struct output *output);
/* Takes away what was made; nothing after output_finish(). */
void output_abandon(struct output *output);
