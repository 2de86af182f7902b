/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control group of one container: a directory of the same name in every hierarchy where we may
 * make one.
 *
 * Root's are `cowrun/ID` at the top of each hierarchy. Anybody else's are `cowrun/ID` below the
 * group that cowrun was started in, if that was delegated to them, which happens in version 2
 * (cgroup-v2.rst, "Delegation"). There processes may be only in leaves, so those of
 * the group itself, cowrun among them, move to the leaf `cowrun.self` when controllers are passed on.
 *
 * A hierarchy where no group can be made is left out; that is no error until a limit needs it.
 * Functions return 0 or -errno and fill the problem, except where they say otherwise. Nothing here
 * is for several threads at once.
 */
#pragma once

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/problem.h"
#include "container/cgroup/layout.h"
#include "container/cgroup/limits.h"

#include <stdint.h>
#include <sys/types.h>

struct cgroup {
	struct cgroup_place {
		const struct cgroup_hierarchy *hierarchy;
		char *path;	 /* below the hierarchy's root */
		int directory;	 /* O_PATH */
		unsigned usable; /* controllers whose files are there */
	} places[CGROUP_HIERARCHIES_MAX];
	size_t count;
};

/* -- cgroup.c -- */

/*
 * Makes the groups of a container. path is NULL, or what an engine wants instead (OCI cgroupsPath): from the
 * top of the hierarchies when it starts with a slash, else below the place for ours. An id is one
 * component of a path. A group of this name may be there already, but with processes in it
 * that is -EEXIST. The layout must outlive the group.
 */
int cgroup_create(const struct cgroup_layout *layout, const char *id, const char *path,
		  struct cgroup **ret_group, struct problem *problem);

/*
 * The group as a text for cgroup_open(): lines "NAME:/PATH" as in /proc/PID/cgroup, without the
 * number. 0 or -ENOMEM.
 */
int cgroup_describe(const struct cgroup *group, struct buffer *text);

/*
 * Finds a group again. Where it is gone, it is left out; nothing needs to be left. -EINVAL for a text that
 * cgroup_describe() did not make.
 */
int cgroup_open(const struct cgroup_layout *layout, const char *text, struct cgroup **ret_group,
		struct problem *problem);

/*
 * The same for the group that a container of this id has when it was made without a path, by somebody in the
 * same group as we are.
 */
int cgroup_find(const struct cgroup_layout *layout, const char *id, struct cgroup **ret_group,
		struct problem *problem);

/*
 * Removes the groups, with those that were made within, and the directory of ours when it was the
 * last. Processes that are just ending are waited for, two seconds at most; then -EBUSY.
 */
int cgroup_remove(struct cgroup *group, struct problem *problem);

/* Leaves the directories. Accepts NULL. */
void cgroup_free(struct cgroup *group);

DEFINE_CLEANUP_FUNCTION(struct cgroup *, cgroup_free);

/* The place where a controller's files are; NULL when this group has no such. */
const struct cgroup_place *cgroup_place(const struct cgroup *group,
					enum cgroup_controller controller);
/* The place in version 2, whatever controllers it has; NULL when there is none. */
const struct cgroup_place *cgroup_place_v2(const struct cgroup *group);

/* The controllers that groups of ours can have here, as bits 1 << enum cgroup_controller. Makes nothing. */
unsigned cgroup_usable_controllers(const struct cgroup_layout *layout);

/* -- cgroup_apply.c -- */

/*
 * Gives the group its limits, or changes those that are set in limits. They were checked by
 * limits_check(). One that cannot be had is an error whose sentence says what to do; those that come
 * before it in the kernel's order stay.
 */
int cgroup_apply(const struct cgroup *group, const struct container_limits *limits,
		 struct problem *problem);

/*
 * Gives it those that can be had. Returns how many kinds could not, with sentences about them in missing, which is
 * empty when there are none.
 */
int cgroup_apply_possible(const struct cgroup *group, const struct container_limits *limits,
			  struct problem *missing);

/* -- cgroup_process.c -- */

/* Moves a process, by its number in our pid namespace, or ourselves with 0, into the groups. */
int cgroup_add(const struct cgroup *group, pid_t pid, struct problem *problem);

/*
 * Moving a process between groups waits until every processor has passed a quiet moment, ten milliseconds and more; but not
 * if somebody moved one just before. This moves a process of its own, which ends: for whoever is to call cgroup_add() soon and has
 * something to wait for meanwhile.
 */
void cgroup_prepare_to_add(const struct cgroup *group);

/*
 * The processes in the group and those within, as numbers of our pid namespace, sorted; *ret_pids is
 * to be freed. 0 or -errno.
 */
int cgroup_list(const struct cgroup *group, pid_t **ret_pids, size_t *ret_count);

/* Stops all processes of the group, or lets them go on. Returns when it is so; -EBUSY after ten seconds. */
int cgroup_freeze(const struct cgroup *group, bool freeze, struct problem *problem);

/* 0 or -errno. */
int cgroup_is_frozen(const struct cgroup *group, bool *ret_frozen);

/*
 * Sends a signal to every process of the group, without letting them fork away from it. Does not
 * wait for their end. 0 or -errno; -ESRCH when the group has none.
 */
int cgroup_kill(const struct cgroup *group, int signal);
