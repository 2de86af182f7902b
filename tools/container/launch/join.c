/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/launch/join.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "container/cgroup/container_group.h"
#include "container/event/event.h"
#include "container/launch/id_maps.h"
#include "container/launch/message.h"
#include "container/monitor/background.h"
#include "container/monitor/streams.h"
#include "container/namespaces/mode.h"
#include "container/process/process.h"
#include "container/process/start.h"
#include "container/process/terminal.h"
#include "container/root/in_root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#define STATUS_NOT_STARTED 125

/* The process that looks after another one. */
struct keeper {
	const struct join *join;
	struct privileges privileges;
	struct streams streams;
	struct watch process;
	pid_t pid;
	int wait_status;
	bool ended;
};

/* -- the process itself -- */

static int take_terminal(const struct join *join, int socket, struct problem *problem)
{
	const struct message message = { .kind = MESSAGE_CONSOLE };
	cleanup_fd int pts = in_root_open_mount("/dev/pts", DEVPTS_SUPER_MAGIC);
	cleanup_fd int master = -1, slave = -1;
	int error = pts < 0 ? pts : terminal_open(pts, &join->size, &master, &slave);

	if (!error)
		error = message_send(socket, &message, master);
	if (!error)
		error = terminal_take(slave);
	return error ? problem_set(problem, error, "cannot make a terminal: %s", strerror(-error))
		     : 0;
}

static _Noreturn void become(const struct keeper *keeper, int socket, const int theirs[3])
{
	const struct join *join = keeper->join;
	const struct process_start start = {
		.config = &join->container->config,
		.privileges = &keeper->privileges,
		.arguments = &join->arguments,
		.environment = &join->environment,
		.working_directory = join->working_directory,
		.user = join->user,
		.terminal = join->terminal,
		.init_program = -1,
		.socket = socket,
	};
	struct message message = { .kind = MESSAGE_DONE, .status = STATUS_NOT_STARTED };
	struct problem problem = { .text = "" };
	int error;

	(void)setsid();
	error = join->terminal ? take_terminal(join, socket, &problem)
			       : child_streams_take(theirs, &problem);
	if (!error)
		message.status = process_start(&start, &problem);
	memcpy(message.text, problem.text, sizeof(message.text));
	(void)message_send(socket, &message, -1);
	_exit(message.status);
}

/* -- on the way -- */

/* Root of the container's user namespace, as far as there is one. */
static int become_root(const struct container_config *config)
{
	if (!namespace_mode_has_own_users(config))
		return 0;
	return setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0 ? -errno : 0;
}

static int enter(const struct container *container, struct problem *problem)
{
	cleanup_fd int pid = container_open_pid(container);
	int namespaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET |
			 CLONE_NEWCGROUP;
	int error;

	if (namespace_mode_has_own_users(&container->config))
		namespaces |= CLONE_NEWUSER;
	if (namespace_mode_has_own_time(&container->config))
		namespaces |= CLONE_NEWTIME;
	/* From here on a process in the container may see us, and must not look into us (CVE-2016-9962). */
	(void)prctl(PR_SET_DUMPABLE, 0);
	error = pid < 0 ? pid : setns(pid, namespaces) < 0 ? -errno : 0;
	if (!error)
		error = become_root(&container->config);
	if (!error && (chdir("/") < 0))
		error = -errno;
	return error ? problem_set(problem, error, "container %s: cannot enter it: %s",
				   container->config.name, strerror(-error))
		     : 0;
}

/*
 * The pid namespace is that of children only, so there is one process on the way, and the next is its brother.
 * Tells the number of that one, as its parent counts.
 */
static _Noreturn void go_in(const struct keeper *keeper, int socket, const int theirs[3])
{
	struct clone_args arguments = { .flags = CLONE_PARENT };
	struct message message = { .kind = MESSAGE_READY };
	struct problem problem = { .text = "" };
	long child;

	if (enter(keeper->join->container, &problem) < 0) {
		message = (struct message){ .kind = MESSAGE_DONE, .status = STATUS_NOT_STARTED };
		memcpy(message.text, problem.text, sizeof(message.text));
		(void)message_send(socket, &message, -1);
		_exit(1);
	}
	child = syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (child == 0) {
		/* Until our keeper knows of us. */
		if (message_receive(socket, &message, NULL) < 0)
			_exit(1);
		become(keeper, socket, theirs);
	}
	message.value = child < 0 ? -errno : (int)child;
	(void)message_send(socket, &message, -1);
	_exit(0);
}

/* -- its keeper -- */

/* What it uses is the container's, from its first step on. */
static int put_into_group(const struct container *container, pid_t pid, struct problem *problem)
{
	cleanup_container_group struct container_group group = CONTAINER_GROUP_INIT;
	int error = container_group_open(container->state.cgroup, &group, problem);

	if (!error)
		error = container_group_add(&group, &container->config, pid, problem);
	return error < 0 ? error : 0;
}

static int start_process(struct keeper *keeper, struct child_streams *streams, int *ret_pidfd,
			 struct problem *problem)
{
	const struct message go = { .kind = MESSAGE_GO };
	cleanup_fd int ours = -1, theirs = -1;
	struct message message;
	pid_t between;

	if (message_pair(&ours, &theirs) < 0)
		return problem_set(problem, STATUS_NOT_STARTED, "cannot make a socket: %s",
				   strerror(errno));
	between = fork();
	if (between == 0)
		go_in(keeper, theirs, streams->theirs);
	(void)close(steal_fd(&theirs));
	if (between < 0 || message_receive(ours, &message, NULL) < 0)
		return problem_set(problem, STATUS_NOT_STARTED, "cannot start a process");
	(void)waitpid(between, NULL, 0);
	if (message.kind == MESSAGE_DONE)
		return problem_set(problem, message.status, "%s", message.text);
	keeper->pid = message.value;
	*ret_pidfd = keeper->pid > 0 ? pidfd_open(keeper->pid, 0) : -1;
	if (*ret_pidfd >= 0 && put_into_group(keeper->join->container, keeper->pid, problem) < 0) {
		(void)process_signal(*ret_pidfd, SIGKILL);
		return STATUS_NOT_STARTED;
	}
	if (*ret_pidfd < 0 || message_send(ours, &go, -1) < 0)
		return problem_set(problem, STATUS_NOT_STARTED, "cannot start a process: %s",
				   strerror(keeper->pid < 0 ? -keeper->pid : errno));
	return child_streams_await_program(streams, ours, problem);
}

static void process_ready(struct watch *watch, uint32_t events)
{
	struct keeper *keeper = watch->owner;

	(void)events;
	if (waitpid(keeper->pid, &keeper->wait_status, WNOHANG) == keeper->pid) {
		keeper->ended = true;
		watch_close(watch);
	}
}

static void send_signal(void *context, int number)
{
	const struct keeper *keeper = context;

	if (!keeper->ended)
		(void)process_signal(keeper->process.fd, number);
}

static int serve(struct keeper *keeper)
{
	int status;

	/* What it left behind may hold its streams open, and nobody waits for that. */
	while (!keeper->ended && events_wait(keeper->streams.epoll, -1) >= 0)
		;
	while (streams_are_open(&keeper->streams) &&
	       events_wait(keeper->streams.epoll, streams_are_behind(&keeper->streams) ? -1 : 100) >
		       0)
		;
	status = keeper->wait_status;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* 0, or the exit status that people expect. */
static int prepare(struct keeper *keeper, struct problem *problem)
{
	struct child_streams streams = CHILD_STREAMS_INIT;
	const struct join *join = keeper->join;
	struct log no_log = { .fd = -1 };
	int epoll = epoll_create1(EPOLL_CLOEXEC), pidfd = -1;
	int status =
		epoll < 0 ? problem_set(problem, STATUS_NOT_STARTED, "%s", strerror(errno)) : 0;

	if (!status && child_streams_make(join->terminal, join->input, &streams, problem) < 0)
		status = STATUS_NOT_STARTED;
	if (!status && namespace_mode_is_inner(&join->container->config))
		child_streams_give(&streams,
				   id_maps_outside(&join->container->config.inner_uid_map, 0),
				   id_maps_outside(&join->container->config.inner_gid_map, 0));
	if (!status)
		status = start_process(keeper, &streams, &pidfd, problem);
	if (status)
		return status;
	for (int fd = 0; fd < 3; fd++)
		if (streams.theirs[fd] >= 0)
			(void)close(steal_fd(&streams.theirs[fd]));
	streams_init(&keeper->streams, epoll, &no_log);
	keeper->streams.send_signal = send_signal;
	keeper->streams.context = keeper;
	keeper->process = (struct watch){
		.fd = pidfd,
		.epoll = epoll,
		.ready = process_ready,
		.owner = keeper,
	};
	if (watch_for(&keeper->process, EPOLLIN) < 0 ||
	    streams_connect(&keeper->streams, &streams) < 0 ||
	    (join->client >= 0 && streams_add_client(&keeper->streams, join->client) < 0))
		return problem_set(problem, STATUS_NOT_STARTED, "out of memory");
	return 0;
}

/* -- what is told of it -- */

#define EXEC_ID_LENGTH 64

static void make_exec_id(char id[EXEC_ID_LENGTH + 1])
{
	uint8_t bytes[EXEC_ID_LENGTH / 2] = { 0 };

	(void)getrandom(bytes, sizeof(bytes), 0);
	for (size_t i = 0; i < sizeof(bytes); i++)
		(void)snprintf(id + 2 * i, 3, "%02x", bytes[i]);
}

/* "exec_start: ls -l /" */
static void tell_begin(const struct join *join, const char *action, const char *id)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int error = buffer_append_format(&text, "%s:", action);

	for (size_t i = 0; !error && i < join->arguments.count; i++)
		error = buffer_append_format(&text, " %s", join->arguments.strings[i]);
	if (!error)
		event_of_container(join->container, buffer_string(&text),
				   EVENT_ATTRIBUTES({ "execID", id }));
}

static void tell_end(const struct join *join, int status, const char *id)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", status);
	event_of_container(join->container, "exec_die",
			   EVENT_ATTRIBUTES({ "execID", id }, { "exitCode", text }));
}

static _Noreturn void keep(const struct join *join, int socket)
{
	struct keeper keeper = { .join = join };
	struct message message = { .kind = MESSAGE_DONE };
	struct problem problem = { .text = "" };
	const int kept[] = { socket, join->client, join->container->fd,
			     join->container->place->run_fd };
	char id[EXEC_ID_LENGTH + 1];
	int status;
	cleanup_fd int cache = privileges_open_cache(join->container->place->run_fd);

	if (privileges_prepare(&join->container->config, cache, &keeper.privileges, &problem) < 0)
		message.status = STATUS_NOT_STARTED;
	background_close(kept, sizeof(kept) / sizeof(kept[0]));
	background_become();
	if (!message.status)
		message.status = prepare(&keeper, &problem);
	if (!message.status) {
		make_exec_id(id);
		tell_begin(join, "exec_create", id);
		tell_begin(join, "exec_start", id);
	}
	memcpy(message.text, problem.text, sizeof(message.text));
	(void)message_send(socket, &message, -1);
	(void)close(socket);
	if (message.status)
		_exit(1);
	status = serve(&keeper);
	tell_end(join, status, id);
	streams_finish(&keeper.streams, status);
	_exit(0);
}

int join_spawn(const struct join *join, struct problem *problem)
{
	cleanup_fd int ours = -1, theirs = -1;
	struct message message;
	pid_t keeper;

	if (message_pair(&ours, &theirs) < 0)
		return problem_set(problem, STATUS_NOT_STARTED, "cannot make a socket: %s",
				   strerror(errno));
	keeper = fork();
	if (keeper == 0)
		keep(join, theirs);
	(void)close(steal_fd(&theirs));
	if (keeper < 0 || message_receive(ours, &message, NULL) < 0)
		return problem_set(problem, STATUS_NOT_STARTED, "cannot start a process");
	if (message.status)
		(void)problem_set(problem, -EIO, "%s", message.text);
	return message.status;
}
