/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options of a command, described by a table, read into a structure of the command's own.
 *
 * As docker's are written: --name value, --name=value, -n value, -nvalue, -abc; a switch may be said to be off,
 * --rm=false. What is not in the table is an error; nothing is passed over.
 */
#pragma once

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>

enum option_kind {
	OPTION_SWITCH, /* bool */
	OPTION_TEXT,   /* char *, owned; the last one counts */
	OPTION_LIST,   /* struct string_list, which grows */
	OPTION_NAMED,  /* struct string_list, which grows by NAME=VALUE; read is given that */
	OPTION_NUMBER, /* int64_t */
	OPTION_CALL,   /* only read is called */
};

/*
 * Reads or checks a value; options is the command's structure. For OPTION_TEXT and OPTION_LIST it is called before the
 * value is kept, and may be NULL. 0, or -errno with a problem.
 */
typedef int option_function(const char *value, void *options, struct problem *problem);

struct option_rule {
	char letter; /* 0: none */
	const char *name;
	enum option_kind kind;
	size_t offset;
	option_function *read;
};

struct option_table {
	const struct option_rule *rules;
	size_t count;
	bool operands_end_options; /* what follows the first operand is no option, as in cowrun run */
};

#define OPTION_TABLE(array, ends)                                                                  \
	{                                                                                          \
		.rules = (array), .count = sizeof(array) / sizeof((array)[0]),                     \
		.operands_end_options = (ends)                                                     \
	}

/*
 * Reads the options in argv behind argv[0]. Operands are moved to the front, behind argv[0], in their order;
 * *ret_operands tells how many there are. 0, or -EINVAL or -ENOMEM with a problem.
 */
int options_read(const struct option_table *table, int argc, char **argv, void *options,
		 int *ret_operands, struct problem *problem);

/* True when --help is among the options, up to the first operand if that ends them. */
bool options_ask_for_help(const struct option_table *table, int argc, char **argv);
