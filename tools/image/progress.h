/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far long work has come. Whoever wants to know gives a function; the library prints nothing. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct image_progress {
	/* done of total bytes of something, of which `what` is a short name; total 0: not known. */
	void (*show)(void *context, const char *what, uint64_t done, uint64_t total);
	/* Whatever is shown can be taken away: what is next is something else, or nothing. */
	void (*end)(void *context);
	void *context;
};

/* A NULL progress is nobody who wants to know. */
static inline void image_progress_show(const struct image_progress *progress, const char *what,
				       uint64_t done, uint64_t total)
{
	if (progress)
		progress->show(progress->context, what, done, total);
}

static inline void image_progress_end(const struct image_progress *progress)
{
	if (progress)
		progress->end(progress->context);
}
