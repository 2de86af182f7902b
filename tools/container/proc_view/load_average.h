/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The load of a group, as the kernel computes the machine's (kernel/sched/loadavg.c): the threads that run, want to, or
 * wait for a disk, sampled every five seconds and averaged with weights that decay.
 */
#pragma once

#include "container/cgroup/cgroup.h"

#define LOAD_PERIOD_SECONDS 5

struct load_average {
	double load[3]; /* over 1, 5 and 15 minutes */
	unsigned threads, running;
};

/* So many periods have passed with so many threads running. */
void load_average_add(struct load_average *average, unsigned running, unsigned periods);

/*
 * Counts the threads of the group in /proc, of the first thousands of processes. Those that end
 * meanwhile are not counted. 0 or -errno.
 */
int load_average_count(const struct cgroup *group, unsigned *ret_threads, unsigned *ret_running);

/* The letter of a /proc/PID/stat for how the thread is, or 0. The name in it may be any. */
char load_average_state(const char *stat);
