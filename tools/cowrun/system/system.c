/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun system: commands about all that there is. */
#include "cowrun/command.h"

static const char usage[] = "Usage: cowrun system COMMAND [ARGUMENTS]\n"
			    "\n"
			    "  df      what images, containers and volumes take on the disk\n"
			    "  events  what happens\n"
			    "  info    what there is, and what this user can do here\n"
			    "  prune   remove what nobody uses\n";

static const struct sub_command commands[] = {
	{ "df", command_system_df },
	{ "events", command_events },
	{ "info", command_info },
	{ "prune", command_system_prune },
};

int command_system(int argc, char **argv)
{
	return command_run_sub(commands, sizeof(commands) / sizeof(*commands), usage, argc, argv);
}
