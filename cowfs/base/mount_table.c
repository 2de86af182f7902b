/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/mount_table.h"

#include "base/text_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_octal(const char *text)
{
	for (int i = 0; i < 3; i++)
		if (text[i] < '0' || text[i] > '7')
			return false;
	return true;
}

/* Spaces, tabs, line feeds and backslashes stand there as \ooo. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text == '\\' && is_octal(text + 1)) {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
				       (text[3] - '0'));
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

static const char *next_field(char **rest)
{
	char *field = strsep(rest, " ");

	if (field)
		unescape(field);
	return field;
}

bool mount_table_parse(char *line, struct mount_entry *ret_entry)
{
	struct mount_entry entry = { 0 };
	char *rest = line;
	const char *field = next_field(&rest);

	if (!field)
		return false;
	entry.id = strtoull(field, NULL, 10);
	for (int i = 0; i < 3; i++) /* its parent, its device, and what of that */
		(void)next_field(&rest);
	entry.mountpoint = next_field(&rest);
	entry.options = next_field(&rest);
	do /* any number of fields, ended by a hyphen */
		field = next_field(&rest);
	while (field && strcmp(field, "-") != 0);
	entry.type = next_field(&rest);
	entry.source = next_field(&rest);
	entry.super_options = next_field(&rest);
	if (!entry.super_options)
		return false;
	*ret_entry = entry;
	return true;
}

int mount_table_read(mount_table_function *function, void *context)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int error = text_file_read("/proc/self/mountinfo", &text);
	char *rest = text.data, *line;

	if (error)
		return error;
	while ((line = strsep(&rest, "\n"))) {
		struct mount_entry entry;

		if (mount_table_parse(line, &entry) && function(context, &entry))
			return 1;
	}
	return 0;
}
