/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of a text of the kernel's, for proc_view_*.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct line {
	const char *start;
	size_t length; /* with the newline, which the last one may lack */
};

/* Moves *text behind its first line. False at the end. */
static inline bool next_line(const char **text, struct line *ret_line)
{
	const char *start = *text;
	const char *end = strchrnul(start, '\n');

	if (!*start)
		return false;
	if (*end)
		end++;
	*ret_line = (struct line){ .start = start, .length = (size_t)(end - start) };
	*text = end;
	return true;
}

static inline bool line_begins(const struct line *line, const char *word)
{
	return strncmp(line->start, word, strlen(word)) == 0;
}
