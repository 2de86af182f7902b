/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/copy_place.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "container/root/in_root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* As many as the kernel follows on one path. */
#define LINKS_MAX 40

static int tell(int error, const char *what, struct problem *problem)
{
	return problem_set(problem, error, "%s: %s", what, strerror(-error));
}

/* The last component, its length in *ret_length: 0 when there is none. */
static const char *last_component(const char *path, size_t *ret_length)
{
	size_t end = strlen(path), start;

	while (end > 0 && path[end - 1] == '/')
		end--;
	for (start = end; start > 0 && path[start - 1] != '/'; start--)
		;
	*ret_length = end - start;
	return path + start;
}

static bool is_self_or_parent(const char *name, size_t length)
{
	return (length == 1 && name[0] == '.') || (length == 2 && name[0] == '.' && name[1] == '.');
}

/* "a/", "a/.", "a/.." and "/" can only be directories. */
static bool names_directory(const char *path)
{
	size_t length;
	const char *name = last_component(path, &length);

	return name[length] == '/' || length == 0 || is_self_or_parent(name, length);
}

void copy_source_name(const char *path, char name[NAME_MAX + 1])
{
	size_t length;
	const char *last = last_component(path, &length);

	if (is_self_or_parent(last, length) || length > NAME_MAX)
		length = 0;
	memcpy(name, last, length);
	name[length] = '\0';
}

int copy_source_open(int root, const char *path, bool follow, const char *what, int *ret_fd,
		     struct problem *problem)
{
	cleanup_fd int parent = -1;
	const char *name;
	int fd;

	if (names_directory(path)) {
		fd = in_root_open(root, path, O_PATH | O_DIRECTORY, 0);
	} else if (follow) {
		fd = in_root_open(root, path, O_PATH, 0);
	} else {
		parent = in_root_open_parent(root, path, &name);
		fd = parent < 0 ? parent : confined_open_across(parent, name, O_PATH);
	}
	if (fd < 0)
		return tell(fd, what, problem);
	*ret_fd = fd;
	return 0;
}

/* -- where it goes -- */

/* A path that ends in a link, as one that ends in what the link says. -ENAMETOOLONG, or 0. */
static int replace_last(char path[PATH_MAX], const char *link)
{
	size_t length;
	const char *last = last_component(path, &length);
	char joined[PATH_MAX];
	int size = link[0] == '/' ? snprintf(joined, sizeof(joined), "%s", link)
				  : snprintf(joined, sizeof(joined), "%.*s%s", (int)(last - path),
					     path, link);

	if (size >= (int)sizeof(joined))
		return -ENAMETOOLONG;
	memcpy(path, joined, (size_t)size + 1);
	return 0;
}

/* The directory of the path and its last component, for one that is none: 0, 1 when it is a link, which path then is. */
static int find_name(int root, char path[PATH_MAX], struct copy_target *target)
{
	cleanup_fd int parent = -1;
	char link[PATH_MAX];
	const char *name;
	ssize_t length;

	parent = in_root_open_parent(root, path, &name);
	if (parent < 0)
		return parent;
	if (strlen(name) > NAME_MAX)
		return -ENAMETOOLONG;
	length = readlinkat(parent, name, link, sizeof(link) - 1);
	if (length >= 0) {
		link[length] = '\0';
		return replace_last(path, link) < 0 ? -ENAMETOOLONG : 1;
	}
	memcpy(target->name, name, strlen(name) + 1);
	target->directory = steal_fd(&parent);
	return 0;
}

/* Of a path that leads to no directory. */
static int open_name(int root, const char *given, struct copy_target *target)
{
	char path[PATH_MAX];
	size_t length = strlen(given);
	int links = 0, result;

	target->must_be_directory = names_directory(given);
	while (length > 0 && given[length - 1] == '/')
		length--;
	if (length >= sizeof(path))
		return -ENAMETOOLONG;
	memcpy(path, given, length);
	path[length] = '\0';
	while ((result = find_name(root, path, target)) > 0) {
		if (++links > LINKS_MAX)
			return -ELOOP;
	}
	/* It ends in "." or "..", which is nowhere. */
	return result == -EINVAL ? -ENOENT : result;
}

int copy_target_open(int root, const char *path, const char *what, struct copy_target *ret_target,
		     struct problem *problem)
{
	struct copy_target target = { .directory = -1 };
	struct stat status;
	int error;

	target.directory = in_root_open(root, path, O_PATH | O_DIRECTORY, 0);
	if (target.directory >= 0) {
		*ret_target = target;
		return 0;
	}
	error = target.directory == -ENOENT || target.directory == -ENOTDIR
			? open_name(root, path, &target)
			: target.directory;
	if (error)
		return tell(error, what, problem);
	if (target.must_be_directory &&
	    fstatat(target.directory, target.name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
		(void)close(target.directory);
		return tell(-ENOTDIR, what, problem);
	}
	*ret_target = target;
	return 0;
}
