/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/record/json_file.h"

#include "base/buffer.h"
#include "base/confined.h"
#include "container/record/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static int parse(const char *text, int length, json_object **ret_object)
{
	struct json_tokener *tokener = json_tokener_new();
	json_object *object;

	if (!tokener)
		return -ENOMEM;
	object = json_tokener_parse_ex(tokener, text, length);
	json_tokener_free(tokener);
	if (!json_object_is_type(object, json_type_object)) {
		json_put(object);
		return -EINVAL;
	}
	*ret_object = object;
	return 0;
}

/* Its size, for the common case of a small one. */
static int size_of(int directory, const char *name)
{
	struct stat status;

	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return status.st_size >= JSON_FILE_MAX ? -EFBIG : (int)status.st_size;
}

int json_file_read(int directory, const char *name, json_object **ret_object)
{
	cleanup_free char *text = NULL;
	int size = size_of(directory, name);

	if (size < 0)
		return size;
	text = malloc((size_t)size + 2);
	if (!text)
		return -ENOMEM;
	size = place_read(directory, name, text, size + 2);
	return size < 0 ? size : parse(text, size, ret_object);
}

static int write_all(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, text, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		text += written;
		length -= (size_t)written;
	}
	return 0;
}

static int write_file(int directory, const char *name, json_object *object, bool durable)
{
	const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY);
	cleanup_fd int fd = -1;
	int error;

	if (!text)
		return -ENOMEM;
	if (unlinkat(directory, name, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = confined_open(directory, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		return fd;
	error = write_all(fd, text, strlen(text));
	if (!error && durable && fsync(fd) < 0)
		error = -errno;
	return error;
}

int json_file_write(int directory, const char *name, json_object *object, bool durable)
{
	char temporary[NAME_MAX + 1];
	int error;

	if (snprintf(temporary, sizeof(temporary), ".%s.new", name) >= (int)sizeof(temporary))
		return -ENAMETOOLONG;
	error = write_file(directory, temporary, object, durable);
	if (!error && renameat(directory, temporary, directory, name) < 0)
		error = -errno;
	if (error)
		(void)unlinkat(directory, temporary, 0);
	return error;
}
