/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text in the columns of a terminal, for the view of cowfs explore: each function fills all columns it is given, as a character may
 * take two of them, or none.
 */
#pragma once

#include <stddef.h>

/*
 * Puts what of a text fits into width columns at y, x, and spaces after it. Its bytes are harmless: ours, or of
 * name_text_append(). Returns the rest of the text.
 */
const char *put_text(int y, int x, int width, const char *text);
/* The same of a name or path, whatever is in it. */
void put_name(int y, int x, int width, const char *name);
/* Of a long path its end, which tells more. */
void put_path_end(int y, int x, int width, const char *path);
/* A path in as many lines as it takes, above bottom. Returns the next line. */
int put_wrapped(int y, int bottom, int width, const char *path);

/* What of a harmless text is behind its first columns. */
const char *skip_columns(const char *text, size_t columns);
