/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun: which command is meant. */
#include "cli/say.h"
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
} commands[] = {
	{ "help", run_help },	    { "--help", run_help },	  { "-h", run_help },
	{ "version", run_version }, { "--version", run_version }, { "-v", run_version },
};

int main(int argc, char **argv)
{
	say_as("cowrun");
	if (argc < 2) {
		say("a command is missing; see cowrun --help");
		return STATUS_USAGE;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, argv[1]) == 0)
			return commands[i].run(argc - 1, argv + 1);
	}
	say("%s is no command; see cowrun --help", argv[1]);
	return STATUS_USAGE;
}
