/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of change.h: words with quotes. */
#include "base/buffer.h"
#include "image/change.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define WHITE_SPACE " \t\r\n"

static bool is_escape(const char *text, char quote)
{
	if (text[0] != '\\' || text[1] == '\0' || quote == '\'')
		return false;
	return quote != '"' || text[1] == '"' || text[1] == '\\';
}

/* One word from *text on, which is left behind it. */
static int read_word(const char **text, struct buffer *word)
{
	const char *next = *text;
	char quote = '\0';
	int error = 0;

	for (; !error && *next && (quote || !strchr(WHITE_SPACE, *next)); next++) {
		if (is_escape(next, quote)) {
			next++;
			error = buffer_append(word, next, 1);
		} else if (quote ? *next == quote : *next == '"' || *next == '\'') {
			quote = quote ? '\0' : *next;
		} else {
			error = buffer_append(word, next, 1);
		}
	}
	*text = next;
	return error ? error : quote ? -EINVAL : 0;
}

int change_split_words(const char *text, struct string_list *words)
{
	cleanup_buffer struct buffer word = BUFFER_INIT;
	int error = 0;

	while (!error && *(text += strspn(text, WHITE_SPACE))) {
		buffer_clear(&word);
		error = read_word(&text, &word);
		if (!error)
			error = string_list_add(words, buffer_string(&word));
	}
	return error;
}
