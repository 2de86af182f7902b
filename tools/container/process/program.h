/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs of the machine that the runtime runs. */
#pragma once

#include "base/problem.h"

#include <stdbool.h>

/* Whether the program is in one of the directories of PATH. */
bool program_exists(const char *name);

/*
 * Runs it by name and waits for it. Its input is empty. 0, or -errno; -EIO when it failed, with
 * the last thing it said on its standard error in *said.
 */
int program_run(char *const *arguments, struct problem *said);
