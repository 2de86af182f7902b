/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The standard streams of a process that is being made in a container, and the wait for its program. */
#pragma once

#include "base/problem.h"

#include <stdbool.h>
#include <sys/types.h>

/* A terminal, whose master comes from the process itself; or pipes. Each is -1 when it is not there. */
struct child_streams {
	int master;
	int input, output, errors; /* our ends of the pipes */
	int theirs[3];
};

#define CHILD_STREAMS_INIT                                                                         \
	((struct child_streams){                                                                   \
		.master = -1, .input = -1, .output = -1, .errors = -1, .theirs = { -1, -1, -1 } })

void child_streams_close(struct child_streams *streams);

/* Makes the pipes, if there is to be no terminal. Without input it is empty. 0 or -errno with a problem. */
int child_streams_make(bool terminal, bool input, struct child_streams *ret_streams,
		       struct problem *problem);

/* Makes the pipes somebody's, who may then open them again: root of a user namespace could not even take them. */
void child_streams_give(const struct child_streams *streams, uid_t uid, gid_t gid);

/* In the process: makes the pipes its own. 0 or -errno with a problem. */
int child_streams_take(const int theirs[3], struct problem *problem);

/*
 * Listens on the socket to the process until it has become its program, or has failed. Keeps
 * the terminal it sends. 0, or with a problem the exit status that people expect.
 */
int child_streams_await_program(struct child_streams *streams, int socket, struct problem *problem);
