/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/launch.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "container/container_layers.h"
#include "container/init_layer.h"
#include "container/message.h"
#include "container/process.h"
#include "container/stage.h"
#include "container/union_mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define STATUS_NOT_STARTED 125
/* How long the union may take to write what is left, once nobody uses it. */
#define FINISH_MS 60000
#define TERMINATE_MS 10000

/* What is needed while the first process is made. */
struct making {
	struct container *container;
	struct container_group *group;
	char *mountpoint, *volumes, *upper, *init_layer;
	char *view; /* where the view of /proc is; NULL: there is none */
	int socket; /* to the first process */
	struct privileges privileges;
	int theirs[3]; /* its standard streams */
	int theirs_socket;
};

static void free_making(struct making *making)
{
	privileges_free(&making->privileges);
	free(making->mountpoint);
	free(making->volumes);
	free(making->upper);
	free(making->init_layer);
	free(making->view);
	if (making->socket >= 0)
		(void)close(making->socket);
	if (making->theirs_socket >= 0)
		(void)close(making->theirs_socket);
}

static int name_paths(struct making *making)
{
	const struct container *container = making->container;
	const struct place *place = container->place;

	if (asprintf(&making->mountpoint, "%s/%s/root", place->run, container->id) < 0)
		making->mountpoint = NULL;
	if (asprintf(&making->volumes, "%s/volumes", place->data) < 0)
		making->volumes = NULL;
	making->init_layer = container_init_layer_path(container);
	making->upper = container_upper_path(container);
	return making->mountpoint && making->volumes && making->init_layer && making->upper
		       ? 0
		       : -ENOMEM;
}

static int prepare_privileges(struct making *making, struct problem *problem)
{
	const struct container *container = making->container;
	cleanup_fd int cache = privileges_open_cache(container->place->run_fd);

	return privileges_prepare(&container->config, cache, &making->privileges, problem);
}

/* -- the union -- */

static int mount_union(struct making *making, struct launch *launch, struct problem *problem)
{
	struct container *container = making->container;
	const struct union_layers layers = {
		.init = making->init_layer,
		.lowers = &container->config.lowers,
		.upper = making->upper,
		.single_id = container->config.single_id,
	};
	int error = init_layer_write(container->fd, &container->config, problem);

	if (!error && mkdirat(container->run_fd, "root", 0700) < 0 && errno != EEXIST)
		error = problem_set(problem, -errno, "%s: %s", making->mountpoint, strerror(errno));
	if (!error)
		error = union_mount_start(&layers, making->mountpoint, &launch->daemon, problem);
	if (error)
		return error;
	launch->daemon_pidfd = pidfd_open(launch->daemon, 0);
	return launch->daemon_pidfd < 0
		       ? problem_set(problem, -errno, "cannot watch cowfs: %s", strerror(errno))
		       : 0;
}

/* -- the view of /proc -- */

static bool wants_view(const struct container_config *config)
{
	if (config->proc)
		return strcmp(config->proc, "limits") == 0;
	return config->limits.count > 0 && !config->privileged;
}

static int start_view(struct making *making, struct launch *launch, struct problem *problem)
{
	const struct container *container = making->container;
	cleanup_fd int directory = -1;

	if (!wants_view(&container->config))
		return 0;
	if (asprintf(&making->view, "%s/%s/proc", container->place->run, container->id) < 0) {
		making->view = NULL;
		return problem_set(problem, -ENOMEM, "out of memory");
	}
	if (mkdirat(container->run_fd, "proc", 0700) < 0 && errno != EEXIST)
		return problem_set(problem, -errno, "%s: %s", making->view, strerror(errno));
	/* By its path: run_fd is of the mount namespace we came from. */
	directory = confined_open_root(making->view);
	if (directory < 0)
		return problem_set(problem, directory, "%s: %s", making->view,
				   strerror(-directory));
	return proc_view_start(making->group->cgroup, directory, &launch->view, problem);
}

/* From now on only the container holds its root and what covers its /proc: both end when the last process does. */
static void let_go(const struct making *making, const struct launch *launch)
{
	if (launch->daemon > 0)
		(void)umount2(making->mountpoint, MNT_DETACH | UMOUNT_NOFOLLOW);
	if (launch->view.pid > 0)
		(void)umount2(making->view, MNT_DETACH | UMOUNT_NOFOLLOW);
}

static void wait_for_daemon(struct launch *launch)
{
	if (launch->daemon <= 0)
		return;
	if (process_wait_end(launch->daemon_pidfd, FINISH_MS) < 0)
		(void)kill(launch->daemon, SIGTERM);
	if (process_wait_end(launch->daemon_pidfd, TERMINATE_MS) < 0)
		(void)kill(launch->daemon, SIGKILL);
	while (waitpid(launch->daemon, NULL, 0) < 0 && errno == EINTR)
		;
	launch->daemon = 0;
}

/* -- the process -- */

static uint64_t namespace_flags(const struct container_config *config)
{
	uint64_t flags = CLONE_NEWNS;

	if (strcmp(config->pid, "host") != 0)
		flags |= CLONE_NEWPID;
	if (strcmp(config->ipc, "host") != 0)
		flags |= CLONE_NEWIPC;
	if (strcmp(config->uts, "host") != 0)
		flags |= CLONE_NEWUTS;
	if (strcmp(config->network, "host") != 0)
		flags |= CLONE_NEWNET;
	return flags;
}

static int make_process(struct making *making, int init_program, struct launch *launch,
			struct problem *problem)
{
	const struct container_config *config = &making->container->config;
	struct stage stage = {
		.config = config,
		.privileges = &making->privileges,
		.mountpoint = making->mountpoint,
		.volumes = making->volumes,
		.view = making->view,
		.init_program = config->init ? init_program : -1,
	};
	struct clone_args arguments = {
		.flags = namespace_flags(config) | CLONE_PIDFD,
		.exit_signal = SIGCHLD,
		.pidfd = (uintptr_t)&launch->init_pidfd,
	};
	long child = syscall(SYS_clone3, &arguments, sizeof(arguments));

	if (child < 0)
		return problem_set(problem, -errno, "cannot make the container's namespaces: %s",
				   strerror(errno));
	if (child == 0) {
		stage.socket = making->theirs_socket;
		memcpy(stage.streams, launch->streams.theirs, sizeof(stage.streams));
		(void)close(making->socket);
		stage_run(&stage);
	}
	launch->init = (pid_t)child;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (launch->streams.theirs[fd] >= 0)
			(void)close(steal_fd(&launch->streams.theirs[fd]));
	(void)close(steal_fd(&making->theirs_socket));
	return 0;
}

static int put_into_group(struct making *making, const struct launch *launch,
			  struct problem *problem)
{
	int result = container_group_add(making->group, &making->container->config, launch->init,
					 problem);

	/* One that it is not in would be paused, or killed, to no effect. */
	if (result > 0)
		(void)container_group_remove(making->group, NULL);
	return result < 0 ? result : 0;
}

/* Lets the process go on. The exit status to be told, 0 when its program runs. */
static int direct(struct making *making, struct launch *launch, struct problem *problem)
{
	const struct message go = { .kind = MESSAGE_GO };

	if (message_send(making->socket, &go, -1) < 0)
		return problem_set(problem, STATUS_NOT_STARTED,
				   "the container's first process was killed");
	return child_streams_await_program(&launch->streams, making->socket, problem);
}

static int start(struct making *making, int init_program, struct launch *launch,
		 struct problem *problem)
{
	const struct container_config *config = &making->container->config;
	int status;
	int error = name_paths(making);

	if (error)
		return problem_set(problem, STATUS_NOT_STARTED, "out of memory");
	error = prepare_privileges(making, problem);
	if (!error)
		error = mount_union(making, launch, problem);
	if (!error)
		error = start_view(making, launch, problem);
	if (!error)
		error = child_streams_make(config->terminal, config->open_stdin, &launch->streams,
					   problem);
	if (!error && message_pair(&making->socket, &making->theirs_socket) < 0)
		error = problem_set(problem, -errno, "cannot make a socket: %s", strerror(errno));
	if (!error)
		error = make_process(making, init_program, launch, problem);
	if (!error)
		error = put_into_group(making, launch, problem);
	status = error ? STATUS_NOT_STARTED : 0;
	let_go(making, launch);
	return status ? status : direct(making, launch, problem);
}

int launch_start(struct container *container, struct container_group *group, int init_program,
		 struct launch *ret_launch, struct problem *problem)
{
	struct launch launch = LAUNCH_INIT;
	struct making making = {
		.container = container,
		.group = group,
		.socket = -1,
		.theirs_socket = -1,
		.theirs = { -1, -1, -1 },
	};
	int status = start(&making, init_program, &launch, problem);

	free_making(&making);
	if (status) {
		if (launch.init > 0) {
			(void)kill(launch.init, SIGKILL);
			(void)waitpid(launch.init, NULL, 0);
		}
		launch_finish(&launch);
		return status;
	}
	*ret_launch = launch;
	return 0;
}

void launch_finish(struct launch *launch)
{
	proc_view_stop(&launch->view);
	wait_for_daemon(launch);
	child_streams_close(&launch->streams);
	if (launch->init_pidfd >= 0)
		(void)close(steal_fd(&launch->init_pidfd));
	if (launch->daemon_pidfd >= 0)
		(void)close(steal_fd(&launch->daemon_pidfd));
}
