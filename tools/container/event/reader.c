/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/event/reader.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "container/event/event.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE 65536

void event_reader_close(struct event_reader *reader)
{
	if (reader->fd >= 0)
		(void)close(reader->fd);
	if (reader->changes >= 0)
		(void)close(reader->changes);
	buffer_free(&reader->partial);
	*reader = EVENT_READER_INIT;
}

/* -1 when there is none; or -errno. */
static int open_log(int directory, const char *name, int *ret_fd)
{
	int fd = confined_open_regular(directory, name, O_RDONLY);

	if (fd < 0 && fd != -ENOENT)
		return fd;
	*ret_fd = fd < 0 ? -1 : fd;
	return 0;
}

/* For what is in the directory: the file, which may not be there yet, is one of few. */
static int watch_directory(struct event_reader *reader)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", reader->directory);
	reader->changes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (reader->changes < 0 ||
	    inotify_add_watch(reader->changes, path, IN_CREATE | IN_MODIFY | IN_MOVED_TO) < 0)
		return -errno;
	return 0;
}

int event_reader_open(const struct place *place, bool oldest, struct event_reader *ret_reader)
{
	struct event_reader reader = EVENT_READER_INIT;
	int error;

	reader.directory = place->run_fd;
	/* First, so that nothing comes unseen between the reading and the waiting. */
	error = watch_directory(&reader);
	if (!error && oldest)
		error = open_log(reader.directory, EVENT_LOG_FORMER, &reader.fd);
	if (!error && reader.fd < 0)
		error = open_log(reader.directory, EVENT_LOG, &reader.fd);
	if (!error && !oldest && reader.fd >= 0 && lseek(reader.fd, 0, SEEK_END) < 0)
		error = -errno;
	if (error) {
		event_reader_close(&reader);
		return error;
	}
	*ret_reader = reader;
	return 0;
}

/* -- lines -- */

static bool is_event(json_object *event)
{
	static const char *const texts[] = { "Type", "Action" };
	json_object *actor = NULL, *member = NULL;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (!json_object_object_get_ex(event, texts[i], &member) ||
		    !json_object_is_type(member, json_type_string))
			return false;
	return json_object_object_get_ex(event, "timeNano", &member) &&
	       json_object_is_type(member, json_type_int) &&
	       json_object_object_get_ex(event, "Actor", &actor) &&
	       json_object_object_get_ex(actor, "ID", &member) &&
	       json_object_is_type(member, json_type_string) &&
	       json_object_object_get_ex(actor, "Attributes", &member) &&
	       json_object_is_type(member, json_type_object);
}

static int take_line(const char *line, size_t length, event_function *function, void *context)
{
	CLEANUP(json_put) json_object *event = NULL;
	struct json_tokener *tokener;

	if (length == 0)
		return 0;
	tokener = json_tokener_new();
	if (!tokener)
		return -ENOMEM;
	event = json_tokener_parse_ex(tokener, line, (int)length);
	json_tokener_free(tokener);
	return json_object_is_type(event, json_type_object) && is_event(event)
		       ? function(context, event)
		       : 0;
}

/* The whole lines of what was read; the rest stays. */
static int take_lines(struct event_reader *reader, event_function *function, void *context)
{
	struct buffer *text = &reader->partial;
	size_t at = 0;
	const char *end;
	int result = 0;

	while (!result && at < text->length &&
	       (end = memchr(text->data + at, '\n', text->length - at))) {
		size_t length = (size_t)(end - text->data) - at;

		result = take_line(text->data + at, length, function, context);
		at += length + 1;
	}
	if (at > 0) {
		text->length -= at;
		memmove(text->data, text->data + at, text->length + 1);
	}
	return result;
}

static int read_file(struct event_reader *reader, event_function *function, void *context)
{
	int result = 0;

	while (!result) {
		ssize_t got;

		if (buffer_reserve(&reader->partial, PIECE) < 0)
			return -ENOMEM;
		got = read(reader->fd, reader->partial.data + reader->partial.length, PIECE);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : 0;
		reader->partial.length += (size_t)got;
		reader->partial.data[reader->partial.length] = '\0';
		result = take_lines(reader, function, context);
	}
	return result;
}

/* -- files -- */

static bool is_same(int a, int b)
{
	struct stat first, second;

	return fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

/* The file behind the one that is read, -1 when that is the last. */
static int open_next(const struct event_reader *reader, int *ret_next)
{
	cleanup_fd int former = -1, last = -1;
	int error = open_log(reader->directory, EVENT_LOG, &last);

	if (!error && reader->fd >= 0 && last >= 0 && is_same(reader->fd, last))
		(void)close(steal_fd(&last));
	else if (!error)
		error = open_log(reader->directory, EVENT_LOG_FORMER, &former);
	/* Ours may have been the one before that. */
	if (!error && former >= 0 && reader->fd >= 0 && !is_same(reader->fd, former)) {
		if (last >= 0)
			(void)close(last);
		last = steal_fd(&former);
	}
	if (!error)
		*ret_next = steal_fd(&last);
	return error;
}

int event_reader_read(struct event_reader *reader, event_function *function, void *context)
{
	int next = -1;
	int result = 0;

	do {
		if (next >= 0) {
			/* Nobody writes to a file once it was renamed; what came before that comes first. */
			if (reader->fd >= 0) {
				result = read_file(reader, function, context);
				(void)close(reader->fd);
			}
			reader->fd = next;
			buffer_clear(&reader->partial);
		}
		if (!result && reader->fd >= 0)
			result = read_file(reader, function, context);
		next = -1;
		if (!result)
			result = open_next(reader, &next);
	} while (!result && next >= 0);
	return result;
}

int event_reader_wait(struct event_reader *reader, int milliseconds)
{
	struct pollfd watched = { .fd = reader->changes, .events = POLLIN };
	char ignored[4096];

	if (poll(&watched, 1, milliseconds) < 0 && errno != EINTR)
		return -errno;
	while (read(reader->changes, ignored, sizeof(ignored)) > 0)
		;
	return 0;
}
