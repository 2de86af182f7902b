/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/proc_view/proc_view.h"

#include "base/device.h"
#include "container/proc_view/files.h"
#include "container/process/capabilities.h"
#include "container/process/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define CONNECTION (STDERR_FILENO + 1)

/* -- the mount -- */

static int set_options(int context, int device)
{
	char number[16];

	(void)snprintf(number, sizeof(number), "%d", device);
	if (fsconfig(context, FSCONFIG_SET_STRING, "source", "cowrun", 0) < 0 ||
	    fsconfig(context, FSCONFIG_SET_STRING, "subtype", "cowrun-proc", 0) < 0 ||
	    fsconfig(context, FSCONFIG_SET_STRING, "fd", number, 0) < 0 ||
	    fsconfig(context, FSCONFIG_SET_STRING, "rootmode", "40555", 0) < 0 ||
	    fsconfig(context, FSCONFIG_SET_STRING, "user_id", "0", 0) < 0 ||
	    fsconfig(context, FSCONFIG_SET_STRING, "group_id", "0", 0) < 0 ||
	    fsconfig(context, FSCONFIG_SET_FLAG, "default_permissions", NULL, 0) < 0 ||
	    fsconfig(context, FSCONFIG_SET_FLAG, "allow_other", NULL, 0) < 0 ||
	    fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	return 0;
}

static int mount_on(int mountpoint, int device)
{
	const unsigned attributes =
		MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	cleanup_fd int context = fsopen("fuse", FSOPEN_CLOEXEC);
	int result = context < 0 ? -errno : set_options(context, device);
	cleanup_fd int mount = result < 0 ? -1 : fsmount(context, FSMOUNT_CLOEXEC, attributes);

	if (result < 0)
		return result;
	if (mount < 0 || move_mount(mount, "", mountpoint, "",
				    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}

/* -- the process -- */

/* Leaves this process nothing but the connection, as descriptor 3. */
static int keep_only(int device)
{
	int null;

	if (device != CONNECTION && dup2(device, CONNECTION) < 0)
		return -errno;
	null = device_open("/dev/null", O_RDWR);
	if (null < 0)
		return null;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (dup2(null, fd) < 0)
			return -errno;
	}
	return close_range(CONNECTION + 1, ~0U, 0) < 0 ? -errno : 0;
}

/* Finds the group by descriptors of its own. */
static int find_group(const char *description, struct cgroup_layout **layout, struct cgroup **group)
{
	int result = cgroup_layout_read(layout, NULL);

	return result < 0 ? result : cgroup_open(*layout, description, group, NULL);
}

static _Noreturn void run(int device, const char *description, pid_t parent)
{
	const struct capabilities none = { 0 };
	struct cgroup_layout *layout = NULL;
	struct cgroup *group = NULL;
	sigset_t signals;

	if (process_end_with_parent(parent, SIGKILL) < 0 || keep_only(device) < 0)
		_exit(1);
	(void)setsid();
	(void)prctl(PR_SET_NAME, "cowrun-proc");
	(void)signal(SIGTERM, SIG_DFL);
	(void)sigemptyset(&signals);
	(void)sigprocmask(SIG_SETMASK, &signals, NULL);
	if (*description && find_group(description, &layout, &group) < 0)
		_exit(1);
	/* In a container with the pids of its host it could be looked into, being in the same user namespace. */
	if (chdir("/") < 0 || prctl(PR_SET_DUMPABLE, 0) < 0 || capabilities_set(&none, NULL) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		_exit(1);
	_exit(proc_view_serve(CONNECTION, group) < 0);
}

int proc_view_start(const struct cgroup *group, int mountpoint, struct proc_view *ret_view,
		    struct problem *problem)
{
	cleanup_buffer struct buffer description = BUFFER_INIT;
	cleanup_fd int device = device_open("/dev/fuse", O_RDWR);
	pid_t parent = getpid(), child;
	int result = device < 0 ? device : mount_on(mountpoint, device);

	if (result == 0 && group)
		result = cgroup_describe(group, &description);
	if (result < 0)
		return problem_set(problem, result,
				   "cannot show the limits in the container's /proc, by means of "
				   "/dev/fuse: %s; --proc host does without",
				   strerror(-result));
	child = fork();
	if (child == 0)
		run(device, buffer_string(&description), parent);
	/* The connection is the child's alone, and ends with it. */
	if (child < 0)
		return problem_set(problem, -errno, "cannot start a process: %s", strerror(errno));
	ret_view->pid = child;
	ret_view->pidfd = pidfd_open(child, 0);
	return 0;
}

void proc_view_stop(struct proc_view *view)
{
	if (view->pid > 0) {
		(void)kill(view->pid, SIGKILL);
		while (waitpid(view->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (view->pidfd >= 0)
		(void)close(view->pidfd);
	*view = PROC_VIEW_INIT;
}

/* -- the files -- */

const struct proc_view_target *proc_view_targets(void)
{
	static struct proc_view_target targets[PROC_VIEW_FILES + 1];

	for (size_t i = 0; i < PROC_VIEW_FILES; i++)
		targets[i] = proc_view_files[i].target;
	return targets;
}
