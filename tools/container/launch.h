/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run of a container, seen from its monitor: mounting its union, making its first process, and what
 * is left to do when that has ended. The monitor is in the container's user namespace, if it has one, and
 * in a mount namespace of its own.
 */
#pragma once

#include "container/child_streams.h"
#include "container/container.h"
#include "container/container_group.h"
#include "container/proc_view.h"

struct launch {
	pid_t daemon, init;
	int daemon_pidfd, init_pidfd;
	struct child_streams streams;
	struct proc_view view; /* of /proc, if there is one */
};

#define LAUNCH_INIT                                                                                \
	((struct launch){ .daemon_pidfd = -1,                                                      \
			  .init_pidfd = -1,                                                        \
			  .streams = CHILD_STREAMS_INIT,                                           \
			  .view = PROC_VIEW_INIT })

/*
 * Starts it in its control group, and returns when its program runs. Otherwise nothing is left of it but the
 * group, and the exit status that people expect is returned with a problem.
 */
int launch_start(struct container *container, struct container_group *group, int init_program,
		 struct launch *ret_launch, struct problem *problem);

/*
 * After the first process has ended and was waited for: waits until the upper layer is complete. The descriptors
 * are closed.
 */
void launch_finish(struct launch *launch);
