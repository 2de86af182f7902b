/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/record/log.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "base/json.h"
#include "container/record/state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define LOG_NAME "log"
#define CHUNK 65536
/* Each byte of a line may have been escaped as six; and the frame around it. */
#define ENTRY_MAX (8 * LOG_LINE_MAX)

static const char *const stream_names[] = { [LOG_STDOUT] = "stdout", [LOG_STDERR] = "stderr" };

/* -- writing -- */

int log_open(int container_directory, struct log *ret_log)
{
	int fd = confined_open(container_directory, LOG_NAME, O_WRONLY | O_CREAT | O_APPEND, 0600);

	if (fd < 0)
		return fd;
	*ret_log = (struct log){ .fd = fd };
	return 0;
}

/* The length of the well-formed UTF-8 character at the start of text, or 0. */
static size_t character_length(const unsigned char *text, size_t length)
{
	size_t size = text[0] < 0x80 ? 1 : text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;

	if (size == 1)
		return 1;
	if (text[0] < 0xc2 || text[0] > 0xf4 || size > length)
		return 0;
	for (size_t i = 1; i < size; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
	    (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
		return 0;
	return size;
}

/* JSON is UTF-8, and programs print what they like: a byte that is none becomes U+FFFD. */
static int append_valid(struct buffer *text, const char *data, size_t length)
{
	const unsigned char *at = (const unsigned char *)data;
	int error = 0;

	while (length > 0 && !error) {
		size_t good = 0, size;

		while (good < length && (size = character_length(at + good, length - good)) > 0)
			good += size;
		error = buffer_append(text, at, good);
		if (!error && good < length)
			error = buffer_append_string(text, "\xef\xbf\xbd");
		good += good < length;
		at += good;
		length -= good;
	}
	return error;
}

static int make_entry(enum log_stream stream, const char *data, size_t length,
		      json_object **ret_entry)
{
	CLEANUP(json_put) json_object *entry = json_object_new_object();
	cleanup_buffer struct buffer text = BUFFER_INIT;
	char now[TIME_TEXT_SIZE];

	time_text_now(now);
	if (!entry || append_valid(&text, data, length) < 0 ||
	    json_object_object_add(
		    entry, "log",
		    json_object_new_string_len(buffer_string(&text), (int)text.length)) < 0 ||
	    json_object_object_add(entry, "stream", json_object_new_string(stream_names[stream])) <
		    0 ||
	    json_object_object_add(entry, "time", json_object_new_string(now)) < 0)
		return -ENOMEM;
	*ret_entry = steal_pointer(&entry);
	return 0;
}

/* In one call: a line of the log is there as a whole, or at the end of a full disk. */
static void write_entry(const struct log *log, enum log_stream stream, const char *data,
			size_t length)
{
	CLEANUP(json_put) json_object *entry = NULL;
	cleanup_buffer struct buffer line = BUFFER_INIT;

	if (make_entry(stream, data, length, &entry) < 0 ||
	    buffer_append_string(&line, json_object_to_json_string_ext(
						entry, JSON_C_TO_STRING_PLAIN |
							       JSON_C_TO_STRING_NOSLASHESCAPE)) <
		    0 ||
	    buffer_append(&line, "\n", 1) < 0)
		return;
	(void)!write(log->fd, line.data, line.length);
}

void log_append(struct log *log, enum log_stream stream, const char *data, size_t length)
{
	struct buffer *partial = &log->partial[stream];

	while (length > 0 && log->fd >= 0) {
		const char *newline = memchr(data, '\n', length);
		size_t part = newline ? (size_t)(newline - data) + 1 : length;
		size_t room = LOG_LINE_MAX - partial->length;

		part = part < room ? part : room;
		if (buffer_append(partial, data, part) < 0)
			return;
		data += part;
		length -= part;
		if (data[-1] == '\n' || partial->length == LOG_LINE_MAX) {
			write_entry(log, stream, partial->data, partial->length);
			buffer_clear(partial);
		}
	}
}

void log_close(struct log *log)
{
	for (int stream = LOG_STDOUT; stream <= LOG_STDERR; stream++) {
		struct buffer *partial = &log->partial[stream];

		if (partial->length > 0)
			write_entry(log, (enum log_stream)stream, partial->data, partial->length);
		buffer_free(partial);
	}
	if (log->fd >= 0)
		(void)close(steal_fd(&log->fd));
}

/* -- reading -- */

static int call_with(const char *line, size_t length, log_function *function, void *context)
{
	struct json_tokener *tokener = json_tokener_new();
	CLEANUP(json_put)
	json_object *object = tokener ? json_tokener_parse_ex(tokener, line, (int)length) : NULL;
	json_object *text = NULL, *stream = NULL, *time = NULL;
	struct log_entry entry;

	if (tokener)
		json_tokener_free(tokener);
	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, "log", &text) ||
	    !json_object_object_get_ex(object, "stream", &stream) ||
	    !json_object_object_get_ex(object, "time", &time))
		return 0;
	entry = (struct log_entry){
		.stream = strcmp(json_object_get_string(stream), "stderr") == 0 ? LOG_STDERR
										: LOG_STDOUT,
		.time = json_object_get_string(time),
		.text = json_object_get_string(text),
		.length = (size_t)json_object_get_string_len(text),
	};
	return function(context, &entry);
}

int log_read(int fd, uint64_t *offset, log_function *function, void *context)
{
	cleanup_free char *chunk = malloc(ENTRY_MAX + CHUNK);
	int result = 0;

	if (!chunk)
		return -ENOMEM;
	while (result == 0) {
		ssize_t got = pread(fd, chunk, ENTRY_MAX + CHUNK, (off_t)*offset);
		char *at = chunk, *newline;

		if (got < 0)
			return -errno;
		while (result == 0 && (newline = memchr(at, '\n', (size_t)(chunk + got - at)))) {
			result = call_with(at, (size_t)(newline - at), function, context);
			*offset += (uint64_t)(newline + 1 - at);
			at = newline + 1;
		}
		if (at == chunk && got < ENTRY_MAX + CHUNK)
			break;
		/* Longer than any line of ours. */
		if (at == chunk)
			*offset += (uint64_t)got;
	}
	return result;
}

int log_find_tail(int fd, uint64_t count, uint64_t *ret_offset)
{
	cleanup_free char *chunk = malloc(CHUNK);
	off_t end = lseek(fd, 0, SEEK_END);
	uint64_t newlines = 0;

	if (!chunk)
		return -ENOMEM;
	if (end < 0)
		return -errno;
	/* The line that counts begins behind the newline before it, so one more than lines. */
	for (off_t at = end; at > 0;) {
		size_t size = at < CHUNK ? (size_t)at : CHUNK;

		at -= (off_t)size;
		if (pread(fd, chunk, size, at) != (ssize_t)size)
			return -EIO;
		for (size_t i = size; i > 0; i--) {
			if (chunk[i - 1] != '\n' || newlines++ < count)
				continue;
			*ret_offset = (uint64_t)at + i;
			return 0;
		}
	}
	*ret_offset = 0;
	return 0;
}
