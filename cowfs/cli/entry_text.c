/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/entry_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/sysmacros.h>
#include <time.h>

static unsigned layer_of(const struct union_entry *entry)
{
	struct union_source source;

	union_get_source(entry->inode, &source);
	return source.layer;
}

static bool is_device(mode_t mode)
{
	return S_ISCHR(mode) || S_ISBLK(mode);
}

/* -- lines -- */

static int digits(uint64_t number)
{
	return snprintf(NULL, 0, "%" PRIu64, number);
}

static void widen(int *width, int needed)
{
	if (needed > *width)
		*width = needed;
}

void entry_columns_widen(struct entry_columns *columns, const struct union_entry *entry)
{
	const struct attributes *attributes = &entry->attributes;

	widen(&columns->layer, digits(layer_of(entry)));
	widen(&columns->links, digits(attributes->links));
	widen(&columns->uid, digits(attributes->uid));
	widen(&columns->gid, digits(attributes->gid));
	if (is_device(attributes->mode))
		widen(&columns->size,
		      digits(major(attributes->rdev)) + 2 + digits(minor(attributes->rdev)));
	else
		widen(&columns->size, digits(attributes->size));
}

static char type_letter(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return 'd';
	case S_IFLNK:
		return 'l';
	case S_IFIFO:
		return 'p';
	case S_IFSOCK:
		return 's';
	case S_IFBLK:
		return 'b';
	case S_IFCHR:
		return 'c';
	default:
		return '-';
	}
}

/* As ls(1): the special bits take the place of execution. */
static char execution_letter(mode_t mode, mode_t execute, mode_t special, char letter)
{
	if (mode & special)
		return (char)(mode & execute ? letter : letter - 'a' + 'A');
	return mode & execute ? 'x' : '-';
}

static void format_mode(mode_t mode, char text[11])
{
	text[0] = type_letter(mode);
	for (int i = 0; i < 3; i++) {
		text[1 + 3 * i] = mode & (0400U >> (3 * i)) ? 'r' : '-';
		text[2 + 3 * i] = mode & (0200U >> (3 * i)) ? 'w' : '-';
	}
	text[3] = execution_letter(mode, S_IXUSR, S_ISUID, 's');
	text[6] = execution_letter(mode, S_IXGRP, S_ISGID, 's');
	text[9] = execution_letter(mode, S_IXOTH, S_ISVTX, 't');
	text[10] = '\0';
}

static void format_time(time_t time, char text[32])
{
	struct tm broken;

	if (!localtime_r(&time, &broken) || !strftime(text, 32, "%Y-%m-%d %H:%M", &broken))
		(void)snprintf(text, 32, "%jd", (intmax_t)time);
}

void entry_print_columns(const struct entry_columns *columns, const struct union_entry *entry)
{
	const struct attributes *attributes = &entry->attributes;
	char mode[11], size[48], time[32];

	format_mode(attributes->mode, mode);
	format_time(attributes->mtime.tv_sec, time);
	if (is_device(attributes->mode))
		(void)snprintf(size, sizeof(size), "%u, %u", major(attributes->rdev),
			       minor(attributes->rdev));
	else
		(void)snprintf(size, sizeof(size), "%" PRIu64, attributes->size);
	(void)printf("%*u %s %*u %*u %*u %*s %s ", columns->layer, layer_of(entry), mode,
		     columns->links, attributes->links, columns->uid, attributes->uid, columns->gid,
		     attributes->gid, columns->size, size, time);
}

void entry_print_target(const struct look *look, const struct union_entry *entry)
{
	cleanup_buffer struct buffer target = BUFFER_INIT;

	if (!S_ISLNK(entry->attributes.mode))
		return;
	(void)fputs(" -> ", stdout);
	if (union_readlink(look->fs, entry->inode, &target) == 0)
		look_print_name(look, COLOR_NONE, buffer_string(&target));
	else
		(void)putchar('?');
}

/* -- objects -- */

static int add_target(struct union_fs *fs, json_object *object, const struct union_entry *entry)
{
	cleanup_buffer struct buffer target = BUFFER_INIT;

	if (!S_ISLNK(entry->attributes.mode) || union_readlink(fs, entry->inode, &target) < 0)
		return 0;
	return json_add_string(object, "target", buffer_string(&target));
}

static int add_device(json_object *object, const struct attributes *attributes)
{
	int result;

	if (!is_device(attributes->mode))
		return 0;
	result = json_add_number(object, "major", major(attributes->rdev));
	return result < 0 ? result : json_add_number(object, "minor", minor(attributes->rdev));
}

static int add_attributes(json_object *object, const struct attributes *attributes)
{
	char mode[16];
	int result;

	(void)snprintf(mode, sizeof(mode), "%04o", attributes->mode & 07777);
	result = json_add_string(object, "mode", mode);
	if (result == 0)
		result = json_add_number(object, "links", attributes->links);
	if (result == 0)
		result = json_add_number(object, "uid", attributes->uid);
	if (result == 0)
		result = json_add_number(object, "gid", attributes->gid);
	if (result == 0)
		result = json_add_number(object, "size", attributes->size);
	if (result == 0)
		result = json_add(object, "mtime", json_object_new_int64(attributes->mtime.tv_sec));
	if (result == 0)
		result = json_add_number(object, "mtime_nsec", (uint64_t)attributes->mtime.tv_nsec);
	if (result == 0)
		result = json_add_number(object, "inode", attributes->inode);
	return result < 0 ? result : add_device(object, attributes);
}

json_object *entry_json(struct union_fs *fs, const char *path, const struct union_entry *entry)
{
	CLEANUP(json_put) json_object *object = json_object_new_object();
	int result = object ? json_add_string(object, "path", path) : -ENOMEM;

	if (result == 0)
		result = json_add(object, "type",
				  json_object_new_string(look_type_name(entry->attributes.mode)));
	if (result == 0)
		result = json_add_number(object, "layer", layer_of(entry));
	if (result == 0)
		result = add_attributes(object, &entry->attributes);
	if (result == 0)
		result = add_target(fs, object, entry);
	return result < 0 ? NULL : steal_pointer(&object);
}
