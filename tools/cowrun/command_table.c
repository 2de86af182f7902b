/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/command_table.h"

#include "cli/say.h"
#include "container/process/own_programs.h"
#include "container/process/sealed.h"
#include "cowrun/command.h"

#include <string.h>

static const struct table_command *find_command(const struct table_command *commands, size_t count,
						const char *name)
{
	for (size_t i = 0; i < count; i++)
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

int command_table_run(const struct table_command *commands, size_t count, int argc, char **argv)
{
	const struct table_command *command;
	int at, status = STATUS_OK;

	say_as("cowrun");
	at = read_common_options(argc, argv);
	if (at < 0)
		return STATUS_USAGE;
	if (at >= argc) {
		say("a command is missing; see cowrun --help");
		return STATUS_USAGE;
	}
	command = find_command(commands, count, argv[at]);
	if (!command) {
		say("%s is no command; see cowrun --help", argv[at]);
		return STATUS_USAGE;
	}
	if (command->enters)
		status = prepare_to_enter(argv);
	return status ? status : command->run(argc - at, argv + at);
}
