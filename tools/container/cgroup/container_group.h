/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control group of a container, with the limits that its configuration asks for. It is made before each start and
 * removed after each end; in between, the state has it as a text, by which whoever comes later finds it.
 *
 * Root's containers always have one. An ordinary user's have one where groups are delegated to the
 * user, and do without where not, unless there are limits.
 */
#pragma once

#include "container/cgroup/cgroup.h"
#include "container/record/config.h"

struct container_group {
	struct cgroup_layout *layout;
	struct cgroup *cgroup; /* NULL: there is none */
};

#define CONTAINER_GROUP_INIT ((struct container_group){ 0 })
#define cleanup_container_group __attribute__((cleanup(container_group_close)))

/* Leaves CONTAINER_GROUP_INIT; the group stays. */
void container_group_close(struct container_group *group);

/*
 * Makes it and gives it its limits. 0 or -errno with a problem. With --cgroup-ignore nothing fails for
 * want of a limit; what is missing is in the problem then, which is empty otherwise.
 */
int container_group_make(const struct container_config *config, struct container_group *ret_group,
			 struct problem *problem);

/* For container_group_open(); *ret_text is owned by the caller, and NULL when there is none. 0 or -ENOMEM. */
int container_group_describe(const struct container_group *group, char **ret_text);

/* Finds what that text is about; a NULL text is about none. 0 or -errno with a problem. */
int container_group_open(const char *text, struct container_group *ret_group,
			 struct problem *problem);

/*
 * Moves a process into it: 0. 1 when it had to stay where it is, which no limit depends on; or -errno with a
 * problem.
 */
int container_group_add(const struct container_group *group, const struct container_config *config,
			pid_t pid, struct problem *problem);

/* Kills all that is in it, also while it is paused. */
void container_group_kill(const struct container_group *group);

/* Whether the kernel has killed a process of it as memory ran out. */
bool container_group_ran_out_of_memory(const struct container_group *group);

/* Removes it and closes it. 0 or -errno with a problem. */
int container_group_remove(struct container_group *group, struct problem *problem);

/*
 * Kills what is in the group of that text, and removes it: what is left of a container whose monitor was
 * killed. 0 or -errno with a problem.
 */
int container_group_sweep(const char *text, struct problem *problem);

/* The same of a container whose state cannot be read, by its id. */
int container_group_sweep_id(const char *id, struct problem *problem);
