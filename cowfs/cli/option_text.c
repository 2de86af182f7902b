/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/option_text.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The length of text up to the first separator that is not escaped, or to its end. */
static size_t length_until(const char *text, const char *separators)
{
	size_t length = 0;

	while (text[length] && !strchr(separators, text[length])) {
		if (text[length] == '\\' && text[length + 1])
			length++;
		length++;
	}
	return length;
}

static int read_quoted(const char **text, struct option_text *option, struct problem *problem)
{
	const char *start = *text + 1;
	const char *end = strchr(start, '"');

	if (!end)
		return problem_set(problem, -EINVAL, "option %s: the quote is not closed",
				   option->name);
	if (end[1] && end[1] != ',')
		return problem_set(problem, -EINVAL, "option %s: text follows the closing quote",
				   option->name);
	option->value = strndup(start, (size_t)(end - start));
	option->quoted = true;
	*text = end + 1;
	return option->value ? 0 : -ENOMEM;
}

static int read_value(const char **text, struct option_text *option, struct problem *problem)
{
	size_t length;

	if (**text == '"')
		return read_quoted(text, option, problem);
	length = length_until(*text, ",");
	option->value = strndup(*text, length);
	*text += length;
	return option->value ? 0 : -ENOMEM;
}

int option_text_next(const char **text, struct option_text *ret_option, struct problem *problem)
{
	struct option_text option = { 0 };
	const char *cursor = *text;
	size_t length;
	int result = 0;

	while (*cursor == ',')
		cursor++;
	if (!*cursor) {
		*text = cursor;
		return 0;
	}
	length = length_until(cursor, ",=");
	option.name = strndup(cursor, length);
	if (!option.name)
		return -ENOMEM;
	cursor += length;
	if (*cursor == '=') {
		cursor++;
		result = read_value(&cursor, &option, problem);
	}
	if (result < 0) {
		option_text_free(&option);
		return result;
	}
	*text = cursor;
	*ret_option = option;
	return 1;
}

void option_text_free(struct option_text *option)
{
	free(option->name);
	free(option->value);
	*option = (struct option_text){ 0 };
}

char *option_text_unescape(const char *text, const char *specials)
{
	char *copy = malloc(strlen(text) + 1);
	char *end = copy;

	if (!copy)
		return NULL;
	while (*text) {
		if (text[0] == '\\' && text[1]) {
			if (!strchr(specials, text[1]))
				*end++ = '\\';
			text++;
		}
		*end++ = *text++;
	}
	*end = '\0';
	return copy;
}

int option_text_split(const char *text, char separator, const char *specials,
		      struct string_list *list)
{
	const char separators[] = { separator, '\0' };

	for (;;) {
		size_t length = length_until(text, separators);
		cleanup_free char *part = strndup(text, length);
		cleanup_free char *unescaped = part ? option_text_unescape(part, specials) : NULL;
		int result = unescaped ? string_list_add(list, unescaped) : -ENOMEM;

		if (result < 0 || !text[length])
			return result;
		text += length + 1;
	}
}
