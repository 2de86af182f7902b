/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands have in common. */
#include "cowrun/command.h"

#include "cli/say.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *chosen_root;

void command_set_root(const char *root)
{
	chosen_root = root;
}

const char *command_root(void)
{
	return chosen_root;
}

bool command_read(const struct option_table *table, const char *usage, int argc, char **argv,
		  void *options, int *ret_operands, int *ret_status)
{
	struct problem problem;

	if (options_ask_for_help(table, argc, argv)) {
		(void)fputs(usage, stdout);
		*ret_status = command_flush(STATUS_OK);
		return false;
	}
	if (options_read(table, argc, argv, options, ret_operands, &problem) < 0) {
		say("%s: %s", argv[0], problem.text);
		*ret_status = STATUS_USAGE;
		return false;
	}
	return true;
}

int command_misused(const char *usage)
{
	say("%.*s", (int)strcspn(usage, "\n"), usage);
	return STATUS_USAGE;
}

bool command_open_place(struct place *place)
{
	struct problem problem;

	if (place_open(chosen_root, place, &problem) == 0)
		return true;
	say("%s", problem.text);
	return false;
}

static int for_one(const struct place *place, const char *name, container_function *function,
		   void *context)
{
	cleanup_container struct container container = CONTAINER_INIT;
	struct problem problem = { .text = "" };
	int error = container_find(place, name, &container, &problem);

	if (!error)
		error = function(&container, context, &problem);
	if (error)
		return command_failed(&problem);
	(void)puts(name);
	return STATUS_OK;
}

int command_for_each(int count, char **names, container_function *function, void *context)
{
	struct place place;
	int status = STATUS_OK;

	if (!command_open_place(&place))
		return STATUS_FAILED;
	for (int i = 0; i < count; i++)
		if (for_one(&place, names[i], function, context) != STATUS_OK)
			status = STATUS_FAILED;
	place_close(&place);
	return command_flush(status);
}

int command_run_sub(const struct sub_command *commands, size_t count, const char *usage, int argc,
		    char **argv)
{
	if (argc < 2) {
		say("%s: a command is missing; see cowrun %s --help", argv[0], argv[0]);
		return STATUS_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		(void)fputs(usage, stdout);
		return command_flush(STATUS_OK);
	}
	for (size_t i = 0; i < count; i++)
		if (strcmp(commands[i].name, argv[1]) == 0)
			return commands[i].run(argc - 1, argv + 1);
	say("%s: there is no such command; see cowrun %s --help", argv[0], argv[0]);
	return STATUS_USAGE;
}

int command_failed(const struct problem *problem)
{
	say("%s", problem->text);
	return STATUS_FAILED;
}

int command_flush(int status)
{
	if (fflush(stdout) == 0)
		return status;
	say("cannot write: %s", strerror(errno));
	return STATUS_FAILED;
}
