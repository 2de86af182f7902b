/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/buffer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALLEST_CAPACITY 64

int buffer_reserve(struct buffer *buffer, size_t extra)
{
	size_t needed, capacity = buffer->capacity ? buffer->capacity : SMALLEST_CAPACITY;
	char *data;

	/* One byte more for the zero. */
	if (__builtin_add_overflow(buffer->length, extra, &needed) || needed >= SIZE_MAX / 2)
		return -ENOMEM;
	needed++;
	if (needed <= buffer->capacity)
		return 0;
	while (capacity < needed)
		capacity *= 2;
	data = realloc(buffer->data, capacity);
	if (!data)
		return -ENOMEM;
	data[buffer->length] = '\0';
	buffer->data = data;
	buffer->capacity = capacity;
	return 0;
}

int buffer_append(struct buffer *buffer, const void *data, size_t length)
{
	int error = buffer_reserve(buffer, length);

	if (error)
		return error;
	if (length > 0)
		memcpy(buffer->data + buffer->length, data, length);
	buffer->length += length;
	buffer->data[buffer->length] = '\0';
	return 0;
}

int buffer_append_string(struct buffer *buffer, const char *string)
{
	return buffer_append(buffer, string, strlen(string));
}

int buffer_prepend(struct buffer *buffer, const void *data, size_t length)
{
	int error = buffer_reserve(buffer, length);

	if (error)
		return error;
	memmove(buffer->data + length, buffer->data, buffer->length + 1);
	if (length > 0)
		memcpy(buffer->data, data, length);
	buffer->length += length;
	return 0;
}

int buffer_append_format(struct buffer *buffer, const char *format, ...)
{
	va_list arguments;
	int length, error;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	/* Only a result beyond INT_MAX or a character that cannot be encoded ends here. */
	if (length < 0)
		return -ENOMEM;
	error = buffer_reserve(buffer, (size_t)length);
	if (error)
		return error;
	va_start(arguments, format);
	(void)vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, arguments);
	va_end(arguments);
	buffer->length += (size_t)length;
	return 0;
}

void buffer_clear(struct buffer *buffer)
{
	buffer->length = 0;
	if (buffer->data)
		buffer->data[0] = '\0';
}

const char *buffer_string(const struct buffer *buffer)
{
	return buffer->data ? buffer->data : "";
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = BUFFER_INIT;
}
