/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a container's /proc takes what it shows from: the container's group, the clock, and the machine's own files. */
#pragma once

#include "container/cgroup/file.h"
#include "container/proc_view/load_average.h"
#include "container/proc_view/text.h"

#include <time.h>

struct proc_view_source {
	const struct cgroup *group; /* NULL: nothing is limited, and nothing counted */
	struct timespec started;    /* CLOCK_BOOTTIME */
	/* What the group had used before: it may have been there. */
	struct cgroup_cpu_statistics cpu_before;
	struct load_average load;
	struct timespec sampled; /* when something was last added to the averages */
	struct timespec counted; /* when threads were last counted */
};

/* It begins now. */
void proc_view_source_begin(struct proc_view_source *source, const struct cgroup *group);

/* Adds to the averages what has passed, and returns in how many milliseconds to call again. */
int proc_view_source_sample(struct proc_view_source *source);

/* ret_usage is to be given back. 0 or -errno. */
int proc_view_usage_read(struct proc_view_source *source, struct proc_view_usage *ret_usage);
void proc_view_usage_free(struct proc_view_usage *usage);
