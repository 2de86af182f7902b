/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The threads that answer the kernel's messages.
 *
 * While the messages come one after the other a follower (follower.h) answers them alone. While several callers
 * are at work, a pool of threads shares them. Which of the two it is shows in the order of the messages (callers.h).
 *
 * The follower must never keep anybody waiting. What may take long it leaves to a thread of the pool as it came: a sync, a
 * large copy-up. And the thread that runs serving_run() looks after it every four milliseconds, as long as there are messages: when
 * nothing has been answered since, the pool takes over, and keeps the messages the longer the more often that
 * happens.
 */
#pragma once

#include <stdint.h>

struct session;

/* How often what has happened, since the start. */
struct serving_counts {
	_Atomic uint64_t followed; /* messages that the follower answered */
	_Atomic uint64_t left;	   /* messages that it left to the pool */
	_Atomic uint64_t stalled;  /* times that it kept somebody waiting */
	_Atomic uint64_t crowded;  /* times that several callers were at work */
};

/*
 * Serves until the session is over: unmounted, or fuse_session_exit() and a signal to the calling thread. A pool of
 * so many threads. 0, or -errno when the connection failed or there can be no threads.
 */
int serving_run(struct session *session, unsigned threads);
