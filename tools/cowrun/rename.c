/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun rename: another name for a container. */
#include "cowrun/command.h"

static const char usage[] = "Usage: cowrun rename CONTAINER NAME\n"
			    "\n"
			    "Gives a container another name.\n";

static const struct option_table table = { .rules = NULL };

int command_rename(int argc, char **argv)
{
	cleanup_container struct container container = CONTAINER_INIT;
	struct place place;
	struct problem problem;
	int count, status, error;

	if (!command_read(&table, usage, argc, argv, NULL, &count, &status))
		return status;
	if (count != 2)
		return command_misused(usage);
	if (!command_open_place(&place))
		return STATUS_FAILED;
	error = container_find(&place, argv[1], &container, &problem);
	if (!error)
		error = container_lock(&container, &problem);
	if (!error)
		error = container_rename(&container, argv[2], &problem);
	container_unlock(&container);
	place_close(&place);
	return error ? command_failed(&problem) : STATUS_OK;
}
