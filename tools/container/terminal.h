/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pseudo-terminals of a container. Functions return 0 or -errno. */
#pragma once

/*
 * Opens a new one in the devpts whose root pts refers to. The other end is taken from the master itself and
 * not by a name in the container, which anybody could have put something else in the place of.
 */
int terminal_open(int pts, int *ret_master, int *ret_slave);

/* Makes it the standard streams and the controlling terminal of this process, which leads its session. */
int terminal_take(int slave);
