/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun kill: a signal for the first process of containers. */
#include "base/cleanup.h"
#include "container/cgroup/pause.h"
#include "container/event/event.h"
#include "container/process/process.h"
#include "container/process/signal_name.h"
#include "cowrun/command.h"

#include <errno.h>
#include <string.h>

static const char usage[] =
	"Usage: cowrun kill [-s SIGNAL] CONTAINER...\n"
	"\n"
	"Sends a signal to the first process of containers, and prints their names.\n"
	"\n"
	"  -s, --signal SIGNAL  by its name or number (KILL)\n";

struct kill_options {
	int number;
};

static int read_signal(const char *value, void *data, struct problem *problem)
{
	struct kill_options *options = data;

	options->number = signal_number(value, problem);
	return options->number < 0 ? options->number : 0;
}

static const struct option_rule rules[] = {
	{ 's', "signal", OPTION_CALL, 0, read_signal },
};

static const struct option_table table = OPTION_TABLE(rules, false);

/* Who kills a container does not want it back. */
static int note(struct container *container, const struct kill_options *options,
		struct problem *problem)
{
	int error = container_lock(container, problem);

	if (error)
		return error;
	if (!state_is_live(&container->state))
		error = problem_set(problem, -ESRCH, "container %s is not running",
				    container->config.name);
	else if (options->number == SIGKILL) {
		container->state.stopped_by_person = true;
		error = container_save_state(container, problem);
	}
	container_unlock(container);
	return error;
}

static int send(struct container *container, void *context, struct problem *problem)
{
	const struct kill_options *options = context;
	cleanup_fd int pid = -1;
	int error = note(container, options, problem);

	if (error)
		return error;
	pid = container_open_pid(container);
	error = pid < 0 ? pid : process_signal(pid, options->number);
	if (error)
		return problem_set(problem, error, "container %s: %s", container->config.name,
				   strerror(-error));
	event_of_signal(container, options->number);
	/* Others wait for it until it is unpaused. */
	if (options->number == SIGKILL && state_status(&container->state) == CONTAINER_PAUSED)
		(void)container_unpause(container, NULL);
	return 0;
}

int command_kill(int argc, char **argv)
{
	struct kill_options options = { .number = SIGKILL };
	int count, status;

	if (!command_read(&table, usage, argc, argv, &options, &count, &status))
		return status;
	if (count == 0)
		return command_misused(usage);
	return command_for_each(count, argv + 1, send, &options);
}
