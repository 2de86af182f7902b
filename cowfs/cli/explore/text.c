/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/explore/text.h"

#include "base/cleanup.h"
#include "cli/name_text.h"

#include <ncurses.h>
#include <stdlib.h>
#include <wchar.h>

struct character {
	wchar_t text[2];
	size_t length; /* in bytes; 0 at the end */
	int columns;
};

/* The one that a text begins with; a question mark where the locale knows none. */
static struct character first_character(const char *text)
{
	struct character character = { { 0 }, 0, 0 };
	mbstate_t state = { 0 };

	if (!*text)
		return character;
	character.length = mbrtowc(character.text, text, MB_CUR_MAX, &state);
	if (character.length == (size_t)-1 || character.length == (size_t)-2) {
		character.length = 1;
		character.text[0] = L'?';
	}
	character.columns = wcwidth(character.text[0]);
	if (character.columns < 0) {
		character.text[0] = L'?';
		character.columns = 1;
	}
	return character;
}

static size_t count_columns(const char *text)
{
	size_t columns = 0;

	while (*text) {
		struct character character = first_character(text);

		columns += (size_t)character.columns;
		text += character.length;
	}
	return columns;
}

const char *skip_columns(const char *text, size_t columns)
{
	while (*text) {
		struct character character = first_character(text);

		/* What takes no column of its own goes with what it is put on. */
		if (columns == 0 && character.columns > 0)
			break;
		columns -=
			columns < (size_t)character.columns ? columns : (size_t)character.columns;
		text += character.length;
	}
	return text;
}

const char *put_text(int y, int x, int width, const char *text)
{
	int used = 0;

	(void)move(y, x);
	while (*text) {
		struct character character = first_character(text);

		if (used + character.columns > width)
			break;
		(void)addwstr(character.text);
		used += character.columns;
		text += character.length;
	}
	if (used < width)
		(void)printw("%*s", width - used, "");
	return text;
}

void put_name(int y, int x, int width, const char *name)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;

	if (name_text_append(&text, name) == 0)
		(void)put_text(y, x, width, buffer_string(&text));
}

void put_path_end(int y, int x, int width, const char *path)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	size_t columns;

	if (name_text_append(&text, path) < 0)
		return;
	columns = count_columns(buffer_string(&text));
	if (width > 1 && columns > (size_t)width) {
		(void)put_text(y, x, 1, "<");
		(void)put_text(y, x + 1, width - 1,
			       skip_columns(buffer_string(&text), columns - (size_t)width + 1));
		return;
	}
	(void)put_text(y, x, width, buffer_string(&text));
}

int put_wrapped(int y, int bottom, int width, const char *path)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	const char *rest;

	if (name_text_append(&text, path) < 0)
		return y;
	rest = buffer_string(&text);
	while (y < bottom && *rest)
		rest = put_text(y++, 0, width, rest);
	return y;
}
