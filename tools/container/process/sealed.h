/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that nobody can write to. A process of the runtime that is seen in a container shows its program there,
 * as /proc/PID/exe, and root of the container may be root of the host (CVE-2019-5736). So what runs there
 * is a copy in memory, sealed against every change.
 */
#pragma once

/* A sealed copy of the program at path, to be executed by fexecve(3). A descriptor or -errno. */
int sealed_copy(const char *path);

/*
 * Makes sure that this process runs from a sealed copy: executes one with the same arguments if it does
 * not. 0 when it does, or -errno.
 */
int sealed_execute(char **arguments);
