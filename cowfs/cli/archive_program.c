/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/archive_program.h"

#include "cli/say.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME "cowfs-archive"

static const char *const commands[] = { "apply", "commit", "convert", "explore", "squash" };

bool archive_program_has(const char *command)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i], command) == 0)
			return true;
	}
	return false;
}

static bool find_beside(char path[PATH_MAX])
{
	char own[PATH_MAX];
	const char *slash;
	ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);
	int printed;

	if (length <= 0)
		return false;
	own[length] = '\0';
	slash = strrchr(own, '/');
	if (!slash)
		return false;
	printed = snprintf(path, PATH_MAX, "%.*s/" NAME, (int)(slash - own), own);
	return printed < PATH_MAX && access(path, X_OK) == 0;
}

int archive_program_become(char **argv)
{
	char path[PATH_MAX];

	if (!find_beside(path))
		(void)snprintf(path, sizeof(path), "%s/%s", LIBEXECDIR, NAME);
	(void)execv(path, argv);
	say("%s, which has the command %s: %s; is all of cowfs installed?", path, argv[1],
	    strerror(errno));
	return STATUS_FAILED;
}
