/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun: which command is meant. */
#include "cli/say.h"
#include "container/own_programs.h"
#include "container/sealed.h"
#include "cowrun/command.h"

#include <stdio.h>
#include <string.h>

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

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	bool enters; /* a process of it gets into containers, or becomes the monitor of one */
} commands[] = {
	{ "--help", run_help, false },
	{ "--version", run_version, false },
	{ "-h", run_help, false },
	{ "-v", run_version, false },
	{ "attach", command_attach, false },
	{ "commit", command_commit, false },
	{ "cp", command_cp, true },
	{ "create", command_create, false },
	{ "diff", command_diff, false },
	{ "exec", command_exec, true },
	{ "help", run_help, false },
	{ "history", command_history, false },
	{ "image", command_image, false },
	{ "images", command_images, false },
	{ "import", command_import, false },
	{ "inspect", command_inspect, false },
	{ "kill", command_kill, false },
	{ "load", command_load, false },
	{ "logs", command_logs, false },
	{ "pause", command_pause, false },
	{ "ps", command_ps, false },
	{ "rename", command_rename, false },
	{ "restart", command_restart, true },
	{ "rm", command_rm, false },
	{ "rmi", command_rmi, false },
	{ "run", command_run, true },
	{ "save", command_save, false },
	{ "start", command_start, true },
	{ "stats", command_stats, false },
	{ "stop", command_stop, false },
	{ "tag", command_tag, false },
	{ "top", command_top, false },
	{ "unpause", command_unpause, false },
	{ "update", command_update, false },
	{ "version", run_version, false },
	{ "volume", command_volume, false },
	{ "wait", command_wait, false },
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* From here on this process may be looked at from within a container. */
static int prepare_to_enter(char **argv)
{
	struct problem problem;
	int error = own_programs_find(&problem);

	if (error) {
		say("%s", problem.text);
		return STATUS_RUNTIME_FAILED;
	}
	error = sealed_execute(argv);
	if (error) {
		say("cannot run from a copy in memory: %s", strerror(-error));
		return STATUS_RUNTIME_FAILED;
	}
	return STATUS_OK;
}

/* The index of the command, behind options that are for all of them; -1 when they are wrong. */
static int read_common_options(int argc, char **argv)
{
	int at = 1;

	if (at < argc && strncmp(argv[at], "--root=", 7) == 0 && argv[at][7]) {
		command_set_root(argv[at++] + 7);
	} else if (at < argc && strcmp(argv[at], "--root") == 0) {
		if (at + 1 >= argc || !argv[at + 1][0]) {
			say("--root needs a directory");
			return -1;
		}
		command_set_root(argv[at + 1]);
		at += 2;
	}
	return at;
}

int main(int argc, char **argv)
{
	const struct command *command;
	int at, status = STATUS_OK;

	say_as("cowrun");
	at = read_common_options(argc, argv);
	if (at < 0)
		return STATUS_USAGE;
	if (at >= argc) {
		say("a command is missing; see cowrun --help");
		return STATUS_USAGE;
	}
	command = find_command(argv[at]);
	if (!command) {
		say("%s is no command; see cowrun --help", argv[at]);
		return STATUS_USAGE;
	}
	if (command->enters)
		status = prepare_to_enter(argv);
	return status ? status : command->run(argc - at, argv + at);
}
