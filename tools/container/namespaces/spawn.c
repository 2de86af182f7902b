/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/namespaces/spawn.h"

#include "base/cleanup.h"
#include "container/launch/message.h"
#include "container/namespaces/mode.h"
#include "container/namespaces/time.h"
#include "container/root/file_system.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* The process on the way: enters what is shared and makes its brother. The number of that one, or -errno. */
static int make_brother(struct stage *stage, const struct shared_namespaces *shared, int socket,
			struct problem *problem)
{
	struct clone_args arguments = {
		.flags = namespace_mode_flags(stage->config) | CLONE_PARENT,
	};
	int error = namespace_mode_has_own_time(stage->config) ? time_namespace_make(problem) : 0;
	long child;

	if (error)
		return error;
	/*
	 * Among the processes of another container it must not be looked into (CVE-2016-9962). Otherwise the
	 * monitor must, to give it its ids; the stage sees to it then.
	 */
	if (shared->owners[SHARED_PID] >= 0)
		(void)prctl(PR_SET_DUMPABLE, 0);
	/* Root of the machine is nobody in there. An ordinary user's first process still is that user when it opens them. */
	if (!error && namespace_mode_is_inner(stage->config) && stage->config->uid_map.count == 0)
		error = root_volumes_detach(stage->config, stage->volumes, &stage->sources,
					    problem);
	if (error)
		return error;
	error = shared_namespaces_clone_memory(shared, &stage->memory, problem);
	if (!error)
		error = shared_namespaces_enter(shared, problem);
	if (error)
		return error;
	child = syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (child == 0) {
		(void)close(socket);
		stage_run(stage);
	}
	return child < 0
		       ? problem_set(problem, -errno, "cannot make the container's namespaces: %s",
				     strerror(errno))
		       : (int)child;
}

static _Noreturn void go_between(struct stage *stage, const struct shared_namespaces *shared,
				 int socket)
{
	struct problem problem = { .text = "" };
	struct message message = { .kind = MESSAGE_READY };

	message.value = make_brother(stage, shared, socket, &problem);
	memcpy(message.text, problem.text, sizeof(message.text));
	(void)message_send(stage->socket, &message, -1);
	_exit(0);
}

int spawn_first_process(struct stage *stage, const struct shared_namespaces *shared, int socket,
			pid_t *ret_pid, int *ret_pidfd, struct problem *problem)
{
	struct message message;
	pid_t between = fork();
	int pidfd, error;

	if (between == 0)
		go_between(stage, shared, socket);
	if (between < 0)
		return problem_set(problem, -errno, "cannot start a process: %s", strerror(errno));
	/* From now on only they hold it: if both are killed, that is seen. */
	(void)close(steal_fd(&stage->socket));
	error = message_receive(socket, &message, NULL);
	(void)waitpid(between, NULL, 0);
	if (error)
		return problem_set(problem, error, "the container's first process was killed");
	if (message.value < 0)
		return problem_set(problem, message.value, "%s", message.text);
	/* Nobody but us waits for it, so its number is its own. */
	pidfd = pidfd_open(message.value, 0);
	*ret_pid = message.value;
	*ret_pidfd = pidfd;
	return pidfd < 0 ? problem_set(problem, -errno, "cannot watch the first process: %s",
				       strerror(errno))
			 : 0;
}
