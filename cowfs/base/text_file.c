/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/text_file.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>

#define READ_MAX ((size_t)16 << 20)
#define CHUNK 4096

int text_file_read(const char *path, struct buffer *text)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t start = text->length;

	if (fd < 0)
		return -errno;
	while (text->length - start < READ_MAX) {
		ssize_t length;

		if (buffer_reserve(text, CHUNK) < 0)
			return -ENOMEM;
		length = read(fd, text->data + text->length, CHUNK);
		if (length < 0 && errno == EINTR)
			continue;
		if (length <= 0)
			return length < 0 ? -errno : 0;
		text->length += (size_t)length;
		text->data[text->length] = '\0';
	}
	return -EFBIG;
}
