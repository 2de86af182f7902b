/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/root/visit.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "container/launch/id_maps.h"
#include "container/namespaces/mode.h"
#include "container/process/process.h"
#include "container/root/container_union.h"
#include "container/root/file_system.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct visit {
	struct container *container;
	container_visit_function *function;
	void *context;
};

static int cannot_look(const struct container *container, int error, struct problem *problem)
{
	return problem_set(problem, error, "container %s: its files cannot be reached: %s",
			   container->config.name, strerror(-error));
}

/* -- one that runs -- */

/* Whose root is opened is the process that pid refers to: it still was afterwards, so its number was its own. */
static int open_root_of(const struct container *container, int pid)
{
	char path[64];
	cleanup_fd int root = -1;

	(void)snprintf(path, sizeof(path), "/proc/%" PRId64 "/root", container->state.pid);
	root = confined_open_root(path);
	if (root >= 0 && process_has_ended(pid))
		return -ESRCH;
	return root < 0 ? root : steal_fd(&root);
}

static int visit_running(const struct visit *visit, struct problem *problem)
{
	const struct container *container = visit->container;
	const struct id_maps maps = container_id_maps(container);
	cleanup_fd int pid = container_open_pid(container), root = -1;
	int error = pid < 0 ? pid : 0;

	/* The processes of the container must not look into us (CVE-2016-9962). */
	(void)prctl(PR_SET_DUMPABLE, 0);
	if (!error && namespace_mode_has_own_users(&container->config)) {
		error = setns(pid, CLONE_NEWUSER) < 0 ? -errno : id_maps_become_root(&maps);
		(void)prctl(PR_SET_DUMPABLE, 0);
	}
	if (error)
		return cannot_look(container, error, problem);
	root = open_root_of(container, pid);
	if (root < 0)
		return cannot_look(container, root, problem);
	return visit->function(root, visit->context, problem);
}

/* -- one that does not -- */

static int mount_union(struct container *container, const struct container_union *paths,
		       pid_t *ret_daemon, struct problem *problem)
{
	int error;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return cannot_look(container, -errno, problem);
	error = container_open_run(container, problem);
	return error ? error
		     : container_union_mount(container, paths, false, NULL, NULL, ret_daemon,
					     problem);
}

static int use_union(const struct visit *visit, const struct container_union *paths,
		     struct problem *problem)
{
	struct root_file_system tree = ROOT_FILE_SYSTEM_INIT;
	cleanup_fd int root = confined_open_root(paths->mountpoint);
	cleanup_fd int readable = root < 0 ? -1 : confined_reopen(root, O_RDONLY | O_DIRECTORY);
	int error;

	if (readable < 0)
		return cannot_look(visit->container, root < 0 ? root : readable, problem);
	tree.config = &visit->container->config;
	tree.volumes = paths->volumes;
	tree.root = root;
	error = root_volumes_gather(&tree, problem);
	if (!error)
		error = root_volumes_mount(&tree, problem);
	root_volumes_let_go(&tree);
	if (!error)
		error = visit->function(root, visit->context, problem);
	if (!error && syncfs(readable) < 0)
		error = problem_set(problem, -errno, "container %s: cannot write its files: %s",
				    visit->container->config.name, strerror(errno));
	return error;
}

/* The daemon writes what is left to be written when nothing holds the union any more. */
static int let_go(const struct container *container, const char *mountpoint, pid_t daemon,
		  struct problem *problem)
{
	int status = 0;

	(void)umount2(mountpoint, MNT_DETACH | UMOUNT_NOFOLLOW);
	while (waitpid(daemon, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return problem_set(problem, -EIO,
			   "container %s: the daemon of its file system ended before its time",
			   container->config.name);
}

/* An id_maps_function. */
static int visit_stopped(void *context, struct problem *problem)
{
	const struct visit *visit = context;
	struct container_union paths = { 0 };
	pid_t daemon;
	int result = container_union_name(visit->container, &paths), ending;

	if (result)
		result = problem_set(problem, result, "out of memory");
	if (!result)
		result = mount_union(visit->container, &paths, &daemon, problem);
	if (!result) {
		result = use_union(visit, &paths, problem);
		ending =
			let_go(visit->container, paths.mountpoint, daemon, result ? NULL : problem);
		result = result ? result : ending;
	}
	container_union_free(&paths);
	return result;
}

int container_visit(struct container *container, container_visit_function *function, void *context,
		    struct problem *problem)
{
	struct visit visit = { container, function, context };
	const struct id_maps maps = container_id_maps(container);

	if (state_is_live(&container->state) && container->state.pid > 0)
		return visit_running(&visit, problem);
	if (maps.uid.count > 0)
		return id_maps_run(&maps, visit_stopped, &visit, problem);
	return visit_stopped(&visit, problem);
}
