/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Of file_system.h: /dev.
 *
 * It is a tmpfs where no device works. The few that do are mounts of the host's nodes, which root and ordinary
 * users can make alike, and no node that a process in the container makes is of any use to it, whatever
 * capabilities it has and whether or not a device cgroup watches.
 */
#include "container/root/file_system.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "container/root/device_spec.h"
#include "container/root/in_root.h"
#include "container/root/mount_call.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static const struct standard_device {
	const char *name;
	unsigned major, minor;
} standard_devices[] = {
	{ "full", 1, 7 }, { "null", 1, 3 },    { "random", 1, 8 },
	{ "tty", 5, 0 },  { "urandom", 1, 9 }, { "zero", 1, 5 },
};

static int failed(const char *name, int error, struct problem *problem)
{
	return problem_set(problem, error, "cannot make the container's /dev/%s: %s", name,
			   strerror(-error));
}

/* An empty file in /dev to mount on. */
static int make_target(int dev, const char *name)
{
	cleanup_fd int made = confined_open(dev, name, O_WRONLY | O_CREAT | O_EXCL, 0666);

	return made < 0 ? made : confined_reopen(made, O_PATH);
}

/* Mounts the object that fd refers to as the file `name` in /dev. */
static int bind_fd(int dev, const char *name, int fd)
{
	cleanup_fd int target = make_target(dev, name);
	cleanup_fd int mount = target < 0 ? target : mount_call_clone(fd, false);

	return mount < 0 ? mount : mount_call_attach(mount, target);
}

static int bind_standard(int dev, const struct standard_device *device)
{
	char path[32];
	cleanup_fd int fd = -1;
	struct stat status;

	(void)snprintf(path, sizeof(path), "/dev/%s", device->name);
	fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(device->major, device->minor))
		return -ENODEV;
	return bind_fd(dev, device->name, fd);
}

/* -- --device -- */

static int bind_device(struct root_file_system *tree, const char *text, struct problem *problem)
{
	struct device_spec spec;
	cleanup_fd int fd = -1, target = -1, mount = -1;
	struct stat status;
	int error = device_spec_read(text, &spec);

	if (error)
		return problem_set(problem, error, "--device %s: %s", text, strerror(-error));
	fd = open(spec.host, O_PATH | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0)
		return problem_set(problem, -errno, "--device %s: %s", spec.host, strerror(errno));
	if (!S_ISCHR(status.st_mode) && !S_ISBLK(status.st_mode))
		return problem_set(problem, -ENODEV, "--device %s: it is no device", spec.host);
	target = in_root_make_file(tree->root, spec.inside);
	mount = target < 0 ? target : mount_call_clone(fd, false);
	error = mount < 0 ? mount : mount_call_attach(mount, target);
	if (error)
		return problem_set(problem, error, "--device %s: %s: %s", spec.host, spec.inside,
				   strerror(-error));
	return 0;
}

/* -- --privileged -- */

/* Terminals are the container's own. */
static bool is_offered(const FTSENT *entry)
{
	const char *name = entry->fts_path + sizeof("/dev/") - 1;

	if (entry->fts_info != FTS_DEFAULT ||
	    (!S_ISCHR(entry->fts_statp->st_mode) && !S_ISBLK(entry->fts_statp->st_mode)))
		return false;
	for (size_t i = 0; i < sizeof(standard_devices) / sizeof(*standard_devices); i++)
		if (strcmp(name, standard_devices[i].name) == 0)
			return false;
	return strcmp(name, "console") != 0 && strcmp(name, "ptmx") != 0;
}

/* All that the host has. What cannot be had, as by an ordinary user, is left out. */
static int bind_all_devices(struct root_file_system *tree)
{
	char *const paths[] = { (char[]){ "/dev" }, NULL };
	/* What is mounted below, pts and shm, is another matter. */
	FTS *devices = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	const FTSENT *entry;

	if (!devices)
		return -errno;
	while ((entry = fts_read(devices))) {
		cleanup_fd int fd = -1, target = -1, mount = -1;

		if (!is_offered(entry))
			continue;
		fd = open(entry->fts_path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		mount = fd < 0 ? -errno : mount_call_clone(fd, false);
		target = mount < 0 ? mount : in_root_make_file(tree->root, entry->fts_path);
		if (target >= 0)
			(void)mount_call_attach(mount, target);
	}
	(void)fts_close(devices);
	return 0;
}

static int bind_devices(struct root_file_system *tree, struct problem *problem)
{
	int error = 0;

	for (size_t i = 0; !error && i < sizeof(standard_devices) / sizeof(*standard_devices);
	     i++) {
		error = bind_standard(tree->dev, &standard_devices[i]);
		if (error)
			return failed(standard_devices[i].name, error, problem);
	}
	if (tree->config->privileged)
		error = bind_all_devices(tree);
	if (error)
		return failed("", error, problem);
	for (size_t i = 0; !error && i < tree->config->devices.count; i++)
		error = bind_device(tree, tree->config->devices.strings[i], problem);
	return error;
}

/* -- the rest of /dev -- */

static int make_links(int dev)
{
	static const char *const links[][2] = {
		{ "/proc/self/fd", "fd" },	 { "/proc/self/fd/0", "stdin" },
		{ "/proc/self/fd/1", "stdout" }, { "/proc/self/fd/2", "stderr" },
		{ "/proc/kcore", "core" },	 { "pts/ptmx", "ptmx" },
	};

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (symlinkat(links[i][0], dev, links[i][1]) < 0)
			return -errno;
	return 0;
}

static int mount_below(int dev, const char *name, int mount, int *ret_mount)
{
	cleanup_fd int ours = mount;
	cleanup_fd int target = -1;
	int error;

	if (mount < 0)
		return mount;
	if (mkdirat(dev, name, 0755) < 0)
		return -errno;
	target = confined_open(dev, name, O_PATH | O_DIRECTORY, 0);
	error = target < 0 ? target : mount_call_attach(mount, target);
	if (!error && ret_mount)
		*ret_mount = steal_fd(&ours);
	return error;
}

/* Terminals belong to the group tty, where there can be one. */
static int mount_pts(struct root_file_system *tree)
{
	static const struct mount_option all[] = {
		{ "newinstance", NULL },
		{ "ptmxmode", "0666" },
		{ "mode", "0620" },
		{ "gid", "5" },
		{ 0 },
	};
	static const struct mount_option without_group[] = {
		{ "newinstance", NULL },
		{ "ptmxmode", "0666" },
		{ "mode", "0620" },
		{ 0 },
	};
	unsigned attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
	int mount = mount_call_new("devpts", all, attributes);

	if (mount == -EINVAL)
		mount = mount_call_new("devpts", without_group, attributes);
	return mount_below(tree->dev, "pts", mount, &tree->pts);
}

static int mount_memory(struct root_file_system *tree)
{
	static const struct mount_option options[] = {
		{ "mode", "1777" },
		{ "size", "65536k" },
		{ 0 },
	};
	int memory =
		tree->memory >= 0
			? steal_fd(&tree->memory)
			: mount_call_new("tmpfs", options,
					 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	int error = mount_below(tree->dev, "shm", memory, NULL);

	/* Whose message queues these are is told by the namespace; not everybody may mount the host's. */
	if (!error && strcmp(tree->config->ipc, "host") != 0)
		error = mount_below(
			tree->dev, "mqueue",
			mount_call_new("mqueue", NULL,
				       MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC),
			NULL);
	return error;
}

int root_devices_mount(struct root_file_system *tree, struct problem *problem)
{
	static const struct mount_option options[] = {
		{ "mode", "755" },
		{ "size", "65536k" },
		{ 0 },
	};
	cleanup_fd int target = in_root_make_directory(tree->root, "/dev");
	int error = target < 0 ? target : 0;

	if (!error) {
		tree->dev = mount_call_new(
			"tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV);
		error = tree->dev < 0 ? tree->dev : mount_call_attach(tree->dev, target);
	}
	if (!error)
		error = make_links(tree->dev);
	if (!error)
		error = mount_pts(tree);
	if (!error)
		error = mount_memory(tree);
	if (error)
		return failed("", error, problem);
	return bind_devices(tree, problem);
}

int root_devices_set_console(struct root_file_system *tree, int fd, struct problem *problem)
{
	int error = bind_fd(tree->dev, "console", fd);

	return error ? failed("console", error, problem) : 0;
}
