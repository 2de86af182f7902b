/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of /proc as the limits of a container make them: from the text that the machine's has now, and from what
 * the container may use and has used. Pure functions, so that recorded texts can test them.
 *
 * What nothing limits or counts is shown as the machine has it. All text is in the kernel's format,
 * proc(5); what a text has that is not understood is kept.
 */
#pragma once

#include "base/buffer.h"
#include "container/cgroup/io_devices.h"
#include "container/cgroup/processor_set.h"
#include "container/cgroup/statistics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a container may use and has used. Of cgroup_statistics.h: CGROUP_UNKNOWN is what nothing counts. */
struct proc_view_usage {
	/*
	 * The machine's processors that it sees, at least one; it has them under the numbers from 0 on.
	 * Fewer than it may run on, when its quota does not fill these.
	 */
	struct processor_set processors;
	struct cgroup_memory_statistics memory;
	struct cgroup_cpu_statistics cpu; /* since its start */
	bool io_known;
	struct cgroup_io_devices io;
	uint64_t age; /* nanoseconds since its start */
	/* The averages over 1, 5 and 15 minutes, and the threads there are and those that run or wait for a disk. */
	bool load_known;
	double load[3];
	unsigned threads, running;
};

/* Each appends to text. 0 or -ENOMEM. */
typedef int proc_view_text(const char *host, const struct proc_view_usage *usage,
			   struct buffer *text);

/* -- proc_view_memory.c -- */

/*
 * Without a limit below the machine's memory it is the machine's. With one, what is free is what is left of it, and
 * available is that and what the kernel can take back: files that are only cached, and slabs.
 */
proc_view_text proc_view_meminfo;
/* With a limit of swap there is one area of that size, of the type "virtual". */
proc_view_text proc_view_swaps;

/* -- proc_view_processors.c -- */

/* The processors that it sees, renumbered. s390's lines, which have the number elsewhere, stay. */
proc_view_text proc_view_cpuinfo;
/*
 * The time used, as spread evenly over the processors: the kernel counts a group's as a whole (version 2 at least). What
 * is not used is idle. btime stays the machine's, as the start times in /proc/PID/stat count from there.
 */
proc_view_text proc_view_stat;
/* Seconds since its start, and those that its processors were idle. */
proc_view_text proc_view_uptime;
/*
 * As the kernel computes it, of the threads of the container alone. The last field, the newest process, is 0: the
 * container's number of it is not known.
 */
proc_view_text proc_view_loadavg;
/* /sys/devices/system/cpu/online. */
proc_view_text proc_view_online;

/* -- proc_view_disks.c -- */

/*
 * The devices that it has used: operations and sectors; nothing else is counted for it. Version 1 counts only, since
 * Linux 6.10, devices for which the group has a limit.
 */
proc_view_text proc_view_diskstats;
