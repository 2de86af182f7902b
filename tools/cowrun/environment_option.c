/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/environment_option.h"

#include "base/cleanup.h"
#include "container/process/environment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int environment_option_add(const char *text, struct string_list *environment,
			   struct problem *problem)
{
	cleanup_free char *assignment = NULL;
	const char *ours;

	if (!text[0] || text[0] == '=')
		return problem_set(problem, -EINVAL, "-e %s: a variable needs a name", text);
	if (strchr(text, '='))
		return environment_set(environment, text);
	ours = getenv(text);
	if (!ours)
		return 0;
	if (asprintf(&assignment, "%s=%s", text, ours) < 0) {
		assignment = NULL;
		return -ENOMEM;
	}
	return environment_set(environment, assignment);
}

int environment_option_read(const char *path, struct string_list *environment,
			    struct problem *problem)
{
	CLEANUP(fclose) FILE *file = fopen(path, "re");
	cleanup_free char *line = NULL;
	size_t size = 0;
	ssize_t length;
	int error = 0;

	if (!file)
		return problem_set(problem, -errno, "--env-file %s: %s", path, strerror(errno));
	while (!error && (length = getline(&line, &size, file)) >= 0) {
		while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
			line[--length] = '\0';
		if (length > 0 && line[0] != '#')
			error = environment_option_add(line, environment, problem);
	}
	return error;
}
