/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun stop and cowrun restart. */
#include "container/monitor/monitor.h"
#include "container/number.h"
#include "container/process/signal_name.h"
#include "cowrun/attach_client.h"
#include "cowrun/command.h"

#include <errno.h>

#define SECONDS_MAX 1000000

static const char stop_usage[] =
	"Usage: cowrun stop [-t SECONDS] CONTAINER...\n"
	"\n"
	"Ends containers: sends their stop signal (TERM), and KILL when that was in vain. Prints their names.\n"
	"\n"
	"  -t, --time SECONDS  how long to wait in between; -1: for ever (what --stop-timeout said, or 10)\n";

static const char restart_usage[] =
	"Usage: cowrun restart [-t SECONDS] CONTAINER...\n"
	"\n"
	"Stops containers that run, starts them, and prints their names.\n"
	"\n"
	"  -t, --time SECONDS  how long to wait before KILL; -1: for ever (what --stop-timeout said, or 10)\n";

struct stop_options {
	bool given;
	int64_t seconds;
};

static int read_seconds(const char *value, void *data, struct problem *problem)
{
	struct stop_options *options = data;

	options->given = true;
	if (number_read_in(value, -1, SECONDS_MAX, &options->seconds) == 0)
		return 0;
	return problem_set(problem, -EINVAL, "--time %s: it must be a number of seconds, or -1",
			   value);
}

static const struct option_rule rules[] = {
	{ 't', "time", OPTION_CALL, 0, read_seconds },
	{ 0, "timeout", OPTION_CALL, 0, read_seconds },
};

static const struct option_table table = OPTION_TABLE(rules, false);

static int stop(struct container *container, void *context, struct problem *problem)
{
	const struct stop_options *options = context;
	int number = signal_number(container->config.stop_signal, problem);
	int error = number < 0 ? number
			       : monitor_stop(container, number,
					      options->given ? options->seconds
							     : container->config.stop_timeout,
					      true, problem);

	/* What was asked for is so. */
	return error == -ESRCH ? 0 : error;
}

static int restart(struct container *container, void *context, struct problem *problem)
{
	const struct attach_start detached = { .attach = false, .is_restart = true };
	struct attach_session session;
	int error = stop(container, context, problem);

	if (error)
		return error;
	return attach_start(container, &detached, &session, problem) ? -EIO : 0;
}

static int run(const char *usage, int argc, char **argv, container_function *function)
{
	struct stop_options options = { 0 };
	int count, status;

	if (!command_read(&table, usage, argc, argv, &options, &count, &status))
		return status;
	if (count == 0)
		return command_misused(usage);
	return command_for_each(count, argv + 1, function, &options);
}

int command_stop(int argc, char **argv)
{
	return run(stop_usage, argc, argv, stop);
}

int command_restart(int argc, char **argv)
{
	return run(restart_usage, argc, argv, restart);
}
