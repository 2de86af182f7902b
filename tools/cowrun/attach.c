/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun attach: our streams at those of a container that runs. */
#include "cowrun/attach_client.h"
#include "cowrun/command.h"
#include "cowrun/detach_keys.h"

#include <stdlib.h>

static const char usage[] =
	"Usage: cowrun attach [OPTIONS] CONTAINER\n"
	"\n"
	"Shows what a container prints from now on, passes on what is typed and the signals we get, and\n"
	"ends as the container ends.\n"
	"\n"
	"      --detach-keys KEYS  what to type to leave it running (ctrl-p,ctrl-q)\n"
	"      --no-stdin          pass nothing on\n";

struct attach_options {
	char *detach_keys;
	bool no_input;
};

static int check_keys(const char *value, void *data, struct problem *problem)
{
	(void)data;
	return detach_keys_check(value, problem);
}

static const struct option_rule rules[] = {
	{ 0, "detach-keys", OPTION_TEXT, offsetof(struct attach_options, detach_keys), check_keys },
	{ 0, "no-stdin", OPTION_SWITCH, offsetof(struct attach_options, no_input), NULL },
};

static const struct option_table table = OPTION_TABLE(rules, false);

static int attach(const char *name, const struct attach_options *options)
{
	cleanup_container struct container container = CONTAINER_INIT;
	struct attach_session session = { .socket = -1, .detach_keys = options->detach_keys };
	struct problem problem;
	struct place place;
	int error;

	if (!command_open_place(&place))
		return STATUS_FAILED;
	error = container_find(&place, name, &container, &problem);
	if (!error)
		error = container_refresh(&container, &problem);
	if (!error && !state_is_live(&container.state))
		error = problem_set(&problem, -1, "container %s is not running", name);
	if (!error) {
		session.socket = attachment_connect(&container, &problem);
		error = session.socket < 0 ? session.socket : 0;
	}
	place_close(&place);
	if (error)
		return command_failed(&problem);
	session.terminal = container.config.terminal;
	session.input = container.config.open_stdin && !options->no_input;
	return attach_serve(&session);
}

int command_attach(int argc, char **argv)
{
	struct attach_options options = { 0 };
	int count, status;

	if (command_read(&table, usage, argc, argv, &options, &count, &status)) {
		if (count != 1)
			status = command_misused(usage);
		else
			status = attach(argv[1], &options);
	}
	free(options.detach_keys);
	return status;
}
