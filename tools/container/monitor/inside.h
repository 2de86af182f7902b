/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of a monitor, see monitor.h. */
#pragma once

#include "container/monitor/monitor.h"

/*
 * The process itself: what it does from fork to end. place must stay. socket: to who started it. lock: the
 * descriptor through which that one has locked the container; being shared, it keeps the lock until the start is noted
 * down, should that one be killed meanwhile.
 */
_Noreturn void monitor_run(int socket, int lock, const struct place *place, const char *id,
			   const struct monitor_start *start);

/*
 * Enters the namespaces of a monitor: the user namespace of its container, if that has one, with the help of who
 * started it; and a mount namespace of its own. 0 or -errno with a problem.
 */
int monitor_enter(const struct container *container, int socket, struct problem *problem);

/* Tells who started it how that went, with the problem or a warning, and closes the socket. */
void monitor_report(int socket, int status, const struct problem *problem);

/* Removes its container. */
void monitor_remove(struct container *container);
