/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the programs of cowrun have in common: cowrun itself, and the one it leaves archives to (archive_program.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct table_command {
	const char *name;
	int (*run)(int argc, char **argv);
	bool enters; /* a process of it gets into containers, or becomes the monitor of one */
};

/* Runs the command that the arguments of main() mean. Returns the program's exit status. */
int command_table_run(const struct table_command *commands, size_t count, int argc, char **argv);
