/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of root_file_system.h: what a person mounts into a container. */
#include "container/root_file_system.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "container/in_root.h"
#include "container/mount_call.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

static size_t depth(const char *path)
{
	size_t count = 0;

	for (; *path; path++)
		count += *path == '/';
	return count;
}

static int compare_depths(const void *a, const void *b)
{
	size_t first = depth((*(const struct container_mount *const *)a)->destination);
	size_t second = depth((*(const struct container_mount *const *)b)->destination);

	return (first > second) - (first < second);
}

/* A named volume is a directory beside the containers, made when it is first used. */
static int open_volume(const char *volumes, const char *name)
{
	cleanup_fd int all = -1, volume = -1;

	if (mkdir(volumes, 0700) < 0 && errno != EEXIST)
		return -errno;
	all = confined_open_root(volumes);
	if (all < 0)
		return all;
	if (mkdirat(all, name, 0755) < 0 && errno != EEXIST)
		return -errno;
	volume = confined_open(all, name, O_PATH | O_DIRECTORY, 0);
	return volume < 0 ? volume : steal_fd(&volume);
}

static int open_source(const struct root_file_system *tree, const struct container_mount *mount)
{
	int fd;

	if (strcmp(mount->type, "volume") == 0)
		return open_volume(tree->volumes, mount->source);
	fd = open(mount->source, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Who mounts a device, or /dev, means it; elsewhere a node is one that a container may have made. */
static bool may_have_devices(const struct container_mount *mount, const struct stat *status)
{
	return S_ISCHR(status->st_mode) || S_ISBLK(status->st_mode) ||
	       strcmp(mount->source, "/dev") == 0 || strncmp(mount->source, "/dev/", 5) == 0;
}

/* A detached mount of what the volume or bind is; *ret_is_directory tells what to put it on. */
static int make_bind(const struct root_file_system *tree, const struct container_mount *mount,
		     bool *ret_is_directory)
{
	cleanup_fd int source = open_source(tree, mount);
	cleanup_fd int made = -1;
	struct stat status;
	uint64_t attributes;
	int error = 0;

	if (source < 0)
		return source;
	if (fstat(source, &status) < 0)
		return -errno;
	made = mount_call_clone(source, mount->recursive);
	if (made < 0)
		return made;
	attributes = (mount->read_only ? MOUNT_ATTR_RDONLY : 0) |
		     (may_have_devices(mount, &status) ? 0 : MOUNT_ATTR_NODEV);
	if (attributes)
		error = mount_call_change(made, attributes, 0, mount->recursive);
	if (error)
		return error;
	*ret_is_directory = S_ISDIR(status.st_mode);
	return steal_fd(&made);
}

/* "size=1m,mode=700" as options. */
static int make_tmpfs(const struct container_mount *mount)
{
	struct mount_option options[16] = { 0 };
	cleanup_free char *copy = strdup(mount->options);
	char *rest = copy, *word;
	size_t count = 0;

	if (!copy)
		return -ENOMEM;
	while ((word = strsep(&rest, ",")) && count < 15) {
		char *value = strchr(word, '=');

		if (!value)
			return -EINVAL;
		*value++ = '\0';
		options[count++] = (struct mount_option){ word, value };
	}
	return mount_call_new("tmpfs", options,
			      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				      (mount->read_only ? MOUNT_ATTR_RDONLY : 0));
}

/* A link of the image's may lead there; nothing is to be mounted over what protects the host. */
static int check_target(int target)
{
	struct statfs status;

	if (fstatfs(target, &status) < 0)
		return -errno;
	return status.f_type == PROC_SUPER_MAGIC || status.f_type == SYSFS_MAGIC ? -EPERM : 0;
}

static int mount_one(struct root_file_system *tree, const struct container_mount *mount,
		     struct problem *problem)
{
	bool is_directory = true;
	cleanup_fd int made = strcmp(mount->type, "tmpfs") == 0
				      ? make_tmpfs(mount)
				      : make_bind(tree, mount, &is_directory);
	cleanup_fd int target = -1;
	int error;

	if (made < 0)
		return problem_set(problem, made, "cannot mount %s: %s",
				   mount->source ? mount->source : mount->destination,
				   strerror(-made));
	target = is_directory ? in_root_make_directory(tree->root, mount->destination)
			      : in_root_make_file(tree->root, mount->destination);
	error = target < 0 ? target : check_target(target);
	if (!error)
		error = mount_call_attach(made, target);
	if (error)
		return problem_set(problem, error, "cannot mount on %s in the container: %s",
				   mount->destination, strerror(-error));
	return 0;
}

int root_volumes_mount(struct root_file_system *tree, struct problem *problem)
{
	size_t count = tree->config->mounts.count;
	cleanup_free const struct container_mount **sorted =
		count ? calloc(count, sizeof(*sorted)) : NULL;
	int error = 0;

	if (count && !sorted)
		return problem_set(problem, -ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i++)
		sorted[i] = config_mount(tree->config, i);
	if (count)
		qsort(sorted, count, sizeof(*sorted), compare_depths);
	for (size_t i = 0; !error && i < count; i++)
		error = mount_one(tree, sorted[i], problem);
	return error;
}
