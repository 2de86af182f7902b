/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/serving/callers.h"

/* A process that a script starts sends a dozen messages or more; two that work at once, one or two between each other's. */
#define TURNS_OF_ONE (CALLERS_WINDOW / 8)
#define TURNS_OF_MANY (CALLERS_WINDOW / 4)

enum callers_verdict callers_note(struct callers *callers, pid_t thread)
{
	unsigned turns;

	if (thread == 0)
		return CALLERS_UNKNOWN;
	if (atomic_load_explicit(&callers->last, memory_order_relaxed) != thread) {
		atomic_store_explicit(&callers->last, thread, memory_order_relaxed);
		(void)atomic_fetch_add_explicit(&callers->turns, 1, memory_order_relaxed);
	}
	if (atomic_fetch_add_explicit(&callers->messages, 1, memory_order_relaxed) %
		    CALLERS_WINDOW !=
	    CALLERS_WINDOW - 1)
		return CALLERS_UNKNOWN;
	turns = atomic_exchange_explicit(&callers->turns, 0, memory_order_relaxed);
	if (turns > TURNS_OF_MANY)
		return CALLERS_MANY;
	return turns <= TURNS_OF_ONE ? CALLERS_ONE : CALLERS_UNKNOWN;
}
