/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun start: containers that were made, or have ended. */
#include "cli/say.h"
#include "cowrun/attach_client.h"
#include "cowrun/command.h"

#include <errno.h>

static const char usage[] =
	"Usage: cowrun start [OPTIONS] CONTAINER...\n"
	"\n"
	"Starts containers that do not run, and prints their names.\n"
	"\n"
	"  -a, --attach       stay until it ends, show what it prints, end as it ends (one CONTAINER)\n"
	"  -i, --interactive  pass our standard input on; with -a\n";

struct start_options {
	bool attach, input;
};

static const struct option_rule rules[] = {
	{ 'a', "attach", OPTION_SWITCH, offsetof(struct start_options, attach), NULL },
	{ 'i', "interactive", OPTION_SWITCH, offsetof(struct start_options, input), NULL },
};

static const struct option_table table = OPTION_TABLE(rules, false);

static int start(struct container *container, void *context, struct problem *problem)
{
	const struct attach_start detached = { .attach = false };
	struct attach_session session;

	(void)context;
	return attach_start(container, &detached, &session, problem) ? -EIO : 0;
}

static int start_attached(const char *name, const struct start_options *options)
{
	cleanup_container struct container container = CONTAINER_INIT;
	const struct attach_start how = { .attach = true, .input = options->input };
	struct attach_session session;
	struct problem problem;
	struct place place;
	int status = STATUS_FAILED;

	if (!command_open_place(&place))
		return STATUS_FAILED;
	if (container_find(&place, name, &container, &problem) == 0)
		status = attach_start(&container, &how, &session, &problem);
	place_close(&place);
	if (status) {
		say("%s", problem.text);
		return status;
	}
	return attach_serve(&session);
}

int command_start(int argc, char **argv)
{
	struct start_options options = { 0 };
	int count, status;

	if (!command_read(&table, usage, argc, argv, &options, &count, &status))
		return status;
	if (count == 0 || (options.attach && count > 1) || (options.input && !options.attach))
		return command_misused(usage);
	return options.attach ? start_attached(argv[1], &options)
			      : command_for_each(count, argv + 1, start, NULL);
}
