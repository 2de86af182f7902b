/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other half of cowfs: the commands that need libraries for archives, digests and the screen. Those libraries, with
 * what they need in turn, take a program longer to load than a mount takes, and every daemon would keep some MiB for them.
 */
#pragma once

#include <stdbool.h>

/* Whether it has that command. */
bool archive_program_has(const char *command);

/*
 * Becomes that program, with the arguments of this one; it lies beside this one, where it was built, or where it was
 * installed. Returns only if that failed: an exit status, after saying why.
 */
int archive_program_become(char **argv);
