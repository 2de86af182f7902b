/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stopping all processes of a container where they are, and letting them go on, by its control group. */
#pragma once

#include "container/record/container.h"

/* Takes the lock. 0 or -errno with a problem; -ESRCH when it does not run, -EALREADY when it is so. */
int container_pause(struct container *container, struct problem *problem);
int container_unpause(struct container *container, struct problem *problem);
