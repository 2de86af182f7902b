/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/cgroup/container_group.h"

#include "container/cgroup/container_devices.h"
#include "container/cgroup/limits_text.h"
#include "container/cgroup/statistics.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

void container_group_close(struct container_group *group)
{
	cgroup_free(group->cgroup);
	cgroup_layout_free(group->layout);
	*group = CONTAINER_GROUP_INIT;
}

static struct container_group steal(struct container_group *group)
{
	struct container_group stolen = *group;

	*group = CONTAINER_GROUP_INIT;
	return stolen;
}

/* -- making -- */

/* Nothing is lost when it has no group. */
static bool is_optional(const struct container_config *config)
{
	return config->limits.count == 0 || config->cgroup_ignore;
}

static int ignored(const struct problem *reason, struct problem *problem)
{
	return problem_set(problem, 0, "goes on without a limit, by --cgroup-ignore: %s",
			   reason->text);
}

/* Nobody asked for these: where groups cannot tell devices apart, as in a container, the file system alone keeps them out. */
static int apply_default_devices(const struct container_config *config, const struct cgroup *cgroup,
				 struct problem *problem)
{
	cleanup_limits struct container_limits devices = LIMITS_INIT;
	int error = container_devices_add(config, &devices, problem);

	if (!error && devices.device_rules)
		(void)cgroup_apply_possible(cgroup, &devices, NULL);
	return error;
}

static int apply(const struct container_config *config, const struct cgroup *cgroup,
		 struct problem *problem)
{
	cleanup_limits struct container_limits limits = LIMITS_INIT;
	struct problem missing;
	int error = limits_read(&config->limits, &limits, problem);

	if (!error)
		error = container_devices_are_asked(config)
				? container_devices_add(config, &limits, problem)
				: apply_default_devices(config, cgroup, problem);

	if (error)
		return error;
	if (!config->cgroup_ignore)
		return cgroup_apply(cgroup, &limits, problem);
	if (cgroup_apply_possible(cgroup, &limits, &missing) > 0)
		(void)ignored(&missing, problem);
	return 0;
}

int container_group_make(const struct container_config *config, struct container_group *ret_group,
			 struct problem *problem)
{
	cleanup_container_group struct container_group group = CONTAINER_GROUP_INIT;
	struct problem reason = { "" };
	int error = cgroup_layout_read(&group.layout, &reason);

	(void)problem_set(problem, 0, "%s", "");
	if (!error)
		error = cgroup_create(group.layout, config->id, NULL, &group.cgroup, &reason);
	if (error && config->cgroup_ignore)
		return ignored(&reason, problem);
	if (error)
		return problem_set(problem, error, "%s", reason.text);
	error = apply(config, group.cgroup, problem);
	if (error) {
		(void)cgroup_remove(group.cgroup, NULL);
		return error;
	}
	/* Where nothing is delegated to us it has no place. */
	if (group.cgroup->count > 0)
		*ret_group = steal(&group);
	return 0;
}

int container_group_add(const struct container_group *group, const struct container_config *config,
			pid_t pid, struct problem *problem)
{
	int error = group->cgroup ? cgroup_add(group->cgroup, pid, problem) : 0;

	return error && is_optional(config) ? 1 : error;
}

/* -- finding it again -- */

int container_group_describe(const struct container_group *group, char **ret_text)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int error = group->cgroup ? cgroup_describe(group->cgroup, &text) : 0;

	if (!error)
		*ret_text = steal_pointer(&text.data);
	return error;
}

int container_group_open(const char *text, struct container_group *ret_group,
			 struct problem *problem)
{
	cleanup_container_group struct container_group group = CONTAINER_GROUP_INIT;
	int error = text ? cgroup_layout_read(&group.layout, problem) : 0;

	if (!error && text)
		error = cgroup_open(group.layout, text, &group.cgroup, problem);
	if (error)
		return error;
	*ret_group = steal(&group);
	return 0;
}

/* -- its end -- */

void container_group_kill(const struct container_group *group)
{
	if (group->cgroup)
		(void)cgroup_kill(group->cgroup, SIGKILL);
}

bool container_group_ran_out_of_memory(const struct container_group *group)
{
	uint64_t count = 0;

	return group->cgroup && cgroup_oom_kills(group->cgroup, &count) == 0 && count > 0;
}

int container_group_remove(struct container_group *group, struct problem *problem)
{
	int error = group->cgroup ? cgroup_remove(group->cgroup, problem) : 0;

	container_group_close(group);
	return error;
}

static int end_and_remove(struct container_group *group, struct problem *problem)
{
	container_group_kill(group);
	return container_group_remove(group, problem);
}

int container_group_sweep(const char *text, struct problem *problem)
{
	cleanup_container_group struct container_group group = CONTAINER_GROUP_INIT;
	int error = container_group_open(text, &group, problem);

	return error ? error : end_and_remove(&group, problem);
}

int container_group_sweep_id(const char *id, struct problem *problem)
{
	cleanup_container_group struct container_group group = CONTAINER_GROUP_INIT;
	int error = cgroup_layout_read(&group.layout, problem);

	if (!error)
		error = cgroup_find(group.layout, id, &group.cgroup, problem);
	return error ? error : end_and_remove(&group, problem);
}
