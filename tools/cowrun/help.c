/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/command.h"

#include <stdio.h>

void help_cowrun(void)
{
	(void)fputs("Usage: cowrun COMMAND [ARGUMENTS]\n"
		    "\n"
		    "Runs containers whose root file system is a cowfs union.\n"
		    "\n"
		    "cowrun COMMAND --help tells more, and so does cowrun(1).\n",
		    stdout);
}
