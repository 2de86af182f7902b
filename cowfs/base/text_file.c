/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/text_file.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>

#define READ_MAX ((size_t)16 << 20)
/* Many files of /proc are one moment only as far as one read goes. */
#define CHUNK 16384

int text_file_read_from(int fd, struct buffer *text)
{
	size_t start = text->length;

	while (text->length - start < READ_MAX) {
		ssize_t length;

		if (buffer_reserve(text, CHUNK) < 0)
			return -ENOMEM;
		length = read(fd, text->data + text->length, CHUNK);
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return -errno;
		text->length += (size_t)length;
		text->data[text->length] = '\0';
		if (length == 0)
			return 0;
	}
	return -EFBIG;
}

int text_file_read(const char *path, struct buffer *text)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : text_file_read_from(fd, text);
}
