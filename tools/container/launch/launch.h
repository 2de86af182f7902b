/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run of a container, seen from its monitor: mounting its union, making its first process, and what
 * is left to do when that has ended. The monitor is in the container's user namespace, if it has one, and
 * in a mount namespace of its own.
 */
#pragma once

#include "container/cgroup/container_group.h"
#include "container/monitor/attachment.h"
#include "container/network/network.h"
#include "container/proc_view/proc_view.h"
#include "container/process/child_streams.h"
#include "container/record/container.h"

struct launch {
	const struct container *container;
	pid_t daemon, init;
	int daemon_pidfd, init_pidfd;
	uint64_t mark; /* see left_behind.h; 0: nothing can be left behind */
	struct child_streams streams;
	struct proc_view view; /* of /proc, if there is one */
	struct network network;
};

#define LAUNCH_INIT                                                                                \
	((struct launch){ .daemon_pidfd = -1,                                                      \
			  .init_pidfd = -1,                                                        \
			  .streams = CHILD_STREAMS_INIT,                                           \
			  .view = PROC_VIEW_INIT,                                                  \
			  .network = NETWORK_INIT })

/*
 * Starts it in its control group, its terminal, if it is to have one, with that size, and returns when its program runs. Otherwise nothing is left of it but the
 * group, and the exit status that people expect is returned with a problem.
 */
int launch_start(struct container *container, struct container_group *group, int init_program,
		 const struct attachment_size *size, struct launch *ret_launch,
		 struct problem *problem);

/*
 * After the first process has ended and was waited for: waits until the upper layer is complete. The descriptors
 * are closed.
 */
void launch_finish(struct launch *launch);
