/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun rm: containers and all that is theirs, but for volumes. */
#include "container/monitor/monitor.h"
#include "container/record/removal.h"
#include "cowrun/command.h"

#include <errno.h>
#include <signal.h>

static const char usage[] =
	"Usage: cowrun rm [-f] CONTAINER...\n"
	"\n"
	"Removes containers that do not run, with what they have written, and prints their names.\n"
	"\n"
	"  -f, --force  those that run too, after killing them; and no complaint when there is none\n";

struct remove_options {
	bool force;
};

static const struct option_rule rules[] = {
	{ 'f', "force", OPTION_SWITCH, offsetof(struct remove_options, force), NULL },
};

static const struct option_table table = OPTION_TABLE(rules, false);

static int remove_container(struct container *container, const struct remove_options *options,
			    struct problem *problem)
{
	int error = 0;

	if (options->force && !container->damaged)
		error = monitor_stop(container, SIGKILL, -1, false, problem);
	if (error && error != -ESRCH && error != -ENOENT)
		return error;
	error = container_lock(container, problem);
	/* One made with --rm has been faster. */
	if (error == -ENOENT && options->force)
		return 0;
	if (error)
		return error;
	if (container->damaged)
		error = container_end_damaged(container, problem);
	else if (state_is_live(&container->state))
		error = problem_set(
			problem, -EBUSY,
			"container %s runs; stop it first, or remove it with cowrun rm -f",
			container->config.name);
	if (!error)
		error = container_remove(container, problem);
	container_unlock(container);
	return error;
}

static int remove_one(const struct place *place, const char *name,
		      const struct remove_options *options, struct problem *problem)
{
	cleanup_container struct container container = CONTAINER_INIT;
	int error = container_find(place, name, &container, problem);

	if (error == -ENOENT && options->force)
		return 0;
	if (error == -EBADMSG && options->force)
		error = container_find_damaged(place, name, &container, problem);
	return error ? error : remove_container(&container, options, problem);
}

int command_rm(int argc, char **argv)
{
	struct remove_options options = { 0 };
	struct place place;
	int count, status, result = STATUS_OK;

	if (!command_read(&table, usage, argc, argv, &options, &count, &status))
		return status;
	if (count == 0)
		return command_misused(usage);
	if (!command_open_place(&place))
		return STATUS_FAILED;
	for (int i = 0; i < count; i++) {
		struct problem problem;

		if (remove_one(&place, argv[1 + i], &options, &problem) < 0)
			result = command_failed(&problem);
		else
			(void)puts(argv[1 + i]);
	}
	place_close(&place);
	return command_flush(result);
}
