/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the events of a place (event.h), those that were and those that come. A reader that stands still while the file
 * is renamed twice misses what was in between: two megabytes.
 */
#pragma once

#include "base/buffer.h"
#include "base/json.h"
#include "container/record/place.h"

#include <stdbool.h>
#include <stdint.h>

struct event_reader {
	int directory;	       /* of the place, and its */
	int fd;		       /* the file that is read, or -1 */
	int changes;	       /* inotify(7) */
	struct buffer partial; /* what was read and is no whole line yet */
};

#define EVENT_READER_INIT ((struct event_reader){ .directory = -1, .fd = -1, .changes = -1 })

/* Stands before the oldest event, or behind the newest one. The place must stay. 0 or -errno. */
int event_reader_open(const struct place *place, bool oldest, struct event_reader *ret_reader);
void event_reader_close(struct event_reader *reader);

/* Called with each event, which stays the reader's; non-zero ends the reading. */
typedef int event_function(void *context, json_object *event);

/* Reads all there are. What is no event is passed over. 0, what the function returned, or -errno. */
int event_reader_read(struct event_reader *reader, event_function *function, void *context);

/* Waits until there may be more, so many milliseconds at most (-1: for ever). 0 or -errno. */
int event_reader_wait(struct event_reader *reader, int milliseconds);
