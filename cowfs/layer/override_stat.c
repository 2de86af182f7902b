/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layer/override_stat.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

static const struct type_name {
	const char *name;
	mode_t type;
	bool device; /* followed by -MAJOR-MINOR */
} type_names[] = {
	{ "file", S_IFREG, false }, { "dir", S_IFDIR, false },	   { "symlink", S_IFLNK, false },
	{ "pipe", S_IFIFO, false }, { "socket", S_IFSOCK, false }, { "block", S_IFBLK, true },
	{ "char", S_IFCHR, true },
};

#define TYPE_NAMES (sizeof(type_names) / sizeof(type_names[0]))

/* What is left to read. */
struct cursor {
	const char *at, *end;
};

/* Digits only: no sign, no space, at least one, at most limit. */
static int read_number(struct cursor *cursor, unsigned base, uint32_t limit, uint32_t *ret_number)
{
	const char *start = cursor->at;
	uint64_t number = 0;

	for (; cursor->at < cursor->end; cursor->at++) {
		unsigned digit = (unsigned)(unsigned char)*cursor->at - '0';

		if (digit >= base)
			break;
		number = number * base + digit;
		if (number > limit)
			return -EINVAL;
	}
	if (cursor->at == start)
		return -EINVAL;
	*ret_number = (uint32_t)number;
	return 0;
}

static int skip(struct cursor *cursor, const char *text)
{
	size_t length = strlen(text);

	if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, text, length) != 0)
		return -EINVAL;
	cursor->at += length;
	return 0;
}

static int read_device(struct cursor *cursor, dev_t *ret_device)
{
	uint32_t device_major, device_minor;

	if (skip(cursor, "-") || read_number(cursor, 10, UINT32_MAX, &device_major) ||
	    skip(cursor, "-") || read_number(cursor, 10, UINT32_MAX, &device_minor))
		return -EINVAL;
	*ret_device = makedev(device_major, device_minor);
	return 0;
}

static int read_type(struct cursor *cursor, struct override_stat *override)
{
	for (size_t i = 0; i < TYPE_NAMES; i++) {
		if (skip(cursor, type_names[i].name) != 0)
			continue;
		override->type = type_names[i].type;
		if (!type_names[i].device)
			return 0;
		if (read_device(cursor, &override->rdev) != 0)
			return -EINVAL;
		/* A whiteout is no file, and nobody may make one up by an attribute. */
		return S_ISCHR(override->type) && override->rdev == 0 ? -EINVAL : 0;
	}
	return -EINVAL;
}

int override_stat_parse(const char *text, size_t length, struct override_stat *ret_override)
{
	struct cursor cursor = { text, text + length };
	struct override_stat override = { 0 };
	uint32_t mode;

	/* The greatest id, (uid_t)-1, is none. Some writers leave the type bits in the mode. */
	if (read_number(&cursor, 10, UINT32_MAX - 1, &override.uid) || skip(&cursor, ":") ||
	    read_number(&cursor, 10, UINT32_MAX - 1, &override.gid) || skip(&cursor, ":") ||
	    read_number(&cursor, 8, 0177777, &mode))
		return -EINVAL;
	override.mode = mode & 07777;
	if (cursor.at < cursor.end && (skip(&cursor, ":") || read_type(&cursor, &override)))
		return -EINVAL;
	if (cursor.at < cursor.end)
		return -EINVAL;
	*ret_override = override;
	return 0;
}

size_t override_stat_format(const struct override_stat *override, char *text, size_t size)
{
	const struct type_name *type = NULL;
	char device[32] = "";

	for (size_t i = 0; i < TYPE_NAMES && !type; i++) {
		if (type_names[i].type == override->type)
			type = &type_names[i];
	}
	if (type && type->device)
		(void)snprintf(device, sizeof(device), "-%u-%u", major(override->rdev),
			       minor(override->rdev));
	return (size_t)snprintf(text, size, "%u:%u:%04o%s%s%s", override->uid, override->gid,
				override->mode & 07777, type ? ":" : "", type ? type->name : "",
				device);
}

void override_stat_apply(const struct override_stat *override, struct attributes *attributes)
{
	mode_t type = attributes->mode & S_IFMT;

	attributes->uid = override->uid;
	attributes->gid = override->gid;
	/*
	 * A regular file may stand in for what an unprivileged writer cannot make. Any other claim would
	 * only make us take a file for a directory or the reverse.
	 */
	if (type == S_IFREG && (S_ISCHR(override->type) || S_ISBLK(override->type) ||
				S_ISFIFO(override->type) || S_ISSOCK(override->type))) {
		type = override->type;
		attributes->rdev = override->rdev;
		attributes->size = 0;
	}
	attributes->mode = type | (override->mode & 07777);
}
