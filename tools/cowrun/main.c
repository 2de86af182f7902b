/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun: its commands. */
#include "cowrun/archive_program.h"
#include "cowrun/command.h"
#include "cowrun/command_table.h"

#include <stdio.h>

static int run_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	help_cowrun();
	return STATUS_OK;
}

static int run_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	(void)puts("cowrun " PACKAGE_VERSION);
	return STATUS_OK;
}

static const struct table_command commands[] = {
	{ "--help", run_help, false },
	{ "--version", run_version, false },
	{ "-h", run_help, false },
	{ "-v", run_version, false },
	{ "attach", command_attach, false },
	{ "commit", command_of_archive_program, false },
	{ "container", command_container, true },
	{ "cp", command_of_archive_program, false },
	{ "create", command_create, false },
	{ "diff", command_diff, false },
	{ "events", command_events, false },
	{ "exec", command_exec, true },
	{ "help", run_help, false },
	{ "history", command_history, false },
	{ "image", command_image, false },
	{ "images", command_images, false },
	{ "import", command_of_archive_program, false },
	{ "info", command_info, false },
	{ "inspect", command_inspect, false },
	{ "kill", command_kill, false },
	{ "load", command_of_archive_program, false },
	{ "logs", command_logs, false },
	{ "network", command_network, false },
	{ "pause", command_pause, false },
	{ "port", command_port, false },
	{ "ps", command_ps, false },
	{ "rename", command_rename, false },
	{ "restart", command_restart, true },
	{ "rm", command_rm, false },
	{ "rmi", command_rmi, false },
	{ "run", command_run, true },
	{ "save", command_of_archive_program, false },
	{ "start", command_start, true },
	{ "stats", command_stats, false },
	{ "stop", command_stop, false },
	{ "system", command_system, false },
	{ "tag", command_tag, false },
	{ "top", command_top, false },
	{ "unpause", command_unpause, false },
	{ "update", command_update, false },
	{ "version", command_version, false },
	{ "volume", command_volume, false },
	{ "wait", command_wait, false },
};

int main(int argc, char **argv)
{
	return command_table_run(commands, sizeof(commands) / sizeof(commands[0]), argc, argv);
}
