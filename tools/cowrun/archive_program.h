/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cowrun-archive: the commands that read and write archives. The libraries for that, with what they need in turn, take
 * longer to load than a container takes to start, and every monitor would keep some MiB for them.
 */
#pragma once

#include "base/problem.h"

/*
 * Stands for a command that this program leaves to that one: becomes it. Returns only if that failed, an exit
 * status, after saying why.
 */
int command_of_archive_program(int argc, char **argv);

/* Runs a command of it with one operand and waits. 0, or -errno with what it said as the problem. */
int archive_program_run(const char *command, const char *operand, struct problem *problem);
