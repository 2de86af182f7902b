/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun pause and cowrun unpause. */
#include "container/cgroup/pause.h"
#include "cowrun/command.h"

static const char pause_usage[] =
	"Usage: cowrun pause CONTAINER...\n"
	"\n"
	"Stops all processes of containers where they are, and prints the containers' names.\n";

static const char unpause_usage[] =
	"Usage: cowrun unpause CONTAINER...\n"
	"\n"
	"Lets containers that were paused go on, and prints their names.\n";

static const struct option_table table = { 0 };

static int pause_one(struct container *container, void *context, struct problem *problem)
{
	(void)context;
	return container_pause(container, problem);
}

static int unpause_one(struct container *container, void *context, struct problem *problem)
{
	(void)context;
	return container_unpause(container, problem);
}

static int run(const char *usage, int argc, char **argv, container_function *function)
{
	int count, status;

	if (!command_read(&table, usage, argc, argv, NULL, &count, &status))
		return status;
	if (count == 0)
		return command_misused(usage);
	return command_for_each(count, argv + 1, function, NULL);
}

int command_pause(int argc, char **argv)
{
	return run(pause_usage, argc, argv, pause_one);
}

int command_unpause(int argc, char **argv)
{
	return run(unpause_usage, argc, argv, unpause_one);
}
