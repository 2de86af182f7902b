/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/progress.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#define PATIENCE_MS 500
#define INTERVAL_MS 100

static int64_t milliseconds(const struct timespec *from, const struct timespec *to)
{
	return (to->tv_sec - from->tv_sec) * INT64_C(1000) +
	       (to->tv_nsec - from->tv_nsec) / 1000000;
}

void progress_show(struct progress *progress, const char *format, ...)
{
	struct timespec now;
	va_list arguments;

	if (clock_gettime(CLOCK_MONOTONIC_COARSE, &now) < 0)
		return;
	if (!progress->started.tv_sec)
		progress->started = progress->shown = now;
	if (milliseconds(&progress->started, &now) < PATIENCE_MS ||
	    milliseconds(&progress->shown, &now) < INTERVAL_MS || !isatty(STDERR_FILENO))
		return;
	progress->shown = now;
	progress->on_line = 1;
	(void)fputs("\r\033[K", stderr);
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fflush(stderr);
}

void progress_end(struct progress *progress)
{
	if (progress->on_line)
		(void)fputs("\r\033[K", stderr);
	progress->on_line = 0;
}
