/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/library_log.h"

#include <fuse_log.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char last[256]; /* under lock while threads run */
static bool shown;

static const char *without_prefix(const char *text)
{
	return strncmp(text, "fuse: ", 6) == 0 ? text + 6 : text;
}

__attribute__((format(printf, 2, 0))) static void keep(enum fuse_log_level level,
						       const char *format, va_list arguments)
{
	char text[sizeof(last)];

	if (shown) {
		va_list copy;

		va_copy(copy, arguments);
		(void)vfprintf(stderr, format, copy);
		va_end(copy);
	}
	if (level > FUSE_LOG_WARNING)
		return;
	(void)vsnprintf(text, sizeof(text), format, arguments);
	text[strcspn(text, "\n")] = '\0';
	(void)pthread_mutex_lock(&lock);
	(void)snprintf(last, sizeof(last), "%s", without_prefix(text));
	(void)pthread_mutex_unlock(&lock);
}

void library_log_take(bool show)
{
	shown = show;
	last[0] = '\0';
	fuse_set_log_func(keep);
}

const char *library_log_last(void)
{
	return last;
}
