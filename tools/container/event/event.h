/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens to containers, images and volumes, told to whoever wants to know (cowrun events).
 *
 * Nobody is there all the time to be asked, so whoever changes something tells it afterwards by one line of JSON, as docker's API
 * has them, at the end of a file: run/events.log of the place. A lock (flock(2)) on the file puts the lines in the order
 * of their times; each is one write(2). A file that would grow over EVENT_LOG_MAX becomes events.log.1, in place of
 * the one before it, by a rename under that lock.
 *
 * Who is killed in the middle of a write leaves a line that is not whole; the next one ends it, and readers pass it over. Who
 * is killed between a change and its event leaves none; but what happens to containers is noted before it is told (noted.h).
 *
 * Telling never fails for the caller: a full disk loses events, not containers.
 */
#pragma once

#include "base/json.h"
#include "container/record/container.h"

#define EVENT_LOG "events.log"
#define EVENT_LOG_FORMER "events.log.1"
#define EVENT_LOG_MAX (1024 * 1024)

/* A member of events that were noted. */
#define EVENT_NUMBER "number"

struct event_attribute {
	const char *name, *value; /* a NULL value is an empty one */
};

/* {"name", value}, ...: as many as are written. */
#define EVENT_ATTRIBUTES(...) ((const struct event_attribute[]){ __VA_ARGS__, { NULL, NULL } })

/*
 * Tells of a container: "start", "die" ... Its name, image and labels are told with it, and what is in more, which ends with a
 * NULL name; or is NULL.
 */
void event_of_container(const struct container *container, const char *action,
			const struct event_attribute *more);

/* The same of an image or a volume: its type, and what it is known by. */
void event_of(const struct place *place, const char *type, const char *id, const char *action,
	      const struct event_attribute *attributes);

/* Of a container that gets a signal. */
void event_of_signal(const struct container *container, int number);
/* What its state has noted. */
void event_of_noted(const struct container *container, const struct noted_event *noted);
