/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for several descriptors at once, with epoll(7). One thread. */
#pragma once

#include <stdint.h>
#include <sys/epoll.h>

struct watch;
typedef void watch_function(struct watch *watch, uint32_t events);

/* A descriptor that is waited for. Embedded in its owner; it must stay where it is while it is watched. */
struct watch {
	int fd; /* -1: nothing */
	int epoll;
	uint32_t events; /* what is waited for; 0: it is not in the epoll set */
	watch_function *ready;
	void *owner;
};

#define WATCH_INIT ((struct watch){ .fd = -1 })

/* Waits for these events from now on; 0: for none. 0 or -errno. */
int watch_for(struct watch *watch, uint32_t events);
/* Ends the watching and closes the descriptor. */
void watch_close(struct watch *watch);

/*
 * Waits for so many milliseconds at most (-1: for ever) and calls one that is ready. 1 when there was one or
 * a signal came, 0 when the time is over, or -errno.
 */
int events_wait(int epoll, int milliseconds);
