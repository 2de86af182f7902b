/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/table.h"

#include "base/buffer.h"
#include "cowrun/template.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define GAP 3
#define COLUMNS_MAX 16

static const char *text_of(json_object *line, const struct table_column *column)
{
	const char *text = json_object_get_string(json_object_object_get(line, column->key));

	return text ? text : "";
}

static int length_of(const char *text, const struct table_column *column)
{
	int length = (int)strlen(text);

	return column->width_max && length > column->width_max ? column->width_max : length;
}

static int width_of(json_object *lines, const struct table_column *column)
{
	int widest = (int)strlen(column->title);

	for (size_t i = 0; i < json_object_array_length(lines); i++) {
		int length =
			length_of(text_of(json_object_array_get_idx(lines, i), column), column);

		if (length > widest)
			widest = length;
	}
	return widest;
}

/* What images say of themselves may hold anything, control sequences of a terminal included. */
static void print_text(const char *text, int length, int width)
{
	for (int i = 0; i < length; i++)
		(void)putchar((unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i]);
	for (int i = length; i < width; i++)
		(void)putchar(' ');
}

static void print_table(json_object *lines, const struct table_column *columns, size_t count)
{
	int widths[COLUMNS_MAX];

	for (size_t i = 0; i < count; i++)
		widths[i] = width_of(lines, &columns[i]) + GAP;
	for (size_t row = 0; row <= json_object_array_length(lines); row++) {
		for (size_t i = 0; i < count; i++) {
			const struct table_column *column = &columns[i];
			bool last = i + 1 == count;
			const char *text =
				row == 0 ? column->title
					 : text_of(json_object_array_get_idx(lines, row - 1),
						   column);

			print_text(text, row == 0 ? (int)strlen(text) : length_of(text, column),
				   last ? 0 : widths[i]);
		}
		(void)putchar('\n');
	}
}

int table_print(json_object *lines, const struct table_column *columns, size_t count,
		const char *format, struct problem *problem)
{
	if (count > COLUMNS_MAX)
		return problem_set(problem, -EINVAL, "there are more than %d columns", COLUMNS_MAX);
	if (!format) {
		print_table(lines, columns, count);
		return 0;
	}
	if (strcmp(format, "json") == 0)
		format = "{{json .}}";
	for (size_t i = 0; i < json_object_array_length(lines); i++) {
		cleanup_buffer struct buffer text = BUFFER_INIT;
		int error =
			template_fill(format, json_object_array_get_idx(lines, i), &text, problem);

		if (error)
			return error;
		(void)puts(buffer_string(&text));
	}
	return 0;
}
