/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/namespaces/shared.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "container/namespaces/mode.h"
#include "container/root/in_root.h"
#include "container/root/mount_call.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>

static const struct kind {
	const char *option;
	int flag;
	size_t mode; /* offset of the char * in struct container_config */
} kinds[SHARED_KINDS] = {
	[SHARED_USERS] = { "userns", CLONE_NEWUSER, offsetof(struct container_config, users) },
	[SHARED_NETWORK] = { "net", CLONE_NEWNET, offsetof(struct container_config, network) },
	[SHARED_PID] = { "pid", CLONE_NEWPID, offsetof(struct container_config, pid) },
	[SHARED_IPC] = { "ipc", CLONE_NEWIPC, offsetof(struct container_config, ipc) },
	[SHARED_UTS] = { "uts", CLONE_NEWUTS, offsetof(struct container_config, uts) },
};

void shared_namespaces_close(struct shared_namespaces *shared)
{
	for (size_t i = 0; i < SHARED_KINDS; i++) {
		if (shared->owners[i] >= 0)
			(void)close(shared->owners[i]);
		free(shared->names[i]);
	}
	*shared = SHARED_NAMESPACES_INIT;
}

static struct shared_namespaces steal(struct shared_namespaces *shared)
{
	struct shared_namespaces stolen = *shared;

	*shared = SHARED_NAMESPACES_INIT;
	return stolen;
}

/* -- finding them -- */

static int find_running(const struct place *place, const char *id, const char *option,
			struct container *container, struct problem *problem)
{
	struct problem reason = { .text = "" };
	int error = container_open(place, id, container, &reason);

	if (!error)
		error = container_refresh(container, &reason);
	if (error)
		return problem_set(problem, error, "cannot join the --%s of container %.12s: %s",
				   option, id, reason.text);
	if (!state_is_live(&container->state) || container->state.pid <= 0)
		return problem_set(problem, -ESRCH,
				   "cannot join the --%s of container %s: it is not running; start "
				   "it first",
				   option, container->config.name);
	return 0;
}

static int ended(const char *option, const struct container *container, int error,
		 struct problem *problem)
{
	return problem_set(problem, error, "cannot join the --%s of container %s: %s", option,
			   container->config.name,
			   error == -ESRCH ? "it has just ended" : strerror(-error));
}

static int open_one(const struct place *place, const struct kind *kind, const char *id,
		    int *ret_owner, char **ret_name, struct problem *problem)
{
	cleanup_container struct container owner = CONTAINER_INIT;
	int error = find_running(place, id, kind->option, &owner, problem);
	int pidfd = error ? error : container_open_pid(&owner);

	if (error)
		return error;
	if (pidfd < 0)
		return ended(kind->option, &owner, pidfd, problem);
	*ret_owner = pidfd;
	*ret_name = steal_pointer(&owner.config.name);
	return 0;
}

int shared_namespaces_open(const struct container *container, struct shared_namespaces *ret_shared,
			   struct problem *problem)
{
	cleanup_shared_namespaces struct shared_namespaces shared = SHARED_NAMESPACES_INIT;
	int error = 0;

	for (size_t i = 0; !error && i < SHARED_KINDS; i++) {
		const char *mode =
			*(char *const *)((const char *)&container->config + kinds[i].mode);
		const char *id = namespace_mode_container(mode);

		if (id && (i != SHARED_USERS || namespace_mode_is_inner(&container->config)))
			error = open_one(container->place, &kinds[i], id, &shared.owners[i],
					 &shared.names[i], problem);
	}
	if (error)
		return error;
	*ret_shared = steal(&shared);
	return 0;
}

/* -- entering them -- */

static const char *reason(int error)
{
	if (error == -EPERM)
		return "it is in another user namespace than this one";
	return error == -ESRCH ? "it has just ended" : strerror(-error);
}

int shared_namespaces_enter(const struct shared_namespaces *shared, struct problem *problem)
{
	for (size_t i = 0; i < SHARED_KINDS; i++) {
		if (shared->owners[i] < 0 || setns(shared->owners[i], kinds[i].flag) == 0)
			continue;
		return problem_set(problem, -errno, "cannot join the --%s of container %s: %s",
				   kinds[i].option, shared->names[i], reason(-errno));
	}
	return 0;
}

int shared_namespaces_enter_user(const struct place *place, const char *id, struct problem *problem)
{
	cleanup_container struct container owner = CONTAINER_INIT;
	cleanup_fd int monitor = -1;
	int error = find_running(place, id, "userns", &owner, problem);

	if (error)
		return error;
	monitor = container_open_monitor(&owner);
	if (monitor < 0)
		return ended("userns", &owner, monitor, problem);
	return setns(monitor, CLONE_NEWUSER) < 0 ? ended("userns", &owner, -errno, problem) : 0;
}

/* -- shared memory -- */

/* In the other one's mount namespace. Its processes may have put anything there: only a tmpfs is taken. */
static int clone_memory(void)
{
	cleanup_fd int memory = in_root_open_mount("/dev/shm", TMPFS_MAGIC);

	return memory < 0 ? memory : mount_call_clone(memory, false);
}

int shared_namespaces_clone_memory(const struct shared_namespaces *shared, int *ret_mount,
				   struct problem *problem)
{
	int owner = shared->owners[SHARED_IPC];
	cleanup_fd int ours = -1, mount = -1;
	int error = 0;

	if (owner < 0) {
		*ret_mount = -1;
		return 0;
	}
	ours = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (ours < 0 || setns(owner, CLONE_NEWNS) < 0)
		error = -errno;
	if (!error) {
		mount = clone_memory();
		error = setns(ours, CLONE_NEWNS) < 0 ? -errno : mount < 0 ? mount : 0;
	}
	if (error)
		return problem_set(problem, error,
				   "cannot share the memory in /dev/shm of container %s: %s",
				   shared->names[SHARED_IPC], reason(error));
	*ret_mount = steal_fd(&mount);
	return 0;
}
