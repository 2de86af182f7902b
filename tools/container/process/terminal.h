/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pseudo-terminals of a container. Functions return 0 or -errno. */
#pragma once

#include "container/monitor/attachment.h"

/*
 * Opens a new one in the devpts whose root pts refers to. The other end is taken from the master itself and
 * not by a name in the container, which anybody could have put something else in the place of. It has that
 * size from the beginning, unless it has no rows: a program may ask for it first of all.
 */
int terminal_open(int pts, const struct attachment_size *size, int *ret_master, int *ret_slave);

/* Gives the terminal a size, unless it has no rows. */
void terminal_resize(int terminal, const struct attachment_size *size);

/* Makes it the standard streams and the controlling terminal of this process, which leads its session. */
int terminal_take(int slave);
