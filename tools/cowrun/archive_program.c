/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/archive_program.h"

#include "container/process/own_programs.h"
#include "container/process/program.h"
#include "cowrun/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A command line of it with room for so many words: they begin at *ret_first. NULL when there is no memory. */
static const char **begin_arguments(size_t words, size_t *ret_first)
{
	const char *root = command_root();
	const char **arguments = calloc(words + 4, sizeof(*arguments));
	size_t count = 0;

	if (!arguments)
		return NULL;
	arguments[count++] = own_program_archive();
	if (root) {
		arguments[count++] = "--root";
		arguments[count++] = root;
	}
	*ret_first = count;
	return arguments;
}

int command_of_archive_program(int argc, char **argv)
{
	struct problem problem;
	const char **arguments;
	size_t first;

	if (own_programs_find(&problem) < 0)
		return command_failed(&problem);
	arguments = begin_arguments((size_t)argc, &first);
	if (!arguments) {
		say("out of memory");
		return STATUS_FAILED;
	}
	memcpy(arguments + first, argv, (size_t)argc * sizeof(*argv));
	(void)execv(own_program_archive(), (char **)arguments);
	say("%s: %s", own_program_archive(), strerror(errno));
	free(arguments);
	return STATUS_FAILED;
}

int archive_program_run(const char *command, const char *operand, struct problem *problem)
{
	static const char speaker[] = "cowrun: ";
	struct problem said = { .text = "" };
	const char **arguments;
	const char *text;
	size_t first;
	int error = own_programs_find(problem);

	if (error)
		return error;
	arguments = begin_arguments(2, &first);
	if (!arguments)
		return problem_set(problem, -ENOMEM, "out of memory");
	arguments[first] = command;
	arguments[first + 1] = operand;
	error = program_run((char **)arguments, &said);
	free(arguments);
	text = said.text;
	if (strncmp(text, speaker, strlen(speaker)) == 0)
		text += strlen(speaker);
	return error ? problem_set(problem, error, "%s", text) : 0;
}
