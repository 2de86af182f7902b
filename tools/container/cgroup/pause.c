/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/cgroup/pause.h"

#include "container/cgroup/container_group.h"
#include "container/event/noted.h"

#include <errno.h>

static int freeze(const struct container *container, bool wanted, struct problem *problem)
{
	static const struct cgroup none;
	cleanup_container_group struct container_group group = CONTAINER_GROUP_INIT;
	struct problem reason;
	int error = container_group_open(container->state.cgroup, &group, &reason);

	if (!error)
		error = cgroup_freeze(group.cgroup ? group.cgroup : &none, wanted, &reason);
	return error ? problem_set(problem, error, "container %s: %s", container->config.name,
				   reason.text)
		     : 0;
}

static int check(const struct container *container, bool wanted, struct problem *problem)
{
	enum container_status status = state_status(&container->state);
	const char *name = container->config.name;

	if (status == (wanted ? CONTAINER_RUNNING : CONTAINER_PAUSED))
		return 0;
	if (status == CONTAINER_PAUSED)
		return problem_set(problem, -EALREADY, "container %s is paused already", name);
	if (!wanted && state_is_live(&container->state))
		return problem_set(problem, -EALREADY, "container %s is not paused", name);
	return problem_set(problem, -ESRCH, "container %s is not running", name);
}

static int change(struct container *container, bool wanted, struct problem *problem)
{
	int error = container_lock(container, problem);

	if (error)
		return error;
	error = check(container, wanted, problem);
	if (!error)
		error = freeze(container, wanted, problem);
	if (!error) {
		error = state_set_status(&container->state,
					 wanted ? CONTAINER_PAUSED : CONTAINER_RUNNING);
		event_note(container, wanted ? "pause" : "unpause", NULL);
		if (!error)
			error = container_save_state(container, problem);
		else
			(void)problem_set(problem, error, "out of memory");
		/* What nobody knows of would never go on. */
		if (error && wanted)
			(void)freeze(container, false, NULL);
	}
	if (!error)
		event_tell_noted(container);
	container_unlock(container);
	return error;
}

int container_pause(struct container *container, struct problem *problem)
{
	return change(container, true, problem);
}

int container_unpause(struct container *container, struct problem *problem)
{
	return change(container, false, problem);
}
