/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growing run of bytes, always followed by a zero byte that is not counted.
 *
 * Start from BUFFER_INIT. Each function that grows it returns 0 or -ENOMEM, and leaves the content
 * as it was on failure.
 */
#pragma once

#include <stddef.h>

struct buffer {
	char *data; /* NULL until the first byte; owned */
	size_t length;
	size_t capacity;
};

#define BUFFER_INIT ((struct buffer){ 0 })
#define cleanup_buffer __attribute__((cleanup(buffer_free)))

/* Makes room for extra more bytes. */
int buffer_reserve(struct buffer *buffer, size_t extra);
int buffer_append(struct buffer *buffer, const void *data, size_t length);
int buffer_append_string(struct buffer *buffer, const char *string);
/* Inserts before the first byte. */
int buffer_prepend(struct buffer *buffer, const void *data, size_t length);
__attribute__((format(printf, 2, 3))) int buffer_append_format(struct buffer *buffer,
							       const char *format, ...);
/* Makes the length 0 and keeps the memory. */
void buffer_clear(struct buffer *buffer);
/* The content as a string, which may be "" but never NULL; owned by the buffer. */
const char *buffer_string(const struct buffer *buffer);
void buffer_free(struct buffer *buffer);
