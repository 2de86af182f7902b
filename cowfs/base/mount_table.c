/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/mount_table.h"

#include "base/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

struct mount_search {
	uint64_t id;
	bool maps_ids;
};

static bool has_option(const char *options, const char *wanted)
{
	size_t length = strlen(wanted);

	for (const char *at = options; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, wanted, length) == 0 && (at[length] == ',' || !at[length]))
			return true;
	}
	return false;
}

/* A mount_table_function. */
static bool look_for_mount(void *context, const struct mount_entry *entry)
{
	struct mount_search *search = context;

	if (entry->id != search->id)
		return false;
	search->maps_ids = has_option(entry->options, "idmapped");
	return true;
}

bool mount_maps_ids(int fd)
{
	struct mount_search search = { 0 };
	struct statx status;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &status) < 0 ||
	    !(status.stx_mask & STATX_MNT_ID))
		return false;
	search.id = status.stx_mnt_id;
	return mount_table_read(look_for_mount, &search) == 1 && search.maps_ids;
}
