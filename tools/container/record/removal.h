/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Removing a container with all that is its own, by a command and not by its monitor. */
#pragma once

#include "container/record/container.h"

/*
 * Ends all processes of a container whose records are damaged: its monitor, which the kernel knows (monitor/lock.h), the
 * processes that this one has started, and the control group of its id. The lock must be held. 0 or -errno with a problem.
 */
int container_end_damaged(struct container *container, struct problem *problem);

/*
 * Takes it out of sight and deletes it, where the owners of its files are known. The lock must be held, and the container
 * must not run. 0 or -errno with a problem.
 */
int container_remove(struct container *container, struct problem *problem);
