/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/prune/confirm.h"

#include "cli/say.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

bool confirm(const char *warning)
{
	char answer[16];

	(void)printf("%s\nAre you sure you want to continue? [y/N] ", warning);
	(void)fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin)) {
		(void)putchar('\n');
		(void)fflush(stdout);
		say("nothing is removed: there is no answer on standard input; -f does not ask");
		return false;
	}
	answer[strcspn(answer, "\n")] = '\0';
	if (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0)
		return true;
	say("nothing is removed");
	return false;
}
