/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/cgroup/file.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "base/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FORMATTED_MAX 2048

int cgroup_file_write(int directory, const char *name, const char *text)
{
	cleanup_fd int fd = confined_open(directory, name, O_WRONLY | O_TRUNC, 0);
	size_t length = strlen(text);
	ssize_t written;

	if (fd < 0)
		return fd;
	/* Newer kernels take O_NONBLOCK on memory.max as a wish not to reclaim at once. */
	if (fcntl(fd, F_SETFL, 0) < 0)
		return -errno;
	do {
		written = write(fd, text, length);
	} while (written < 0 && errno == EINTR);
	if (written < 0)
		return -errno;
	return (size_t)written == length ? 0 : -EIO;
}

int cgroup_file_write_format(int directory, const char *name, const char *format, ...)
{
	char text[FORMATTED_MAX];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= sizeof(text))
		return -E2BIG;
	return cgroup_file_write(directory, name, text);
}

int cgroup_file_read(int directory, const char *name, struct buffer *text)
{
	cleanup_fd int fd = confined_open(directory, name, O_RDONLY, 0);

	if (fd < 0)
		return fd;
	buffer_clear(text);
	return text_file_read_from(fd, text);
}

int cgroup_text_number(const char *text, uint64_t *ret_number)
{
	uint64_t number = 0;
	const char *at = text;

	if (strncmp(text, "max", 3) == 0) {
		number = CGROUP_NO_LIMIT;
		at += 3;
	} else {
		for (; *at >= '0' && *at <= '9'; at++) {
			if (__builtin_mul_overflow(number, 10U, &number) ||
			    __builtin_add_overflow(number, (uint64_t)(*at - '0'), &number))
				return -EBADMSG;
		}
	}
	if (at == text || !strchr(" \t\n", *at))
		return -EBADMSG;
	*ret_number = number;
	return 0;
}

int cgroup_file_read_number(int directory, const char *name, uint64_t *ret_number)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int result = cgroup_file_read(directory, name, &text);

	return result < 0 ? result : cgroup_text_number(buffer_string(&text), ret_number);
}

int cgroup_text_key(const char *text, const char *key, uint64_t *ret_number)
{
	size_t length = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		if (strncmp(line, key, length) == 0 && line[length] == ' ')
			return cgroup_text_number(line + length + 1, ret_number);
	}
	return -ENODATA;
}

int cgroup_file_read_key(int directory, const char *name, const char *key, uint64_t *ret_number)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int result = cgroup_file_read(directory, name, &text);

	return result < 0 ? result : cgroup_text_key(buffer_string(&text), key, ret_number);
}
