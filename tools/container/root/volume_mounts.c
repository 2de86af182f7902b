/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of file_system.h: what a person mounts into a container. */
#include "container/root/file_system.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "container/root/in_root.h"
#include "container/root/mount_call.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static size_t depth(const char *path)
{
	size_t count = 0;

	for (; *path; path++)
		count += *path == '/';
	return count;
}

/* One of the configuration's mounts, to be sorted. */
struct planned {
	const struct container_mount *mount;
	int source;
};

static int compare_depths(const void *a, const void *b)
{
	size_t first = depth(((const struct planned *)a)->mount->destination);
	size_t second = depth(((const struct planned *)b)->mount->destination);

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

static int open_source(const char *volumes, const struct container_mount *mount)
{
	int fd;

	if (strcmp(mount->type, "volume") == 0)
		return open_volume(volumes, mount->source);
	fd = open(mount->source, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Who mounts a device, or /dev, means it; elsewhere a node is one that a container may have made. */
static bool may_have_devices(const struct container_mount *mount, const struct stat *status)
{
	return S_ISCHR(status->st_mode) || S_ISBLK(status->st_mode) ||
	       strcmp(mount->source, "/dev") == 0 || strncmp(mount->source, "/dev/", 5) == 0;
}

/* A detached mount of what the volume or bind is, which the source may be already; *ret_is_directory tells what to put it on. */
static int make_bind(const struct container_mount *mount, int source, bool detached,
		     bool *ret_is_directory)
{
	cleanup_fd int made = -1;
	struct stat status;
	uint64_t attributes;
	int error = 0;

	if (fstat(source, &status) < 0)
		return -errno;
	made = detached ? fcntl(source, F_DUPFD_CLOEXEC, 0)
			: mount_call_clone(source, mount->recursive);
	if (made < 0)
		return detached ? -errno : made;
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

static int cannot_mount(const struct container_mount *mount, int error, struct problem *problem)
{
	return problem_set(problem, error, "cannot mount %s: %s",
			   mount->source ? mount->source : mount->destination, strerror(-error));
}

static bool is_tmpfs(const struct container_mount *mount)
{
	return strcmp(mount->type, "tmpfs") == 0;
}

static int open_sources(const struct container_config *config, const char *volumes,
			int **ret_sources, struct problem *problem)
{
	size_t count = config->mounts.count;
	int *sources = count ? calloc(count, sizeof(*sources)) : NULL;

	if (count && !sources)
		return problem_set(problem, -ENOMEM, "out of memory");
	*ret_sources = sources;
	for (size_t i = 0; i < count; i++) {
		const struct container_mount *mount = config_mount(config, i);

		if (is_tmpfs(mount))
			continue;
		sources[i] = open_source(volumes, mount);
		if (sources[i] < 0)
			return cannot_mount(mount, sources[i], problem);
	}
	return 0;
}

/* /etc/hosts, which changes while the container runs, see network/hosts.h. */
static int open_hosts(struct root_file_system *tree, struct problem *problem)
{
	if (!tree->hosts)
		return 0;
	tree->hosts_fd = open(tree->hosts, O_PATH | O_CLOEXEC);
	return tree->hosts_fd < 0 ? problem_set(problem, -errno, "cannot mount %s: %s", tree->hosts,
						strerror(errno))
				  : 0;
}

int root_volumes_gather(struct root_file_system *tree, struct problem *problem)
{
	int error = open_hosts(tree, problem);

	return error || tree->detached
		       ? error
		       : open_sources(tree->config, tree->volumes, &tree->sources, problem);
}

/* What is mounted in it later is no business of the container. */
static int detach(int *fd, bool recursive)
{
	struct mount_attr private = { .propagation = MS_PRIVATE };
	cleanup_fd int made = mount_call_clone(*fd, recursive);

	if (made < 0)
		return made;
	if (mount_setattr(made, "", AT_EMPTY_PATH | AT_RECURSIVE, &private, sizeof(private)) < 0)
		return -errno;
	(void)close(*fd);
	*fd = steal_fd(&made);
	return 0;
}

int root_volumes_detach(const struct container_config *config, const char *volumes,
			int **ret_sources, struct problem *problem)
{
	int error = open_sources(config, volumes, ret_sources, problem);

	for (size_t i = 0; !error && i < config->mounts.count; i++) {
		const struct container_mount *mount = config_mount(config, i);

		if (!is_tmpfs(mount))
			error = detach(&(*ret_sources)[i], mount->recursive);
		if (error)
			(void)cannot_mount(mount, error, problem);
	}
	return error;
}

void root_volumes_let_go(struct root_file_system *tree)
{
	for (size_t i = 0; tree->sources && i < tree->config->mounts.count; i++)
		if (tree->sources[i] > 0)
			(void)close(tree->sources[i]);
	free(tree->sources);
	tree->sources = NULL;
}

/* source: what it is to show, opened; 0 for a tmpfs. */
static int mount_one(struct root_file_system *tree, const struct container_mount *mount, int source,
		     struct problem *problem)
{
	bool is_directory = true;
	cleanup_fd int made = is_tmpfs(mount)
				      ? make_tmpfs(mount)
				      : make_bind(mount, source, tree->detached, &is_directory);
	cleanup_fd int target = -1;
	int error;

	if (made < 0)
		return cannot_mount(mount, made, problem);
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

static int mount_hosts(struct root_file_system *tree, struct problem *problem)
{
	cleanup_fd int mount = -1, target = -1;
	int error;

	if (!tree->hosts)
		return 0;
	mount = mount_call_clone(tree->hosts_fd, false);
	error = mount < 0 ? mount : mount_call_change(mount, MOUNT_ATTR_NODEV, 0, false);
	target = error ? error : in_root_make_file(tree->root, "/etc/hosts");
	error = target < 0 ? target : check_target(target);
	if (!error)
		error = mount_call_attach(mount, target);
	return error ? problem_set(problem, error, "cannot mount %s: %s", tree->hosts,
				   strerror(-error))
		     : 0;
}

int root_volumes_mount(struct root_file_system *tree, struct problem *problem)
{
	size_t count = tree->config->mounts.count;
	cleanup_free struct planned *sorted = count ? calloc(count, sizeof(*sorted)) : NULL;
	int error = 0;

	if (count && !sorted)
		return problem_set(problem, -ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i++)
		sorted[i] = (struct planned){ config_mount(tree->config, i), tree->sources[i] };
	if (count)
		qsort(sorted, count, sizeof(*sorted), compare_depths);
	for (size_t i = 0; !error && i < count; i++)
		error = mount_one(tree, sorted[i].mount, sorted[i].source, problem);
	if (!error)
		error = mount_hosts(tree, problem);
	return error;
}
