/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a process in a container may do, taken from what was asked for and put on in the one order that works: the bounding set
 * while it is still root; the filter of system calls, which without no_new_privs needs privileges to load, before
 * they go; then who it is; its capabilities; and with no_new_privs the filter, last of all.
 */
#pragma once

#include "container/process/capabilities.h"
#include "container/process/user.h"
#include "container/record/config.h"
#include "container/seccomp/seccomp.h"

struct privileges {
	capability_set capabilities;
	bool filtered;
	struct seccomp_program filter;
};

/* Can the container have the capabilities that were asked for, and is its profile one? 0 or -errno with a problem. */
int privileges_check(const struct container_config *config, struct problem *problem);

/*
 * cache is the directory of filters that were made before, see seccomp_cache.h; or -1. 0 or -errno with a
 * problem.
 */
int privileges_prepare(const struct container_config *config, int cache,
		       struct privileges *ret_privileges, struct problem *problem);
/* That directory in run, made if need be. A descriptor, or -1. */
int privileges_open_cache(int run_directory);
void privileges_free(struct privileges *privileges);

/* Makes this process the user, with no more than these privileges. 0 or -errno with a problem. */
int privileges_take(const struct privileges *privileges, const struct container_config *config,
		    const struct user *user, struct problem *problem);

/* To be called just before the program is executed. 0 or -errno with a problem. */
int privileges_complete(const struct privileges *privileges, const struct container_config *config,
			struct problem *problem);
