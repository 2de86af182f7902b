/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/event/event.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/confined.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)
#define NUMBER_SIZE 24

/* -- the file -- */

static bool has_name(int directory, int fd)
{
	struct stat ours, named;

	return fstat(fd, &ours) == 0 &&
	       fstatat(directory, EVENT_LOG, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

/* The file with its lock, whose name it has. A descriptor or -errno. */
static int open_locked(int directory)
{
	for (;;) {
		cleanup_fd int fd =
			confined_open(directory, EVENT_LOG, O_RDWR | O_CREAT | O_APPEND, 0600);

		if (fd < 0)
			return fd;
		while (flock(fd, LOCK_EX) < 0)
			if (errno != EINTR)
				return -errno;
		/* Whoever had the lock before us may have renamed it. */
		if (has_name(directory, fd))
			return steal_fd(&fd);
	}
}

/* The same with room for so many bytes more. *ret_torn: its last line is not whole. */
static int open_with_room(int directory, size_t length, bool *ret_torn)
{
	for (;;) {
		cleanup_fd int fd = open_locked(directory);
		struct stat status;
		char last = '\n';

		if (fd < 0)
			return fd;
		if (fstat(fd, &status) < 0)
			return -errno;
		if (status.st_size == 0 || (size_t)status.st_size + length <= EVENT_LOG_MAX) {
			if (status.st_size > 0 && pread(fd, &last, 1, status.st_size - 1) != 1)
				return -EIO;
			*ret_torn = last != '\n';
			return steal_fd(&fd);
		}
		if (renameat(directory, EVENT_LOG, directory, EVENT_LOG_FORMER) < 0)
			return -errno;
	}
}

static int64_t now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_REALTIME, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

static int add_times(json_object *event)
{
	int64_t moment = now();
	int error = json_add(event, "time", json_object_new_int64(moment / SECOND));

	return error ? error : json_add(event, "timeNano", json_object_new_int64(moment));
}

static int append(const struct place *place, json_object *event)
{
	const char *draft = json_object_to_json_string_ext(event, JSON_C_TO_STRING_PLAIN);
	cleanup_buffer struct buffer line = BUFFER_INIT;
	bool torn = false;
	/* Its times take less. */
	size_t length = draft ? strlen(draft) + 128 : 0;
	cleanup_fd int fd = draft ? open_with_room(place->run_fd, length, &torn) : -ENOMEM;
	int error = fd < 0 ? fd : add_times(event);

	if (!error)
		error = buffer_append_format(
			&line, "%s%s\n", torn ? "\n" : "",
			json_object_to_json_string_ext(
				event, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	if (!error && write(fd, line.data, line.length) < 0)
		error = -errno;
	return error;
}

/* -- what is told -- */

/* KEY=VALUE texts as members. */
static int add_texts(json_object *attributes, const struct string_list *texts)
{
	int error = 0;

	for (size_t i = 0; !error && i < texts->count; i++) {
		cleanup_free char *key = strdup(texts->strings[i]);
		char *value = key ? strchr(key, '=') : NULL;

		if (value)
			*value++ = '\0';
		error = key ? json_add_string(attributes, key, value ? value : "") : -ENOMEM;
	}
	return error;
}

static int add_given(json_object *attributes, const struct event_attribute *given)
{
	int error = 0;

	for (; !error && given && given->name; given++)
		error = json_add_string(attributes, given->name, given->value ? given->value : "");
	return error;
}

/* Takes attributes over. */
static int add_actor(json_object *event, const char *id, json_object *attributes)
{
	json_object *actor = json_object_new_object();
	int error = json_add(event, "Actor", actor);

	if (error) {
		json_put(attributes);
		return error;
	}
	error = json_add_string(actor, "ID", id);
	if (error)
		json_put(attributes);
	return error ? error : json_add(actor, "Attributes", attributes);
}

/* Of whom an event tells. */
struct actor {
	const char *type, *id;
	const char *from; /* the image of a container, or NULL */
	int64_t number;	  /* of the event, 0: none */
};

/* Takes attributes over. */
static void tell(const struct place *place, const struct actor *actor, const char *action,
		 json_object *attributes)
{
	CLEANUP(json_put) json_object *event = json_object_new_object();
	int error = event ? add_actor(event, actor->id, attributes) : -ENOMEM;

	if (!event)
		json_put(attributes);
	if (!error)
		error = json_add_string(event, "Type", actor->type);
	if (!error)
		error = json_add_string(event, "Action", action);
	if (!error)
		error = json_add_string(event, "status", action);
	if (!error)
		error = json_add_string(event, "id", actor->id);
	if (!error && actor->from)
		error = json_add_string(event, "from", actor->from);
	if (!error)
		error = json_add_string(event, "scope", "local");
	if (!error && actor->number)
		error = json_add(event, EVENT_NUMBER, json_object_new_int64(actor->number));
	if (!error)
		(void)append(place, event);
}

/* more or others may be NULL; those are KEY=VALUE texts. */
static void tell_of_container(const struct container *container, const char *action,
			      const struct event_attribute *more, const struct string_list *others,
			      int64_t number)
{
	const struct container_config *config = &container->config;
	const char *image = config->image ? config->image : "";
	const struct actor actor = {
		.type = "container", .id = container->id, .from = image, .number = number
	};
	json_object *attributes = json_object_new_object();
	int error = attributes ? add_texts(attributes, &config->labels) : -ENOMEM;

	if (!error)
		error = json_add_string(attributes, "image", image);
	if (!error)
		error = json_add_string(attributes, "name", config->name ? config->name : "");
	if (!error)
		error = add_given(attributes, more);
	if (!error && others)
		error = add_texts(attributes, others);
	if (error)
		json_put(attributes);
	else
		tell(container->place, &actor, action, attributes);
}

void event_of_container(const struct container *container, const char *action,
			const struct event_attribute *more)
{
	tell_of_container(container, action, more, NULL, 0);
}

void event_of_noted(const struct container *container, const struct noted_event *noted)
{
	tell_of_container(container, noted->action, NULL, &noted->attributes, noted->number);
}

void event_of(const struct place *place, const char *type, const char *id, const char *action,
	      const struct event_attribute *attributes)
{
	const struct actor actor = { .type = type, .id = id };
	json_object *object = json_object_new_object();
	int error = object ? add_given(object, attributes) : -ENOMEM;

	if (error)
		json_put(object);
	else
		tell(place, &actor, action, object);
}

void event_of_signal(const struct container *container, int number)
{
	char text[NUMBER_SIZE];

	(void)snprintf(text, sizeof(text), "%d", number);
	event_of_container(container, "kill", EVENT_ATTRIBUTES({ "signal", text }));
}
