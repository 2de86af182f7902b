/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/trace.h"

#include "base/string_list.h"
#include "cli/name_text.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static bool matches(const struct string_list *globs, const char *path)
{
	for (size_t i = 0; path && i < globs->count; i++)
		if (fnmatch(globs->strings[i], path, 0) == 0)
			return true;
	return false;
}

static int append_time(struct buffer *line)
{
	struct timespec now;
	struct tm local;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (!localtime_r(&now.tv_sec, &local))
		return 0;
	return buffer_append_format(line, "%02d:%02d:%02d.%06ld ", local.tm_hour, local.tm_min,
				    local.tm_sec, now.tv_nsec / 1000);
}

static int append_subject(struct buffer *line, const struct session_trace *trace)
{
	int error = buffer_append_format(line, "%s ", trace->operation);

	if (!error)
		error = name_text_append(line, trace->path);
	if (!error && trace->to_path) {
		error = buffer_append_string(line, " -> ");
		if (!error)
			error = name_text_append(line, trace->to_path);
	}
	if (!error && trace->text) {
		error = buffer_append_string(line, " ");
		if (!error)
			error = name_text_append(line, trace->text);
	}
	if (!error && trace->size)
		error = buffer_append_format(line, " %" PRIu64 " at %" PRIu64, trace->size,
					     trace->offset);
	return error;
}

static int append_result(struct buffer *line, const struct session_trace *trace)
{
	const char *name = trace->result < 0 ? strerrorname_np((int)-trace->result) : NULL;
	int error;

	if (name)
		error = buffer_append_format(line, " = %s", name);
	else
		error = buffer_append_format(line, " = %" PRId64, trace->result);
	if (!error)
		error = buffer_append_format(line, ", %" PRIu64 " us", trace->microseconds);
	if (!error && trace->pid)
		error = buffer_append_format(line, ", pid %d", (int)trace->pid);
	return error ? error : buffer_append_string(line, "\n");
}

void trace_print(void *context, const struct session_trace *trace)
{
	const struct string_list *globs = context;
	cleanup_buffer struct buffer line = BUFFER_INIT;

	if (globs->count && !matches(globs, trace->path) && !matches(globs, trace->to_path))
		return;
	/* In one piece, so that those of several threads do not mix. */
	if (append_time(&line) == 0 && append_subject(&line, trace) == 0 &&
	    append_result(&line, trace) == 0)
		(void)fwrite(line.data, 1, line.length, stderr);
}
