/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which cgroup hierarchies this machine has, and which controller is in which: version 1 with a
 * hierarchy for each (Documentation/admin-guide/cgroup-v1/cgroups.rst), version 2 with one for all
 * (cgroup-v2.rst), or the hybrid, where the one of version 2 holds few controllers or none.
 *
 * The rest of the program asks for a controller and does not care.
 */
#pragma once

#include "base/cleanup.h"
#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>

enum cgroup_controller {
	CGROUP_CPU,
	CGROUP_CPUACCT, /* version 2 counts without being asked */
	CGROUP_CPUSET,
	CGROUP_MEMORY,
	CGROUP_PIDS,
	CGROUP_BLKIO,	/* "io" in version 2 */
	CGROUP_DEVICES, /* a BPF program in version 2 */
	CGROUP_FREEZER, /* part of every group in version 2 */
	CGROUP_CONTROLLERS,
};

/* The word that the hierarchy's version has for it. */
const char *cgroup_controller_name(enum cgroup_controller controller, bool v2);

/* True when version 2 has it in every group, under no name. */
bool cgroup_controller_is_nameless(enum cgroup_controller controller);

#define CGROUP_HIERARCHIES_MAX 16

struct cgroup_hierarchy {
	/* As in /proc/PID/cgroup: "cpu,cpuacct", "name=systemd", or "" for version 2. */
	char *name;
	bool v2;
	unsigned controllers; /* bits 1 << enum cgroup_controller */
	int root;	      /* O_PATH, of what is mounted */
	char *mountpoint;
	/* The group of this process, as a path below root ("" is root itself); NULL: it is not below. */
	char *own;
};

struct cgroup_layout {
	struct cgroup_hierarchy hierarchies[CGROUP_HIERARCHIES_MAX];
	size_t count; /* 0: there are no cgroups here */
};

/* Reads /proc/self. 0 or -errno with a problem. */
int cgroup_layout_read(struct cgroup_layout **ret_layout, struct problem *problem);

/*
 * The same from the texts of /proc/self/mountinfo and /proc/self/cgroup. Mounts that are not of
 * the device they should be, being hidden under others, are left out.
 */
int cgroup_layout_parse(const char *mountinfo, const char *own_groups,
			struct cgroup_layout **ret_layout);

/* Accepts NULL. */
void cgroup_layout_free(struct cgroup_layout *layout);

DEFINE_CLEANUP_FUNCTION(struct cgroup_layout *, cgroup_layout_free);

/* True when version 2 is all there is. */
bool cgroup_layout_is_unified(const struct cgroup_layout *layout);
