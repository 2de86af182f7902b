/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Of file_system.h: /sys/fs/cgroup, where programs look for what they may use.
 *
 * It shows the container's own control group and nothing above it, by mounts of these directories: as the
 * whole in version 2; else in a directory for each hierarchy, as docker has it. They are read-only, and
 * the files that only a hierarchy's top has, release_agent among them, are not there (CVE-2022-0492).
 */
#include "container/root/file_system.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/confined.h"
#include "container/cgroup/cgroup.h"
#include "container/root/in_root.h"
#include "container/root/mount_call.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define KERNEL_FILES (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

static unsigned attributes(const struct root_file_system *tree)
{
	return KERNEL_FILES | (tree->config->privileged ? 0 : MOUNT_ATTR_RDONLY);
}

/* A detached mount of the group in one hierarchy; -ENOENT when there is none any more. */
static int clone_place(const struct root_file_system *tree, const struct cgroup_place *place)
{
	cleanup_buffer struct buffer path = BUFFER_INIT;
	cleanup_fd int directory = -1, mount = -1;
	int error = buffer_append_format(&path, "%s/%s", place->hierarchy->mountpoint, place->path);

	if (error)
		return error;
	/* By its path: place->directory is of the mount namespace that the monitor is in. */
	directory = confined_open_root(buffer_string(&path));
	mount = directory < 0 ? directory : mount_call_clone(directory, false);
	error = mount < 0 ? mount : mount_call_change(mount, attributes(tree), 0, false);
	return error ? error : steal_fd(&mount);
}

/* "name=systemd" is systemd; version 2 beside others is unified. */
static const char *directory_name(const struct cgroup_hierarchy *hierarchy)
{
	const char *equals = strchr(hierarchy->name, '=');

	return hierarchy->v2 ? "unified" : equals ? equals + 1 : hierarchy->name;
}

/* Controllers that share a hierarchy can be found by each of their names: cpu is cpu,cpuacct. */
static int link_names(int directory, const char *name)
{
	char one[NAME_MAX + 1];

	for (const char *at = name; strchr(name, ',') && *at;) {
		size_t length = strcspn(at, ",");

		(void)snprintf(one, sizeof(one), "%.*s", (int)length, at);
		if (symlinkat(name, directory, one) < 0)
			return -errno;
		at += length + (at[length] == ',');
	}
	return 0;
}

static int add_place(const struct root_file_system *tree, int directory,
		     const struct cgroup_place *place)
{
	const char *name = directory_name(place->hierarchy);
	cleanup_fd int mount = clone_place(tree, place);
	cleanup_fd int target = -1;
	int error;

	if (mount < 0)
		return mount == -ENOENT ? 0 : mount;
	if (mkdirat(directory, name, 0755) < 0)
		return -errno;
	target = confined_open(directory, name, O_PATH | O_DIRECTORY, 0);
	error = target < 0 ? target : mount_call_attach(mount, target);
	return error ? error : link_names(directory, name);
}

/* With nothing in it when there is no group: then what the host has is covered. */
static int mount_all(const struct root_file_system *tree, int target)
{
	static const struct mount_option options[] = { { "mode", "755" }, { 0 } };
	cleanup_fd int directory = mount_call_new("tmpfs", options, KERNEL_FILES);
	int error = directory < 0 ? directory : mount_call_attach(directory, target);

	for (size_t i = 0; !error && tree->cgroup && i < tree->cgroup->count; i++)
		error = add_place(tree, directory, &tree->cgroup->places[i]);
	return error ? error : mount_call_change(directory, MOUNT_ATTR_RDONLY, 0, false);
}

/* Version 2, and nothing else. */
static int mount_unified(const struct root_file_system *tree, int target)
{
	cleanup_fd int mount = clone_place(tree, &tree->cgroup->places[0]);

	if (mount == -ENOENT)
		return mount_all(tree, target);
	return mount < 0 ? mount : mount_call_attach(mount, target);
}

int root_cgroups_mount(struct root_file_system *tree, struct problem *problem)
{
	cleanup_fd int target = in_root_open(tree->sys, "fs/cgroup", O_PATH | O_DIRECTORY, 0);
	const struct cgroup *cgroup = tree->cgroup;
	int error;

	if (target == -ENOENT)
		return 0;
	if (target < 0)
		error = target;
	else if (cgroup && cgroup->count == 1 && cgroup->places[0].hierarchy->v2)
		error = mount_unified(tree, target);
	else
		error = mount_all(tree, target);
	return error ? problem_set(problem, error,
				   "cannot mount the container's /sys/fs/cgroup: %s",
				   strerror(-error))
		     : 0;
}
