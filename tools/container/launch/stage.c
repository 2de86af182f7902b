/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/launch/stage.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "container/launch/id_maps.h"
#include "container/launch/left_behind.h"
#include "container/launch/message.h"
#include "container/namespaces/mode.h"
#include "container/network/kind.h"
#include "container/process/child_streams.h"
#include "container/process/start.h"
#include "container/process/terminal.h"
#include "container/root/file_system.h"
#include "container/root/in_root.h"

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
	if (namespace_mode_has_own_cgroups(config) && unshare(CLONE_NEWCGROUP) < 0 &&
	    errno != EINVAL)
		return problem_set(problem, -errno, "cannot make a cgroup namespace: %s",
				   strerror(errno));
	if (namespace_mode_is_own(config->uts) &&
	    sethostname(config->hostname, strlen(config->hostname)) < 0)
		return problem_set(problem, -errno, "cannot set the host name %s: %s",
				   config->hostname, strerror(errno));
	return namespace_mode_is_own(config->network) ? raise_loopback(problem) : 0;
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
	int error = terminal_open(tree->pts, stage->size, &master, &slave);

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

/* Of an inner user namespace, now that it has its ids. */
static int become_root(const struct container_config *config, struct problem *problem)
{
	static const struct id_maps several = { .single = false };
	int error = namespace_mode_is_inner(config) ? id_maps_become_root(&several) : 0;

	return error ? problem_set(problem, error,
				   "cannot be root of the container's user namespace: %s",
				   strerror(-error))
		     : 0;
}

/* The monitor connects it meanwhile; by our number it might not be allowed to find it. */
static int show_network(const struct stage *stage, struct problem *problem)
{
	struct message message = { .kind = MESSAGE_NETWORK };
	cleanup_fd int namespace = -1;

	if (!network_is_connected(stage->config->network))
		return 0;
	namespace = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (namespace < 0)
		return problem_set(problem, -errno, "cannot open the network namespace: %s",
				   strerror(errno));
	if (message_send(stage->socket, &message, namespace) < 0 ||
	    message_receive(stage->socket, &message, NULL) < 0)
		return problem_set(problem, -EPIPE, "the monitor is gone");
	return 0;
}

static int arrange(const struct stage *stage, struct root_file_system *tree,
		   struct problem *problem)
{
	struct message message;
	int error;

	(void)setsid();
	/* Which ends, too, when the monitor does. */
	error = message_receive(stage->socket, &message, NULL);
	if (error)
		return problem_set(problem, error, "the monitor is gone");
	message = (struct message){ .kind = MESSAGE_READY, .value = (int)left_behind_mark(0) };
	if (!namespace_mode_is_own(stage->config->pid))
		(void)message_send(stage->socket, &message, -1);
	error = root_file_system_gather(tree, stage->mountpoint, stage->view, problem);
	if (!error)
		error = become_root(stage->config, problem);
	if (error)
		return error;
	/* Until process_start() sees to it. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_DUMPABLE, 0);
	error = arrange_namespaces(stage->config, problem);
	if (!error)
		error = show_network(stage, problem);
	if (!error)
		error = root_file_system_build(tree, problem);
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
	tree.cgroup = stage->cgroup;
	tree.volumes = stage->volumes;
	tree.hosts = stage->hosts;
	tree.memory = stage->memory;
	tree.sources = stage->sources;
	tree.detached = stage->sources;
	if (arrange(stage, &tree, &problem) == 0)
		message.status = process_start(&start, &problem);
	memcpy(message.text, problem.text, sizeof(message.text));
	(void)message_send(stage->socket, &message, -1);
	_exit(message.status);
}
