/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cowrun info tells, with the names that docker info has in JSON. */
#pragma once

#include "container/record/container.h"

struct system_info {
	int64_t containers, running, paused, stopped;
	int64_t images;

	char *version; /* of cowfs, which is cowrun's */
	char *libfuse, *passthrough, *io_uring;
	char *data_directory, *run_directory;

	char *cgroup_driver;		/* "cgroupfs" or "none" */
	char *cgroup_version;		/* "1", "2"; "" where there are none */
	struct string_list controllers; /* those that this user's containers can have */
	bool memory, cpu_quota, cpu_period, cpu_shares, cpuset, pids;

	struct string_list security;	     /* "name=seccomp,profile=builtin" */
	struct string_list uid_map, gid_map; /* INSIDE:OUTSIDE:COUNT; none: as on the machine */

	char *kernel, *system, *system_type, *architecture, *host_name;
	int64_t processors, memory_total;

	struct string_list
		warnings; /* sentences: what does not work for this user, and what helps */
};

#define SYSTEM_INFO_INIT ((struct system_info){ 0 })
#define cleanup_system_info __attribute__((cleanup(system_info_free)))

void system_info_free(struct system_info *info);

/* Finds all of it out. 0 or -errno with a problem. */
int system_info_read(const struct place *place, struct system_info *ret_info,
		     struct problem *problem);

/* NULL when there is no memory. */
json_object *system_info_view(const struct system_info *info);

/* The parts of system_info_read(), which add to what is there. 0 or -ENOMEM. */
int system_info_add_machine(struct system_info *info);
int system_info_add_fuse(struct system_info *info);
int system_info_add_cgroups(struct system_info *info, bool rootless);
int system_info_add_security(struct system_info *info, bool rootless);
