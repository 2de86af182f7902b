/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun container: the commands about containers by their longer names, and prune. */
#include "cowrun/archive_program.h"
#include "cowrun/command.h"

static const char usage[] =
	"Usage: cowrun container COMMAND [ARGUMENTS]\n"
	"\n"
	"  ls       list containers\n"
	"  prune    remove all containers that do not run\n"
	"  attach, commit, cp, create, diff, exec, inspect, kill, logs, pause, port,\n"
	"  rename, restart, rm, start, stats, stop, top, unpause, update, wait\n"
	"           the same as without container\n";

static const struct sub_command commands[] = {
	{ "attach", command_attach },
	{ "commit", command_of_archive_program },
	{ "cp", command_of_archive_program },
	{ "create", command_create },
	{ "diff", command_diff },
	{ "exec", command_exec },
	{ "inspect", command_inspect },
	{ "kill", command_kill },
	{ "list", command_ps },
	{ "logs", command_logs },
	{ "ls", command_ps },
	{ "pause", command_pause },
	{ "port", command_port },
	{ "prune", command_container_prune },
	{ "ps", command_ps },
	{ "rename", command_rename },
	{ "restart", command_restart },
	{ "rm", command_rm },
	{ "run", command_run },
	{ "start", command_start },
	{ "stats", command_stats },
	{ "stop", command_stop },
	{ "top", command_top },
	{ "unpause", command_unpause },
	{ "update", command_update },
	{ "wait", command_wait },
};

int command_container(int argc, char **argv)
{
	return command_run_sub(commands, sizeof(commands) / sizeof(*commands), usage, argc, argv);
}
