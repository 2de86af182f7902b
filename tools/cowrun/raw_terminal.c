/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/raw_terminal.h"

#include <unistd.h>

void raw_terminal_begin(struct raw_terminal *raw)
{
	struct termios settings;

	if (tcgetattr(STDIN_FILENO, &raw->former) < 0)
		return;
	settings = raw->former;
	cfmakeraw(&settings);
	raw->active = tcsetattr(STDIN_FILENO, TCSANOW, &settings) == 0;
}

void raw_terminal_end(struct raw_terminal *raw)
{
	if (raw->active)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &raw->former);
	raw->active = false;
}
