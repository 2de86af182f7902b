/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/explore/pager.h"

#include "base/cleanup.h"
#include "cli/name_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PIECE 65536
#define TAB_WIDTH 8

void pager_open(struct pager *pager, pager_read_function *read, void *context)
{
	*pager = (struct pager){ .read = read, .context = context };
}

void pager_close(struct pager *pager)
{
	free(pager->starts);
	*pager = (struct pager){ 0 };
}

/* -- where lines begin -- */

/* starts has one entry more than there are lines: where the next one begins. */
static int add_line(struct pager *pager, uint64_t end)
{
	if (pager->line_count + 2 > pager->capacity) {
		size_t capacity = pager->capacity ? pager->capacity * 2 : 256;
		uint64_t *grown = reallocarray(pager->starts, capacity, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		if (!pager->starts)
			grown[0] = 0;
		pager->starts = grown;
		pager->capacity = capacity;
	}
	pager->starts[++pager->line_count] = end;
	return 0;
}

static uint64_t next_start(const struct pager *pager)
{
	return pager->line_count ? pager->starts[pager->line_count] : 0;
}

/* Takes the lines of a piece that begins where the next line does. 0 or -ENOMEM. */
static int add_piece(struct pager *pager, const char *piece, size_t length, bool is_last)
{
	uint64_t start = next_start(pager);
	size_t done = 0;
	int error = 0;

	while (done < length && !error) {
		size_t most = length - done < PAGER_LINE_MAX ? length - done : PAGER_LINE_MAX;
		const char *feed = memchr(piece + done, '\n', most);

		if (!feed && most < PAGER_LINE_MAX && !is_last)
			break;
		done += feed ? (size_t)(feed - piece) - done + 1 : most;
		error = add_line(pager, start + done);
	}
	return error;
}

static void read_piece(struct pager *pager)
{
	cleanup_free char *piece = malloc(PIECE);
	ssize_t length =
		piece ? pager->read(pager->context, piece, PIECE, next_start(pager)) : -ENOMEM;
	int error = length < 0 ? (int)length : 0;

	if (!error && length > 0)
		error = add_piece(pager, piece, (size_t)length, length < PIECE);
	pager->error = error;
	pager->is_cut = !error && length == PIECE && next_start(pager) >= PAGER_BYTES_MAX;
	pager->is_complete = error || length < PIECE || pager->is_cut;
}

size_t pager_lines(struct pager *pager, size_t wanted)
{
	while (!pager->is_complete && pager->line_count < wanted)
		read_piece(pager);
	return pager->line_count < wanted ? pager->line_count : wanted;
}

/* -- lines -- */

static int append_tab(struct buffer *text, size_t start)
{
	return buffer_append_format(text, "%*s",
				    TAB_WIDTH - (int)((text->length - start) % TAB_WIDTH), "");
}

/*
 * What would harm becomes what it is in a name, but a backslash stays one: in a text, unlike in a name, what is shown need not be
 * read back. line[length] is there to be set.
 */
static int append_harmless(struct buffer *text, char *line, size_t length)
{
	size_t start = text->length, done = 0;
	int error = 0;

	while (done < length && !error) {
		size_t part = strcspn(line + done, "\t\\");
		char special;

		/* A zero byte ends a part, too. */
		special = line[done + part];
		line[done + part] = '\0';
		error = name_text_append(text, line + done);
		done += part;
		if (error || done == length)
			break;
		error = special == '\t'	  ? append_tab(text, start)
			: special == '\\' ? buffer_append_string(text, "\\")
					  : buffer_append_string(text, "\\000");
		done++;
	}
	return error;
}

int pager_line(struct pager *pager, size_t line, struct buffer *text)
{
	char bytes[PAGER_LINE_MAX + 1];
	size_t size;
	ssize_t length;

	if (pager_lines(pager, line + 1) <= line)
		return -ENOENT;
	size = (size_t)(pager->starts[line + 1] - pager->starts[line]);
	length = pager->read(pager->context, bytes, size, pager->starts[line]);
	if (length < 0)
		return (int)length;
	while (length > 0 && (bytes[length - 1] == '\n' || bytes[length - 1] == '\r'))
		length--;
	bytes[length] = '\0';
	return append_harmless(text, bytes, (size_t)length);
}

void pager_scroll(struct pager *pager, long lines, size_t height)
{
	size_t distance = (size_t)(lines < 0 ? -lines : lines), last;

	if (lines < 0) {
		pager->top -= distance < pager->top ? distance : pager->top;
		return;
	}
	last = pager_lines(pager, pager->top + distance + height);
	last = last > height ? last - height : 0;
	pager->top = pager->top + distance < last ? pager->top + distance : last;
}
