/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making the first process of a container in its namespaces: those that it shares are joined by a process
 * on the way, so that the monitor never leaves its own, and the others come with the first process itself.
 */
#pragma once

#include "container/launch/stage.h"
#include "container/namespaces/shared.h"

/*
 * The process is a child of the caller's that runs the stage, and waits there for a message. socket is
 * the other end of the stage's, which is closed here. 0 or -errno with a problem; the process may be there
 * nevertheless, then *ret_pid says so.
 */
int spawn_first_process(struct stage *stage, const struct shared_namespaces *shared, int socket,
			pid_t *ret_pid, int *ret_pidfd, struct problem *problem);
