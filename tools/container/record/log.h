/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a container printed, kept in the form of docker's json-file: a line of the file is
 * {"log":"text\n","stream":"stdout","time":"..."}. A line of the container that is longer than LOG_LINE_MAX
 * is cut into several, all but the last without "\n".
 */
#pragma once

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_LINE_MAX 16384

enum log_stream { LOG_STDOUT, LOG_STDERR };

struct log {
	int fd;
	struct buffer partial[2]; /* of each stream, what is no whole line yet */
};

/* Opens the log of the container whose directory is given, to append to. 0 or -errno. */
int log_open(int container_directory, struct log *ret_log);
/* Appends what came from a stream. A full disk loses lines and is no error of the container's. */
void log_append(struct log *log, enum log_stream stream, const char *data, size_t length);
/* Writes unfinished lines and closes. */
void log_close(struct log *log);

/* -- reading -- */

struct log_entry {
	enum log_stream stream;
	const char *time; /* RFC 3339 */
	const char *text;
	size_t length;
};

/* Called for each line; returning other than 0 ends the reading. */
typedef int log_function(void *context, const struct log_entry *entry);

/*
 * Reads whole lines of the log from *offset on, and moves *offset behind them. Lines that cannot be understood
 * are passed over. 0, what the function returned, or -errno.
 */
int log_read(int fd, uint64_t *offset, log_function *function, void *context);

/* Where the last count lines begin. 0 or -errno. */
int log_find_tail(int fd, uint64_t count, uint64_t *ret_offset);
