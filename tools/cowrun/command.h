/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sub-commands. Each gets its own name as argv[0] and returns an exit status. */
#pragma once

/*
 * Beside those of cli/say.h, as docker and podman have them: a command that runs a process returns
 * what the process returned, or one of these.
 */
enum {
	STATUS_RUNTIME_FAILED = 125, /* the container could not be made */
	STATUS_NOT_EXECUTABLE = 126, /* the command in it cannot be executed */
	STATUS_NOT_FOUND = 127,	     /* there is no such command in it */
	STATUS_SIGNAL = 128,	     /* plus the number of the signal that ended it */
};

/* The text of cowrun --help. */
void help_cowrun(void);
