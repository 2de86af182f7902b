/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our terminal while another one, in a container, does the work: it passes on everything as it is typed. */
#pragma once

#include <stdbool.h>
#include <termios.h>

struct raw_terminal {
	bool active;
	struct termios former;
};

/* Does nothing when our standard input is no terminal. */
void raw_terminal_begin(struct raw_terminal *raw);
/* As it was. */
void raw_terminal_end(struct raw_terminal *raw);
