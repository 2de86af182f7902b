/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun-archive: the commands that cowrun leaves to this program. */
#include "cowrun/command.h"
#include "cowrun/command_table.h"

static const struct table_command commands[] = {
	{ "commit", command_commit, false }, { "cp", command_cp, true },
	{ "unpack", command_unpack, false }, { "import", command_import, false },
	{ "load", command_load, false },     { "save", command_save, false },
};

int main(int argc, char **argv)
{
	return command_table_run(commands, sizeof(commands) / sizeof(commands[0]), argc, argv);
}
