/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which processors a group may use, and for how much of the time. */
#pragma once

#include "container/cgroup/cgroup.h"
#include "container/cgroup/processor_set.h"

/*
 * How many processors' time the group may use at most, rounded up: the smallest quota of the group and all
 * above it; UINT_MAX without one.
 */
unsigned cgroup_processor_quota(const struct cgroup *group);

/* Those its processes may run on. 0 or -errno; -ENOENT when that is not controlled. */
int cgroup_processors(const struct cgroup *group, struct processor_set *ret_set);
