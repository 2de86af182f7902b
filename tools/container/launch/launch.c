/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/launch/launch.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "container/launch/id_maps.h"
#include "container/launch/left_behind.h"
#include "container/launch/message.h"
#include "container/namespaces/mode.h"
#include "container/namespaces/spawn.h"
#include "container/network/hosts.h"
#include "container/network/kind.h"
#include "container/process/process.h"
#include "container/root/container_union.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#define STATUS_NOT_STARTED 125
/* How long the union may take to write what is left, once nobody uses it. */
#define FINISH_MS 60000
#define TERMINATE_MS 10000

/* What is needed while the first process is made. */
struct making {
	struct container *container;
	struct container_group *group;
	struct shared_namespaces shared;
	struct container_union container_union;
	char *view;  /* where the view of /proc is; NULL: there is none */
	char *hosts; /* see network/hosts.h; NULL: there is none */
	int socket;  /* to the first process */
	struct privileges privileges;
	const struct attachment_size *size; /* of the terminal */
	int theirs_socket;
};

static void free_making(struct making *making)
{
	shared_namespaces_close(&making->shared);
	privileges_free(&making->privileges);
	container_union_free(&making->container_union);
	free(making->view);
	free(making->hosts);
	if (making->socket >= 0)
		(void)close(making->socket);
	if (making->theirs_socket >= 0)
		(void)close(making->theirs_socket);
}

static int prepare_privileges(struct making *making, struct problem *problem)
{
	const struct container *container = making->container;
	cleanup_fd int cache = privileges_open_cache(container->place->run_fd);

	return privileges_prepare(&container->config, cache, &making->privileges, problem);
}

/* -- the union -- */

static void prepare_group(void *context)
{
	const struct making *making = context;

	if (making->group->cgroup)
		cgroup_prepare_to_add(making->group->cgroup);
}

static int mount_union(struct making *making, struct launch *launch, struct problem *problem)
{
	int error = container_union_mount(making->container, &making->container_union, true,
					  prepare_group, making, &launch->daemon, problem);

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
		(void)umount2(making->container_union.mountpoint, MNT_DETACH | UMOUNT_NOFOLLOW);
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

static int make_process(struct making *making, int init_program, struct launch *launch,
			struct problem *problem)
{
	const struct container_config *config = &making->container->config;
	struct stage stage = {
		.config = config,
		.privileges = &making->privileges,
		.cgroup = making->group->cgroup,
		.mountpoint = making->container_union.mountpoint,
		.volumes = making->container_union.volumes,
		.view = making->view,
		.hosts = making->hosts,
		.memory = -1,
		.socket = steal_fd(&making->theirs_socket),
		.init_program = config->init ? init_program : -1,
		.size = making->size,
	};
	int error;

	memcpy(stage.streams, launch->streams.theirs, sizeof(stage.streams));
	error = spawn_first_process(&stage, &making->shared, making->socket, &launch->init,
				    &launch->init_pidfd, problem);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (launch->streams.theirs[fd] >= 0)
			(void)close(steal_fd(&launch->streams.theirs[fd]));
	return error;
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

/* The process shows its namespace, and waits again. */
static int connect_network(struct making *making, struct launch *launch, struct problem *problem)
{
	const struct message go = { .kind = MESSAGE_GO };
	cleanup_fd int namespace = -1;
	struct message message;
	int error;

	if (!network_is_connected(making->container->config.network))
		return 0;
	error = message_receive(making->socket, &message, &namespace);
	if (error || namespace < 0)
		return problem_set(problem, error ? error : -EIO,
				   "the container's first process was killed");
	if (message.kind != MESSAGE_NETWORK)
		return problem_set(problem, -EIO, "%s", message.text);
	error = network_start(making->container, namespace, &launch->network, problem);
	if (!error && message_send(making->socket, &go, -1) < 0)
		error = problem_set(problem, -EPIPE, "the container's first process was killed");
	return error;
}

/* It tells which mount namespace is its own: others may not be allowed to see that. */
static void hear_mark(struct making *making, struct launch *launch)
{
	struct message message;

	if (!namespace_mode_is_own(making->container->config.pid) &&
	    message_receive(making->socket, &message, NULL) == 0)
		launch->mark = (unsigned)message.value;
}

/* Lets the process go on. The exit status to be told, 0 when its program runs. */
static int direct(struct making *making, struct launch *launch, struct problem *problem)
{
	const struct message go = { .kind = MESSAGE_GO };
	const struct id_maps inner = container_inner_id_maps(making->container);

	if ((namespace_mode_flags(&making->container->config) & CLONE_NEWUSER) &&
	    id_maps_apply(&inner, launch->init, problem) < 0)
		return STATUS_NOT_STARTED;
	if (message_send(making->socket, &go, -1) < 0)
		return problem_set(problem, STATUS_NOT_STARTED,
				   "the container's first process was killed");
	hear_mark(making, launch);
	if (connect_network(making, launch, problem) < 0)
		return STATUS_NOT_STARTED;
	return child_streams_await_program(&launch->streams, making->socket, problem);
}

/* The file is there before the first process is, which opens it while it still may reach it. */
static int begin_hosts(struct making *making, struct problem *problem)
{
	const struct container *container = making->container;

	if (!network_hosts_are_shared(&container->config))
		return 0;
	if (asprintf(&making->hosts, "%s/%s/hosts", container->place->run, container->id) < 0) {
		making->hosts = NULL;
		return problem_set(problem, -ENOMEM, "out of memory");
	}
	return network_hosts_begin(container, problem);
}

static int start(struct making *making, int init_program, struct launch *launch,
		 struct problem *problem)
{
	const struct container_config *config = &making->container->config;
	int status;
	int error = container_union_name(making->container, &making->container_union);

	if (error)
		return problem_set(problem, STATUS_NOT_STARTED, "out of memory");
	error = begin_hosts(making, problem);
	if (!error)
		error = shared_namespaces_open(making->container, &making->shared, problem);
	if (!error)
		error = prepare_privileges(making, problem);
	if (!error)
		error = mount_union(making, launch, problem);
	if (!error)
		error = start_view(making, launch, problem);
	if (!error)
		error = child_streams_make(config->terminal, config->open_stdin, &launch->streams,
					   problem);
	if (!error && namespace_mode_is_inner(config))
		child_streams_give(&launch->streams, id_maps_outside(&config->inner_uid_map, 0),
				   id_maps_outside(&config->inner_gid_map, 0));
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
		 const struct attachment_size *size, struct launch *ret_launch,
		 struct problem *problem)
{
	struct launch launch = LAUNCH_INIT;
	struct making making = {
		.container = container,
		.group = group,
		.size = size,
		.shared = SHARED_NAMESPACES_INIT,
		.socket = -1,
		.theirs_socket = -1,
	};
	int status;

	launch.container = container;
	status = start(&making, init_program, &launch, problem);

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
	/* They hold the union. */
	left_behind_kill(launch->mark);
	network_stop(launch->container, &launch->network);
	proc_view_stop(&launch->view);
	wait_for_daemon(launch);
	child_streams_close(&launch->streams);
	if (launch->init_pidfd >= 0)
		(void)close(steal_fd(&launch->init_pidfd));
	if (launch->daemon_pidfd >= 0)
		(void)close(steal_fd(&launch->daemon_pidfd));
}
