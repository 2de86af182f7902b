/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "operation.h"
#include "support.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Leaves room for two more of the longest names. */
#define PATH_DEPTH (OPERATION_PATH_SIZE - 2 * 257)

void paths_clear(struct paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		free(paths->names[i]);
	free(paths->names);
	free(paths->types);
	*paths = (struct paths){ 0 };
}

static void add(struct paths *paths, const char *path, mode_t type)
{
	if (paths->count == paths->capacity) {
		paths->capacity = paths->capacity * 2 + 64;
		paths->names = must_reallocate(paths->names, paths->capacity * sizeof(char *));
		paths->types = must_reallocate(paths->types, paths->capacity * sizeof(mode_t));
	}
	paths->names[paths->count] = strdup(path);
	paths->types[paths->count++] = type;
}

/* The order of names must not depend on the disk: the same seed is to draw the same operations. */
static void walk(struct paths *paths, int root, const char *path)
{
	struct dirent **entries;
	char child[PATH_DEPTH + 300];
	int count, fd;

	fd = openat(root, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	count = scandirat(fd, ".", &entries, NULL, alphasort);
	(void)close(fd);
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;

		(void)snprintf(child, sizeof(child), "%s%s%s", path, *path ? "/" : "", name);
		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
		    strlen(child) < PATH_DEPTH) {
			add(paths, child, (mode_t)DTTOIF(entries[i]->d_type));
			if (entries[i]->d_type == DT_DIR)
				walk(paths, root, child);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

void paths_list(struct paths *paths, int root)
{
	paths_clear(paths);
	walk(paths, root, "");
}
