/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"

#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void scene_make(struct scene *scene, const char *parent)
{
	(void)snprintf(scene->path, sizeof(scene->path), "%s/cowfs-test.XXXXXX", parent);
	if (!mkdtemp(scene->path))
		give_up("mkdtemp %s: %s", scene->path, strerror(errno));
	scene->fd = open(scene->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (scene->fd < 0)
		give_up("open %s: %s", scene->path, strerror(errno));
}

void scene_remove(struct scene *scene)
{
	scene_empty(scene->fd);
	(void)close(scene->fd);
	(void)rmdir(scene->path);
}

int scene_directory(const struct scene *scene, const char *name, char path[SCENE_PATH_MAX])
{
	int fd;

	if (snprintf(path, SCENE_PATH_MAX, "%s/%s", scene->path, name) >= SCENE_PATH_MAX)
		give_up("%s: too long a path", scene->path);
	if (mkdirat(scene->fd, name, 0755) < 0)
		give_up("mkdir %s: %s", path, strerror(errno));
	fd = openat(scene->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		give_up("open %s: %s", path, strerror(errno));
	return fd;
}

void scene_empty(int directory)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!stream)
		give_up("cannot empty a directory: %s", strerror(errno));
	while ((entry = readdir(stream))) {
		int child;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		    unlinkat(fd, entry->d_name, 0) == 0)
			continue;
		child = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child < 0)
			continue;
		scene_empty(child);
		(void)close(child);
		(void)unlinkat(fd, entry->d_name, AT_REMOVEDIR);
	}
	(void)closedir(stream);
}
