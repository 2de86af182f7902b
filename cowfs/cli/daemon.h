/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work that starts in sight of a person and goes on in the background.
 *
 * The caller of a mount program reads its stderr to the end, and takes its exit for the mount being
 * live. So the work begins in a child that still has the terminal, and the parent stays until the
 * child says that it is ready, or ends with the child's exit status. What the child printed until
 * then has been printed; afterwards it holds nothing of the caller's any more.
 */
#pragma once

#include <stdbool.h>

struct daemon;
/* The work; returns an exit status. Must call daemon_ready() once, unless it fails. */
typedef int daemon_function(struct daemon *daemon, void *context);

/* Returns the exit status of this process, in the parent and in the child. */
int daemon_run(bool foreground, daemon_function *function, void *context);

/*
 * Lets the parent go: standard streams become /dev/null, other inherited descriptors are closed,
 * a session of its own begins, in "/". In the foreground nothing happens.
 */
void daemon_ready(struct daemon *daemon);
