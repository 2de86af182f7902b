/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the messages come from one thread at a time or from several at once, as far as their order tells: where many
 * take turns, several are at work. Written to by all serving threads, without a lock; an estimate.
 */
#pragma once

#include <stdatomic.h>
#include <sys/types.h>

/* So many messages are looked at together. */
#define CALLERS_WINDOW 64

struct callers {
	_Atomic pid_t last;
	_Atomic unsigned turns, messages;
};

enum callers_verdict {
	CALLERS_UNKNOWN, /* no window has ended, or this one may be either */
	CALLERS_ONE,	 /* one after the other at most, as the processes of a script */
	CALLERS_MANY,
};

/* One more message, of this thread; 0, of nobody's, says nothing. The verdict on a window that ends with it. */
enum callers_verdict callers_note(struct callers *callers, pid_t thread);
