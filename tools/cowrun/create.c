/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun create: a container that does not run yet. */
#include "cli/say.h"
#include "cowrun/command.h"
#include "cowrun/create_options.h"

#include <stdio.h>

static const char usage[] =
	"Usage: cowrun create [OPTIONS] IMAGE [COMMAND [ARGUMENT...]]\n"
	"       cowrun create [OPTIONS] --rootfs DIRECTORY|--layers L1[:L2...] COMMAND [ARGUMENT...]\n"
	"\n"
	"Makes a container and prints its id. cowrun start starts it.\n"
	"\n";

/* Both parts of the usage, for who asks. */
static int show_usage(void)
{
	(void)fputs(usage, stdout);
	(void)fputs(create_options_usage, stdout);
	return command_flush(STATUS_OK);
}

static int create(struct create_options *options, int count, char **operands)
{
	cleanup_container struct container container = CONTAINER_INIT;
	struct place place;
	int status;

	if (options->config.detached || options->pid_file || options->detach_keys) {
		say("create: -d, --pidfile and --detach-keys belong to cowrun run");
		return STATUS_USAGE;
	}
	if (!command_open_place(&place))
		return STATUS_RUNTIME_FAILED;
	status = create_options_make(options, &place, count, operands, &container);
	if (status == STATUS_OK)
		(void)puts(container.id);
	place_close(&place);
	return command_flush(status);
}

int command_create(int argc, char **argv)
{
	struct create_options options;
	int count, status = STATUS_FAILED;

	if (options_ask_for_help(&create_option_table, argc, argv))
		return show_usage();
	if (create_options_init(&options) == 0 &&
	    command_read(&create_option_table, usage, argc, argv, &options, &count, &status))
		status = create(&options, count, argv + 1);
	create_options_free(&options);
	return status;
}
