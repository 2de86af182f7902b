/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/record/removal.h"

#include "base/cleanup.h"
#include "container/cgroup/container_group.h"
#include "container/launch/id_maps.h"
#include "container/monitor/lock.h"
#include "container/process/process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

/* Its first process, its daemon, and what shows its limits. */
#define CHILDREN_MAX 16
#define END_MS 10000

/* -- of what is damaged -- */

static int end(int process, const struct container *container, struct problem *problem)
{
	int error = process_signal(process, SIGKILL);

	if (error && error != -ESRCH)
		return problem_set(problem, error, "container %.12s: cannot end its processes: %s",
				   container->id, strerror(-error));
	return 0;
}

int container_end_damaged(struct container *container, struct problem *problem)
{
	cleanup_fd int monitor = monitor_lock_holder(container->fd);
	cleanup_fd int first = container_open_pid(container);
	int children[CHILDREN_MAX];
	size_t count = 0;
	int error;

	/* They would end with it, but for a program that got other privileges when it was executed. */
	if (monitor >= 0)
		count = process_open_children(monitor, children, CHILDREN_MAX);
	error = monitor >= 0 ? end(monitor, container, problem) : 0;
	if (!error && first >= 0)
		error = end(first, container, problem);
	for (size_t i = 0; i < count; i++) {
		if (!error)
			error = end(children[i], container, problem);
	}
	/* One that is paused ends only with its group. */
	if (!error)
		error = container_sweep(container, problem);
	if (!error && monitor >= 0 && process_wait_end(monitor, END_MS) < 0)
		error = problem_set(problem, -ETIMEDOUT,
				    "container %.12s: its monitor does not end", container->id);
	for (size_t i = 0; i < count; i++) {
		if (!error)
			(void)process_wait_end(children[i], END_MS);
		(void)close(children[i]);
	}
	return error;
}

/* -- of any -- */

static int delete_container(void *context, struct problem *problem)
{
	const struct container *container = context;

	return container_delete(container->place, container->id, problem);
}

/* Where the owners of its files are known, if they are not ours. */
static int delete_as_owner(struct container *container, struct problem *problem)
{
	struct id_maps own = { 0 };
	struct id_maps maps = container_id_maps(container);
	int error = 0;

	/* Nobody knows any more which ids it had. */
	if (container->damaged && container->place->rootless) {
		error = id_maps_of_caller(&own, NULL);
		maps = own;
	}
	if (!error)
		error = maps.uid.count == 0
				? delete_container(container, problem)
				: id_maps_run(&maps, delete_container, container, problem);
	id_maps_free(&own);
	return error;
}

int container_remove(struct container *container, struct problem *problem)
{
	int error = container_hide(container, problem);

	return error ? error : delete_as_owner(container, problem);
}
