/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of monitor.h: starting one and stopping it, and what is done by both sides at its beginning. */
#include "base/cleanup.h"
#include "container/cgroup/container_group.h"
#include "container/cgroup/pause.h"
#include "container/event/event.h"
#include "container/launch/id_maps.h"
#include "container/launch/message.h"
#include "container/monitor/inside.h"
#include "container/namespaces/mode.h"
#include "container/namespaces/shared.h"
#include "container/process/process.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>

#define STATUS_NOT_STARTED 125
/* How long a monitor may take to note down the end of what it was told is dead. */
#define PATIENCE_MS 90000

static bool has_user_namespace(const struct container *container)
{
	return container->config.uid_map.count > 0;
}

/* -- the monitor's side -- */

static int make_user_namespace(const struct id_maps *maps, int socket, struct problem *problem)
{
	struct message message = { .kind = MESSAGE_READY };
	int error = unshare(CLONE_NEWUSER) < 0 ? -errno : message_send(socket, &message, -1);

	if (!error)
		error = message_receive(socket, &message, NULL);
	if (!error)
		error = id_maps_become_root(maps);
	if (error)
		return problem_set(
			problem, error,
			"cannot enter a user namespace: %s; the system may forbid them to "
			"ordinary users (sysctl user.max_user_namespaces)",
			strerror(-error));
	return 0;
}

/* Of another container, whose monitor has given it its ids. */
static int join_user_namespace(const struct container *container, const char *id,
			       const struct id_maps *maps, struct problem *problem)
{
	int error = shared_namespaces_enter_user(container->place, id, problem);

	if (error)
		return error;
	error = id_maps_become_root(maps);
	return error ? problem_set(problem, error, "cannot be root of its user namespace: %s",
				   strerror(-error))
		     : 0;
}

static int enter_user_namespace(const struct container *container, int socket,
				struct problem *problem)
{
	const struct id_maps maps = container_id_maps(container);
	const char *id = namespace_mode_container(container->config.users);

	return id ? join_user_namespace(container, id, &maps, problem)
		  : make_user_namespace(&maps, socket, problem);
}

/* What is unmounted outside goes here too; what is mounted here is not seen outside. */
static int enter_mount_namespace(struct problem *problem)
{
	if (unshare(CLONE_NEWNS) < 0)
		return problem_set(problem, -errno, "cannot make a mount namespace: %s",
				   strerror(errno));
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0)
		return 0;
	/* mount(2): the target of a change of propagation is a mount point. */
	if (errno == EINVAL)
		return problem_set(
			problem, -EINVAL,
			"this is a chroot whose root is not a mount point: bind it to itself with "
			"'mount --bind ROOT ROOT' before entering it");
	return problem_set(problem, -errno, "cannot make mounts private: %s", strerror(errno));
}

int monitor_enter(const struct container *container, int socket, struct problem *problem)
{
	int error = has_user_namespace(container) ? enter_user_namespace(container, socket, problem)
						  : 0;

	if (error)
		return error;
	return enter_mount_namespace(problem);
}

void monitor_report(int socket, int status, const struct problem *problem)
{
	struct message message = { .kind = MESSAGE_DONE, .status = status };

	if (problem)
		memcpy(message.text, problem->text, sizeof(message.text));
	(void)message_send(socket, &message, -1);
	(void)close(socket);
}

void monitor_remove(struct container *container)
{
	if (container_hide(container, NULL) == 0)
		(void)container_delete(container->place, container->id, NULL);
}

/* -- the other side -- */

/* Gives the monitor its ids if it asks for them, and hears how the start went. The exit status. */
static int direct(const struct container *container, int socket, pid_t monitor,
		  struct problem *problem)
{
	const struct id_maps maps = container_id_maps(container);
	struct message message;
	int error;

	while ((error = message_receive(socket, &message, NULL)) == 0) {
		if (message.kind == MESSAGE_DONE) {
			(void)problem_set(problem, 0, "%s", message.text);
			return message.status;
		}
		error = id_maps_apply(&maps, monitor, problem);
		if (error)
			return STATUS_NOT_STARTED;
		message = (struct message){ .kind = MESSAGE_GO };
		if (message_send(socket, &message, -1) < 0)
			break;
	}
	(void)problem_set(problem, error, "the container's monitor was killed");
	return STATUS_NOT_STARTED;
}

/* The monitor is nobody's child: its parent ends at once. */
static pid_t fork_monitor(int socket, const struct container *container,
			  const struct monitor_start *start)
{
	pid_t child = fork();

	if (child == 0)
		monitor_run(socket, container->fd, container->place, container->id, start);
	return child;
}

int monitor_spawn(struct container *container, const struct monitor_start *start,
		  struct problem *problem)
{
	cleanup_fd int ours = -1, theirs = -1;
	pid_t monitor;
	int error = message_pair(&ours, &theirs);
	int status;

	if (error)
		return problem_set(problem, STATUS_NOT_STARTED, "cannot make a socket: %s",
				   strerror(-error));
	monitor = fork_monitor(theirs, container, start);
	if (monitor < 0)
		return problem_set(problem, STATUS_NOT_STARTED, "cannot start a process: %s",
				   strerror(errno));
	(void)close(steal_fd(&theirs));
	status = direct(container, ours, monitor, problem);
	/* It ends when it sees that nobody listens. */
	(void)close(steal_fd(&ours));
	if (status)
		(void)waitpid(monitor, NULL, 0);
	return status;
}

/* -- stopping -- */

static int not_running(const struct container *container, struct problem *problem)
{
	return problem_set(problem, -ESRCH, "container %s is not running", container->config.name);
}

/* So that nobody starts it again. */
static int note_stop(struct container *container, bool told, struct problem *problem)
{
	int error = container_lock(container, problem);

	if (error)
		return error;
	if (state_is_live(&container->state)) {
		container->state.stopped_by_person = true;
		container->state.tells_stop = told;
		error = container_save_state(container, problem);
	} else {
		error = not_running(container, problem);
	}
	container_unlock(container);
	return error;
}

/* Also if somebody paused it, or does just now. */
static void kill_all(struct container *container, int init)
{
	cleanup_container_group struct container_group group = CONTAINER_GROUP_INIT;

	(void)process_signal(init, SIGKILL);
	if (container_group_open(container->state.cgroup, &group, NULL) == 0)
		container_group_kill(&group);
}

int monitor_stop(struct container *container, int number, int64_t seconds, bool told,
		 struct problem *problem)
{
	cleanup_fd int monitor = -1, init = -1;
	int error = note_stop(container, told, problem);

	if (error)
		return error;
	monitor = container_open_monitor(container);
	init = container_open_pid(container);
	if (monitor < 0)
		return monitor == -ESRCH ? 0
					 : problem_set(problem, monitor, "container %s: %s",
						       container->config.name, strerror(-monitor));
	if (init >= 0) {
		error = process_signal(init, number);
		if (error && error != -ESRCH)
			return problem_set(problem, error, "container %s: cannot stop it: %s",
					   container->config.name, strerror(-error));
		event_of_signal(container, number);
		if (state_status(&container->state) == CONTAINER_PAUSED)
			(void)container_unpause(container, NULL);
		if (process_wait_end(init, seconds < 0 ? -1 : (int)seconds * 1000) == -ETIMEDOUT) {
			event_of_signal(container, SIGKILL);
			kill_all(container, init);
		}
	}
	if (process_wait_end(monitor, PATIENCE_MS) < 0)
		return problem_set(problem, -ETIMEDOUT,
				   "container %s: its monitor, process %d, does not end",
				   container->config.name, (int)container->state.monitor);
	return 0;
}
