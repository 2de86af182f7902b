/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A /proc that tells the truth in a container: meminfo, cpuinfo, stat, uptime, loadavg, swaps and diskstats as
 * the limits of the container's group make them (proc_view_text.h), so that free, top and the like show
 * what the container has.
 *
 * They are files of a small FUSE file system that a process of its own serves. The monitor of a container starts it in
 * its own user and mount namespace, where it may mount without help, on an empty directory; the
 * container's first process, in a copy of that mount namespace, binds each file over its target in
 * the container; then both let go of the directory, and the file system ends with the container. The text of a
 * file is made when it is opened, and stays so for that open file until it is read from the start again.
 *
 * The process holds nothing but the file system and the group, has no capabilities, and does what it does outside the
 * container's group. It ends with the process that started it, or when it is stopped or killed: reading then fails
 * with ENOTCONN, and unmounting works. It cannot hang: it waits for nothing but requests.
 */
#pragma once

#include "base/problem.h"
#include "container/cgroup/cgroup.h"

#include <sys/types.h>

struct proc_view {
	pid_t pid;
	int pidfd; /* readable when it has ended */
};

#define PROC_VIEW_INIT ((struct proc_view){ .pidfd = -1 })

/*
 * Mounts on a directory, an O_PATH descriptor, and starts the process. The calling process must have
 * one thread, be privileged in its user namespace, which owns its mount namespace, and its mount
 * must not be shared. group may be NULL: only uptime then differs from the machine's. 0 or -errno with a problem.
 */
int proc_view_start(const struct cgroup *group, int mountpoint, struct proc_view *ret_view,
		    struct problem *problem);

/* Ends the process and waits for it. Does nothing to PROC_VIEW_INIT. */
void proc_view_stop(struct proc_view *view);

/* What to bind where. Targets may be missing in a container; these are then left out. Ends with a NULL name. */
struct proc_view_target {
	const char *name;   /* in the mounted directory */
	const char *target; /* in the container, without the first slash */
};

const struct proc_view_target *proc_view_targets(void);
