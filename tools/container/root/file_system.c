/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of file_system.h: proc, sys, what is masked, and the step into the tree. */
#include "container/root/file_system.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "container/cgroup/container_devices.h"
#include "container/namespaces/mode.h"
#include "container/proc_view/proc_view.h"
#include "container/root/in_root.h"
#include "container/root/mount_call.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define KERNEL_FILES (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

static int failed(const char *what, int error, struct problem *problem)
{
	return problem_set(problem, error, "cannot mount the container's %s: %s", what,
			   strerror(-error));
}

/* Mounts on a directory below the container's root; *ret_mount stays open. */
static int mount_on(struct root_file_system *tree, int mount, const char *path, int *ret_mount,
		    struct problem *problem)
{
	cleanup_fd int target = -1;
	cleanup_fd int ours = mount;
	int error;

	if (mount < 0)
		return failed(path, mount, problem);
	target = in_root_make_directory(tree->root, path);
	error = target < 0 ? target : mount_call_attach(mount, target);
	if (error)
		return failed(path, error, problem);
	*ret_mount = steal_fd(&ours);
	return 0;
}

/* -- proc and sys -- */

static int mount_proc(struct root_file_system *tree, struct problem *problem)
{
	int mount = mount_call_new("proc", NULL, KERNEL_FILES);

	if (mount == -EPERM)
		return problem_set(
			problem, mount,
			"cannot mount the container's /proc: the kernel refuses it where "
			"something is mounted over parts of /proc, as in another container; run "
			"that one with --privileged");
	return mount_on(tree, mount, "/proc", &tree->proc, problem);
}

/*
 * The host's /sys with all that is mounted there, which cannot be left out: to us these mounts are locked. So this is for
 * ordinary users alone, who may see as much of it in the container as outside.
 */
static int clone_host_sys(void)
{
	cleanup_fd int host = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_fd int mount = host < 0 ? -errno : mount_call_clone(host, true);
	int error = mount < 0 ? mount
			      : mount_call_change(mount, KERNEL_FILES | MOUNT_ATTR_RDONLY, 0, true);

	return error ? error : steal_fd(&mount);
}

/* sysfs shows devices of the network namespace, so only who owns one may mount one: on the host's network, that is root. */
static int mount_sys(struct root_file_system *tree, struct problem *problem)
{
	unsigned read_only = tree->config->privileged ? 0 : MOUNT_ATTR_RDONLY;
	int mount = mount_call_new("sysfs", NULL, KERNEL_FILES | read_only);

	if (mount == -EPERM)
		mount = clone_host_sys();
	return mount_on(tree, mount, "/sys", &tree->sys, problem);
}

/* -- what shows the container's limits -- */

/* Puts a file of the view over one of the kernel's, if the kernel has it. */
static int cover(const struct root_file_system *tree, int view, const struct proc_view_target *file)
{
	bool is_of_proc = strncmp(file->target, "proc/", 5) == 0;
	/* Both names have four letters. */
	cleanup_fd int target = in_root_open(is_of_proc ? tree->proc : tree->sys,
					     strchr(file->target, '/') + 1, O_PATH, 0);
	cleanup_fd int source = -1, mount = -1;
	int error;

	if (target == -ENOENT)
		return 0;
	source = target < 0 ? target : confined_open(view, file->name, O_PATH, 0);
	mount = source < 0 ? source : mount_call_clone(source, false);
	error = mount < 0 ? mount
			  : mount_call_change(mount, KERNEL_FILES | MOUNT_ATTR_RDONLY, 0, false);
	return error ? error : mount_call_attach(mount, target);
}

static int cover_with_view(struct root_file_system *tree, struct problem *problem)
{
	int error = 0;

	if (tree->view < 0)
		return 0;
	for (const struct proc_view_target *at = proc_view_targets(); !error && at->name; at++)
		error = cover(tree, tree->view, at);
	return error ? problem_set(problem, error,
				   "cannot show the container's limits in /proc: %s",
				   strerror(-error))
		     : 0;
}

/* -- all -- */

/* /dev/null itself, and not what somebody put in its place: it will cover files (CVE-2025-31133). */
static int open_null(struct root_file_system *tree, struct problem *problem)
{
	struct stat status;

	tree->null = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (tree->null < 0)
		return problem_set(problem, -errno, "/dev/null: %s", strerror(errno));
	if (fstat(tree->null, &status) < 0 || !S_ISCHR(status.st_mode) ||
	    status.st_rdev != makedev(1, 3))
		return problem_set(
			problem, -ENODEV,
			"/dev/null is not the device it should be; let root make it anew: "
			"rm /dev/null; mknod -m 666 /dev/null c 1 3");
	return 0;
}

/* What comes from a more privileged mount namespace cannot be moved or left; a copy of it on top can. */
static int unlock_root(struct root_file_system *tree)
{
	int copy = mount_call_clone(tree->root, false);
	int error = copy < 0 ? copy : mount_call_attach(copy, tree->root);

	if (error)
		return error;
	(void)close(tree->root);
	tree->root = copy;
	return 0;
}

static int open_path(const char *path, int *ret_fd, struct problem *problem)
{
	int fd = confined_open_root(path);

	if (fd < 0)
		return problem_set(problem, fd, "%s: %s", path, strerror(-fd));
	*ret_fd = fd;
	return 0;
}

int root_file_system_gather(struct root_file_system *tree, const char *mountpoint, const char *view,
			    struct problem *problem)
{
	int error = open_null(tree, problem);

	/* What happens to mounts outside is no business of the container, nor the reverse. */
	if (!error && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		error = problem_set(problem, -errno, "cannot make the mounts private: %s",
				    strerror(errno));
	if (!error)
		error = open_path(mountpoint, &tree->root, problem);
	if (!error && view)
		error = open_path(view, &tree->view, problem);
	if (!error)
		error = root_volumes_gather(tree, problem);
	return error;
}

/* With --device-cgroup-rule the nodes that processes make are what they are, since the control group says which may be used. */
static bool may_have_nodes(const struct container_config *config)
{
	return config->privileged ||
	       (!config->cgroup_ignore && !namespace_mode_has_own_users(config) &&
		container_devices_are_asked(config));
}

static int prepare_root(struct root_file_system *tree, struct problem *problem)
{
	uint64_t attributes = may_have_nodes(tree->config) ? 0 : MOUNT_ATTR_NODEV;
	int error = namespace_mode_is_inner(tree->config) ? unlock_root(tree) : 0;

	/* Devices are in /dev, each by a mount of its own: a node that somebody makes elsewhere is none. */
	if (!error && attributes)
		error = mount_call_change(tree->root, attributes, 0, false);
	return error ? problem_set(problem, error, "the container's root: %s", strerror(-error))
		     : 0;
}

int root_file_system_build(struct root_file_system *tree, struct problem *problem)
{
	int error = prepare_root(tree, problem);

	if (!error)
		error = mount_proc(tree, problem);
	if (!error)
		error = mount_sys(tree, problem);
	if (!error)
		error = root_cgroups_mount(tree, problem);
	if (!error)
		error = cover_with_view(tree, problem);
	if (!error)
		error = root_devices_mount(tree, problem);
	if (!error)
		error = root_volumes_mount(tree, problem);
	return error;
}

int root_file_system_enter(struct root_file_system *tree, struct problem *problem)
{
	/* The old root comes to lie under the new one, and there it is let go. */
	if (fchdir(tree->root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
	    umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return problem_set(problem, -errno, "cannot enter the container's root: %s",
				   strerror(errno));
	return 0;
}

/* -- protection -- */

/* Covers a file or directory of the kernel's with nothing. One that is not there needs no cover. */
static int mask(struct root_file_system *tree, int directory, const char *path)
{
	static const struct mount_option options[] = { { "size", "0k" }, { 0 } };
	cleanup_fd int target = in_root_open(directory, path, O_PATH, 0);
	cleanup_fd int cover = -1;
	struct stat status;

	if (target == -ENOENT)
		return 0;
	if (target < 0)
		return target;
	if (fstat(target, &status) < 0)
		return -errno;
	cover = S_ISDIR(status.st_mode)
			? mount_call_new("tmpfs", options, KERNEL_FILES | MOUNT_ATTR_RDONLY)
			: mount_call_clone(tree->null, false);
	return cover < 0 ? cover : mount_call_attach(cover, target);
}

static int make_read_only(int directory, const char *path)
{
	cleanup_fd int target = in_root_open(directory, path, O_PATH, 0);
	cleanup_fd int mount = -1;
	int error;

	if (target == -ENOENT)
		return 0;
	mount = target < 0 ? target : mount_call_clone(target, true);
	error = mount < 0 ? mount : mount_call_change(mount, MOUNT_ATTR_RDONLY, 0, true);
	return error ? error : mount_call_attach(mount, target);
}

int root_file_system_protect(struct root_file_system *tree, struct problem *problem)
{
	/* As docker has them. */
	static const char *const masked_proc[] = {
		"acpi",		 "asound",	"interrupts", "kcore",	    "keys",
		"latency_stats", "sched_debug", "scsi",	      "timer_list", "timer_stats",
	};
	static const char *const masked_sys[] = { "devices/virtual/powercap", "firmware" };
	static const char *const read_only[] = { "bus", "fs", "irq", "sys", "sysrq-trigger" };
	int error = 0;

	for (size_t i = 0; !error && i < sizeof(masked_proc) / sizeof(*masked_proc); i++)
		if (!tree->config->privileged)
			error = mask(tree, tree->proc, masked_proc[i]);
	for (size_t i = 0; !error && i < sizeof(masked_sys) / sizeof(*masked_sys); i++)
		if (!tree->config->privileged)
			error = mask(tree, tree->sys, masked_sys[i]);
	for (size_t i = 0; !error && i < sizeof(read_only) / sizeof(*read_only); i++)
		if (!tree->config->privileged)
			error = make_read_only(tree->proc, read_only[i]);
	if (!error && tree->config->read_only)
		error = mount_call_change(tree->root, MOUNT_ATTR_RDONLY, 0, false);
	if (error)
		return problem_set(problem, error,
				   "cannot protect the container's /proc and /sys: %s",
				   strerror(-error));
	return 0;
}
