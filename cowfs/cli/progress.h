/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far long work is, on one line of a terminal that is written over, and only when it really takes long. */
#pragma once

#include <time.h>

/* Begins as zeros. */
struct progress {
	struct timespec started, shown;
	int on_line; /* something is there */
};

/* Shows a sentence on standard error if that is a terminal, at most some ten times a second. */
__attribute__((format(printf, 2, 3))) void progress_show(struct progress *progress,
							 const char *format, ...);
/* Takes it away. */
void progress_end(struct progress *progress);
