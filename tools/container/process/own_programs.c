/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/process/own_programs.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct own_program {
	const char *name;
	const char *variable;
	const char *in_build_tree; /* seen from the directory of cowrun */
	const char *installed;
} programs[] = {
	{ "cowfs", "COWFS", "../../cowfs/cowfs", BINDIR "/cowfs" },
	{ "cowrun-archive", "COWRUN_ARCHIVE", "cowrun-archive", LIBEXECDIR "/cowrun-archive" },
	{ "cowrun-init", "COWRUN_INIT", "../init/cowrun-init", LIBEXECDIR "/cowrun-init" },
};

static bool try(const struct own_program *program, const char *path)
{
	return access(path, X_OK) == 0 && setenv(program->variable, path, 1) == 0;
}

/* directory is that of cowrun, with a slash at its end. */
static bool try_beside(const struct own_program *program, const char *directory)
{
	char path[2 * PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s%s", directory, program->in_build_tree);
	if (try(program, path))
		return true;
	(void)snprintf(path, sizeof(path), "%s%s", directory, program->name);
	return try(program, path);
}

static int find(const struct own_program *program, const char *directory, struct problem *problem)
{
	const char *given = getenv(program->variable);

	if (given)
		return access(given, X_OK) == 0
			       ? 0
			       : problem_set(problem, -errno, "%s, named by $%s: %s", given,
					     program->variable, strerror(errno));
	if (try_beside(program, directory) || try(program, program->installed))
		return 0;
	return problem_set(problem, -ENOENT, "%s does not exist; say in $%s where %s is",
			   program->installed, program->variable, program->name);
}

int own_programs_find(struct problem *problem)
{
	char self[PATH_MAX] = "";
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash = length > 0 ? strrchr(self, '/') : NULL;
	int error = 0;

	if (slash)
		slash[1] = '\0';
	for (size_t i = 0; !error && i < sizeof(programs) / sizeof(programs[0]); i++)
		error = find(&programs[i], self, problem);
	return error;
}

const char *own_program_cowfs(void)
{
	return getenv("COWFS");
}

const char *own_program_archive(void)
{
	return getenv("COWRUN_ARCHIVE");
}

const char *own_program_init(void)
{
	return getenv("COWRUN_INIT");
}
