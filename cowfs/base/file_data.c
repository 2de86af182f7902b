/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/file_data.h"

#include <errno.h>
#include <unistd.h>

ssize_t file_read_piece(int fd, void *bytes, size_t size)
{
	ssize_t length;

	do
		length = read(fd, bytes, size);
	while (length < 0 && errno == EINTR);
	return length < 0 ? -errno : length;
}

int file_read_all(int fd, size_t maximum, struct buffer *content)
{
	char piece[4096];
	ssize_t length;

	while ((length = file_read_piece(fd, piece, sizeof(piece))) > 0) {
		if (content->length + (size_t)length > maximum)
			return -EFBIG;
		if (buffer_append(content, piece, (size_t)length) < 0)
			return -ENOMEM;
	}
	return (int)length;
}

int file_write_all(int fd, const void *bytes, size_t length)
{
	const char *next = bytes;

	while (length > 0) {
		ssize_t written = write(fd, next, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		next += written;
		length -= (size_t)written;
	}
	return 0;
}
