/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands that look into layers have in common: the options that name layers and shape what is printed, paths in
 * a union, colours.
 *
 * Functions that return a status (say.h) have said what is wrong.
 */
#pragma once

#include "base/json.h"
#include "cli/stack_argument.h"
#include "union/union.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

/* Begins as zeros. */
struct look {
	struct stack_argument stack;
	const char *name; /* the operand STACK; NULL when options named the layers */
	bool as_json;
	bool ends_with_zero; /* names raw, each ended by a zero byte */
	bool no_color;
	struct union_fs *fs; /* from look_open() on */
	bool color;	     /* likewise */
	FILE *out;	     /* likewise: standard output, or where what is printed shall go */
	/* What layers are called that lie where nobody should care: digests, from that layer down. Or NULL. */
	const struct string_list *layer_ids;
	unsigned first_with_id;
};

/* Letters of options that are long only. */
enum { LOOK_LAYERS = 256, LOOK_UPPER, LOOK_JSON, LOOK_NO_COLOR, LOOK_OTHER };

/* The beginning of a command's table: of one that only needs the layers, and of one that tells about them. */
#define LOOK_STACK_OPTIONS                                                                         \
	{ "help", no_argument, NULL, 'h' }, { "layers", required_argument, NULL, LOOK_LAYERS },    \
		{ "options", required_argument, NULL, 'o' },                                       \
		{ "upper", required_argument, NULL, LOOK_UPPER },                                  \
	{                                                                                          \
		"version", no_argument, NULL, 'V'                                                  \
	}
#define LOOK_OPTIONS                                                                               \
	LOOK_STACK_OPTIONS, { "json", no_argument, NULL, LOOK_JSON },                              \
		{ "no-color", no_argument, NULL, LOOK_NO_COLOR },                                  \
	{                                                                                          \
		"null", no_argument, NULL, '0'                                                     \
	}

/*
 * Reads the options of the command argv[0]. Those in the table that are not of LOOK_OPTIONS are given to `take` with
 * context, which returns false for a value that makes no sense, having said so. LOOK_DONE: help or version was asked for
 * and given; else a status.
 */
enum { LOOK_DONE = -1 };
int look_parse(struct look *look, int argc, char **argv, const char *letters,
	       const struct option *options, const char *usage,
	       bool (*take)(void *context, int letter, const char *value), void *context);

/*
 * Finds the layers, by the next operand unless options named them; look_open() also opens them. A status. What is left of
 * the operands begins at optind.
 */
int look_find(struct look *look, int argc, char **argv);
int look_open(struct look *look, int argc, char **argv);
void look_close(struct look *look);
/* What look_open() decides, for who opens otherwise: colours are for a terminal that wants them. */
void look_decide_color(struct look *look);

/* The path in the union of an operand (NULL: of the STACK itself). Owned by the caller; NULL: no memory. */
char *look_path(const struct look *look, const char *operand);
/* What sentences call it. */
const char *look_name(const struct look *look, const char *operand);

/* -- output -- */

enum look_color {
	COLOR_NONE,
	COLOR_ADDED,
	COLOR_CHANGED,
	COLOR_DELETED,
	COLOR_DIM,
	COLOR_DIRECTORY,
	COLOR_LINK,
	COLOR_SPECIAL,
	COLOR_PROGRAM,
};

/* Prints the name as name_text_append() makes it harmless, in a colour. */
void look_print_name(const struct look *look, enum look_color color, const char *name);
/* Begins and ends a colour. */
void look_print_color(const struct look *look, enum look_color color);
/* Which one a file of this mode has. */
enum look_color look_color_of(mode_t mode);

/* Prints "12.3 MiB" and kin, at least width wide; a number below 1024 as it is. */
void look_print_size(uint64_t bytes, int width);
/* "file", "directory", "link", "fifo", "socket", "device" (block) and "character device". */
const char *look_type_name(mode_t mode);

/* Prints the object and puts it; NULL: no memory. A status. */
int look_print_json(json_object *object);
/* Whether all was written. The status given, or a failure. */
int look_finish(int status);
