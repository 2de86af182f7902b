/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/stage.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "container/child_streams.h"
#include "container/in_root.h"
#include "container/message.h"
#include "container/process_start.h"
#include "container/root_file_system.h"
#include "container/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/* -- namespaces -- */

static int raise_loopback(struct problem *problem)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	cleanup_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return problem_set(problem, -errno, "cannot bring up the loopback interface: %s",
				   strerror(errno));
	return 0;
}

static int arrange_namespaces(const struct container_config *config, struct problem *problem)
{
	/* Not before it is in its control group, which then is the root of what it sees. */
	if (unshare(CLONE_NEWCGROUP) < 0 && errno != EINVAL)
		return problem_set(problem, -errno, "cannot make a cgroup namespace: %s",
				   strerror(errno));
	if (strcmp(config->uts, "host") != 0 &&
	    sethostname(config->hostname, strlen(config->hostname)) < 0)
		return problem_set(problem, -errno, "cannot set the host name %s: %s",
				   config->hostname, strerror(errno));
	return strcmp(config->network, "host") == 0 ? 0 : raise_loopback(problem);
}

/* -- sysctls -- */

/* net.ipv4.ip_forward is the file net/ipv4/ip_forward below sys, of a /proc that is our own. */
static int set_sysctl(int proc, const char *text, struct problem *problem)
{
	char path[256];
	size_t length = strcspn(text, "=");
	const char *value = text + length + 1;
	cleanup_fd int fd = -1;

	(void)snprintf(path, sizeof(path), "sys/%.*s", (int)length, text);
	for (char *c = path; *c; c++)
		if (*c == '.')
			*c = '/';
	fd = in_root_open(proc, path, O_WRONLY, 0);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		return problem_set(problem, fd < 0 ? fd : -errno, "cannot set --sysctl %s: %s",
				   text, strerror(fd < 0 ? -fd : errno));
	return 0;
}

static int set_oom_score(int proc, int64_t score, struct problem *problem)
{
	cleanup_fd int fd = in_root_open(proc, "self/oom_score_adj", O_WRONLY, 0);
	char text[16];
	int length = snprintf(text, sizeof(text), "%d", (int)score);

	if (fd < 0 || write(fd, text, (size_t)length) < 0)
		return problem_set(problem, fd < 0 ? fd : -errno,
				   "cannot set --oom-score-adj %s: %s", text,
				   strerror(fd < 0 ? -fd : errno));
	return 0;
}

static int set_kernel_values(const struct container_config *config, int proc,
			     struct problem *problem)
{
	int error = 0;

	for (size_t i = 0; !error && i < config->sysctls.count; i++)
		error = set_sysctl(proc, config->sysctls.strings[i], problem);
	if (!error && config->oom_score_adj != 0)
		error = set_oom_score(proc, config->oom_score_adj, problem);
	return error;
}

/* -- standard streams -- */

/* The terminal is one of the container's own devpts; its master goes to the monitor. */
static int open_terminal(const struct stage *stage, struct root_file_system *tree,
			 struct problem *problem)
{
	struct message message = { .kind = MESSAGE_CONSOLE };
	cleanup_fd int master = -1, slave = -1;
	int error = terminal_open(tree->pts, &master, &slave);

	if (error)
		return problem_set(problem, error, "cannot make a terminal: %s", strerror(-error));
	error = root_devices_set_console(tree, slave, problem);
	if (!error && message_send(stage->socket, &message, master) < 0)
		error = problem_set(problem, -EPIPE, "the monitor is gone");
	if (!error && terminal_take(slave) < 0)
		error = problem_set(problem, -errno, "cannot take the terminal: %s",
				    strerror(errno));
	return error;
}

static int connect_streams(const struct stage *stage, struct root_file_system *tree,
			   struct problem *problem)
{
	if (stage->config->terminal)
		return open_terminal(stage, tree, problem);
	return child_streams_take(stage->streams, problem);
}

/* -- in order -- */

static int arrange(const struct stage *stage, struct root_file_system *tree,
		   struct problem *problem)
{
	struct message message;
	int error;

	/* Until process_start() sees to it. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)setsid();
	error = message_receive(stage->socket, &message, NULL);
	if (error)
		return problem_set(problem, error, "the monitor is gone");
	error = arrange_namespaces(stage->config, problem);
	if (!error)
		error = root_file_system_build(tree, stage->mountpoint, problem);
	if (!error)
		error = connect_streams(stage, tree, problem);
	if (!error)
		error = set_kernel_values(stage->config, tree->proc, problem);
	if (!error)
		error = root_file_system_protect(tree, problem);
	if (!error)
		error = root_file_system_enter(tree, problem);
	return error;
}

_Noreturn void stage_run(const struct stage *stage)
{
	const struct container_config *config = stage->config;
	struct root_file_system tree = ROOT_FILE_SYSTEM_INIT;
	const struct process_start start = {
		.config = config,
		.privileges = stage->privileges,
		.arguments = &config->arguments,
		.environment = &config->environment,
		.working_directory = config->working_directory,
		.user = config->user,
		.terminal = config->terminal,
		.make_working_directory = true,
		.init_program = stage->init_program,
		.socket = stage->socket,
		.dies_with_parent = true,
	};
	struct message message = { .kind = MESSAGE_DONE, .value = -EIO, .status = 125 };
	struct problem problem = { .text = "" };

	tree.config = config;
	tree.volumes = stage->volumes;
	tree.view = stage->view;
	if (arrange(stage, &tree, &problem) == 0)
		message.status = process_start(&start, &problem);
	memcpy(message.text, problem.text, sizeof(message.text));
	(void)message_send(stage->socket, &message, -1);
	_exit(message.status);
}
