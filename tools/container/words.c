/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/words.h"

#include <stdio.h>
#include <string.h>

static const char separators[] = " ,\n";

bool words_next(const char **list, char word[WORD_SIZE])
{
	size_t length;

	*list += strspn(*list, separators);
	length = strcspn(*list, separators);
	if (length == 0)
		return false;
	(void)snprintf(word, WORD_SIZE, "%.*s", (int)length, *list);
	*list += length;
	return true;
}

bool words_have(const char *list, const char *wanted)
{
	char word[WORD_SIZE];

	while (words_next(&list, word)) {
		if (strcmp(word, wanted) == 0)
			return true;
	}
	return false;
}
