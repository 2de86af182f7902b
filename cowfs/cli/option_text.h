/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text after -o: `NAME[=VALUE],...`, as mount(8), overlayfs and the container engines write it.
 *
 * A backslash takes its special meaning from the next character; `\,` is a comma that separates
 * nothing. A value that begins with a double quote goes to the next one, commas and backslashes
 * included, as in context="system_u:object_r:x:s0:c1,c2". Empty elements are skipped.
 */
#pragma once

#include "base/problem.h"
#include "base/string_list.h"

#include <stdbool.h>

struct option_text {
	char *name;
	char *value; /* NULL without "="; still escaped, unless quoted */
	bool quoted;
};

/*
 * Reads the next element and moves *text behind it. 1, 0 at the end, -EINVAL with a problem, or
 * -ENOMEM. Released with option_text_free().
 */
int option_text_next(const char **text, struct option_text *ret_option, struct problem *problem);
void option_text_free(struct option_text *option);

/*
 * A copy of text in which a backslash before one of specials is dropped; before anything else it
 * stays, for it is part of a name then. NULL when memory is short.
 */
char *option_text_unescape(const char *text, const char *specials);

/* Splits at separators that no backslash precedes, and unescapes each part. 0 or -ENOMEM. */
int option_text_split(const char *text, char separator, const char *specials,
		      struct string_list *list);
