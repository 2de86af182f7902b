/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Somebody at a container's standard streams: our own streams, terminal and signals tied to it. */
#pragma once

#include "container/monitor/attachment.h"

struct attach_start {
	bool attach;		 /* or only start it */
	bool input;		 /* pass on what comes to our standard input */
	const char *detach_keys; /* NULL: the usual ones */
	bool is_restart;	 /* is told as a restart, too */
};

struct attach_session {
	int socket;
	bool input, terminal;
	const char *detach_keys;
};

/*
 * Starts a container, for which the lock is taken, and is attached to it from the beginning. 0, having said what
 * there is to be warned of; or the exit
 * status that people expect with a problem.
 */
int attach_start(struct container *container, const struct attach_start *start,
		 struct attach_session *ret_session, struct problem *problem);

/* The size of our terminal, or none. */
struct attachment_size attach_window_size(void);

/*
 * Stays until the container ends, and returns its exit status; or until the detach keys are typed: STATUS_OK.
 * The session is over then.
 */
int attach_serve(struct attach_session *session);
