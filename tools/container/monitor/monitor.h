/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monitor of a container: a process that starts it, owns its file system's daemon and its standard
 * streams, notes how it ends, starts it again or removes it if that was asked for. There is one for each container
 * that runs, outside of the container's control group and namespaces but for the user namespace.
 */
#pragma once

#include "container/monitor/attachment.h"

struct monitor_start {
	int client; /* a socket of somebody who is attached from the beginning, see attachment.h; -1: nobody */
	struct attachment_size size; /* of its terminal */
	bool is_restart;	     /* is told as a restart, too */
};

/*
 * Starts the container, whose lock must be held, by a new monitor, and returns when its program runs: 0, with
 * a warning in the problem if there is one.
 * Otherwise the exit status that people expect, with a problem; the state then says so too, unless the
 * container was to be removed and is.
 */
int monitor_spawn(struct container *container, const struct monitor_start *start,
		  struct problem *problem);

/*
 * Sends PID 1 a signal, lets it go on if it is paused, and after so many seconds (-1: never) SIGKILL, and waits until it has ended and all is
 * noted down. told: that is told as a stop.
 * No restart policy starts it again. The lock must not be held. 0 or
 * -errno with a problem; -ESRCH when it does not run.
 */
int monitor_stop(struct container *container, int number, int64_t seconds, bool told,
		 struct problem *problem);
