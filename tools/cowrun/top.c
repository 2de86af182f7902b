/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun top: the processes of a container, as the machine's ps(1) shows them. */
#include "base/cleanup.h"
#include "container/cgroup/container_group.h"
#include "container/namespaces/mode.h"
#include "cowrun/command.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char usage[] =
	"Usage: cowrun top CONTAINER [OPTION-OF-PS...]\n"
	"\n"
	"Shows the processes of a container, by their numbers on the machine. The options are for ps(1)\n"
	"(-ef); among its columns must be PID.\n";

static const struct option_table table = { .rules = NULL, .operands_end_options = true };

/* -- whose processes -- */

struct selection {
	ino_t pid_namespace; /* 0: those in the list */
	pid_t *pids;
	size_t count;
};

static void free_selection(struct selection *selection)
{
	free(selection->pids);
}

static ino_t pid_namespace_of(int64_t pid)
{
	char path[48];
	struct stat status;

	(void)snprintf(path, sizeof(path), "/proc/%lld/ns/pid", (long long)pid);
	return stat(path, &status) < 0 ? 0 : status.st_ino;
}

/* Whether the process is in that pid namespace or in one within, as those of a sandbox are. */
static bool is_within(int64_t pid, ino_t pid_namespace)
{
	cleanup_fd int namespace = -1;
	char path[48];

	(void)snprintf(path, sizeof(path), "/proc/%lld/ns/pid", (long long)pid);
	namespace = open(path, O_RDONLY | O_CLOEXEC);
	while (namespace >= 0) {
		struct stat status;
		int parent;

		if (fstat(namespace, &status) < 0)
			return false;
		if (status.st_ino == pid_namespace)
			return true;
		/* EPERM: the next one is beyond our own. */
		parent = ioctl(namespace, NS_GET_PARENT);
		(void)close(namespace);
		namespace = parent;
	}
	return false;
}

static bool is_selected(const struct selection *selection, int64_t pid)
{
	if (selection->pid_namespace)
		return is_within(pid, selection->pid_namespace);
	for (size_t i = 0; i < selection->count; i++)
		if (selection->pids[i] == pid)
			return true;
	return false;
}

/* A container in a pid namespace with others is told from them by its control group only. */
static int select_group(const struct container *container, struct selection *selection,
			struct problem *problem)
{
	cleanup_container_group struct container_group group = CONTAINER_GROUP_INIT;
	int error = container_group_open(container->state.cgroup, &group, problem);

	if (!error && !group.cgroup)
		return problem_set(
			problem, -ENOTSUP,
			"container %s shares the processes of others (--pid %.22s) and has no "
			"control group, so nobody knows which are its own",
			container->config.name, container->config.pid);
	if (!error) {
		error = cgroup_list(group.cgroup, &selection->pids, &selection->count);
		if (error)
			(void)problem_set(problem, error, "the container's control group: %s",
					  strerror(-error));
	}
	return error;
}

static int select_processes(struct container *container, struct selection *selection,
			    struct problem *problem)
{
	int error = container_refresh(container, problem);

	if (error)
		return error;
	if (!state_is_live(&container->state) || container->state.pid <= 0)
		return problem_set(problem, -ESRCH, "container %s does not run",
				   container->config.name);
	if (!namespace_mode_is_own(container->config.pid))
		return select_group(container, selection, problem);
	selection->pid_namespace = pid_namespace_of(container->state.pid);
	return selection->pid_namespace
		       ? 0
		       : problem_set(problem, -ESRCH, "container %s has just ended",
				     container->config.name);
}

/* -- what ps says -- */

/* options: the name of the program and those given, ended by NULL. *ret_output is NULL when there is no memory. */
static int start_ps(char **options, pid_t *ret_pid, FILE **ret_output)
{
	char usual_option[] = "-ef";
	char *usual[] = { options[0], usual_option, NULL };
	posix_spawn_file_actions_t actions;
	int pipes[2], error;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return -errno;
	error = posix_spawn_file_actions_init(&actions);
	if (!error) {
		error = posix_spawn_file_actions_adddup2(&actions, pipes[1], STDOUT_FILENO);
		if (!error)
			error = posix_spawnp(ret_pid, "ps", &actions, NULL,
					     options[1] ? options : usual, environ);
		(void)posix_spawn_file_actions_destroy(&actions);
	}
	(void)close(pipes[1]);
	if (error) {
		(void)close(pipes[0]);
		return -error;
	}
	*ret_output = fdopen(pipes[0], "re");
	if (!*ret_output)
		(void)close(pipes[0]);
	return 0;
}

/* The field of that number in a line. NULL when it has fewer. */
static const char *field(const char *line, size_t number)
{
	static const char blanks[] = " \t\n";

	for (;; number--) {
		line += strspn(line, blanks);
		if (!*line || number == 0)
			return *line ? line : NULL;
		line += strcspn(line, blanks);
	}
}

static int find_pid_column(const char *titles, size_t *ret_number)
{
	const char *title;

	for (size_t i = 0; (title = field(titles, i)); i++)
		if (strncmp(title, "PID", 3) == 0 && strcspn(title, " \t\n") == 3) {
			*ret_number = i;
			return 0;
		}
	return -EINVAL;
}

static int filter(FILE *output, const struct selection *selection, struct problem *problem)
{
	cleanup_free char *line = NULL;
	size_t size = 0, column = 0;

	if (getline(&line, &size, output) < 0 || find_pid_column(line, &column) < 0)
		return problem_set(problem, -EINVAL, "ps shows no column PID with these options");
	(void)fputs(line, stdout);
	while (getline(&line, &size, output) >= 0) {
		const char *pid = field(line, column);

		if (pid && is_selected(selection, strtoll(pid, NULL, 10)))
			(void)fputs(line, stdout);
	}
	return 0;
}

static int show(char **options, const struct selection *selection, struct problem *problem)
{
	FILE *output = NULL;
	pid_t ps = 0;
	int error = start_ps(options, &ps, &output);
	int status = 0;

	if (error)
		return problem_set(problem, error,
				   "cannot run ps: %s; it is in Debian's package procps",
				   strerror(-error));
	error = output ? filter(output, selection, problem)
		       : problem_set(problem, -ENOMEM, "out of memory");
	if (output)
		(void)fclose(output);
	while (waitpid(ps, &status, 0) < 0 && errno == EINTR)
		;
	/* It has said why. */
	return status == 0 ? error : problem_set(problem, -EINVAL, "ps failed");
}

int command_top(int argc, char **argv)
{
	cleanup_container struct container container = CONTAINER_INIT;
	__attribute__((cleanup(free_selection))) struct selection selection = { 0 };
	char ps[] = "ps";
	struct place place;
	struct problem problem;
	int count, status, error;

	if (!command_read(&table, usage, argc, argv, NULL, &count, &status))
		return status;
	if (count == 0)
		return command_misused(usage);
	if (!command_open_place(&place))
		return STATUS_FAILED;
	error = container_find(&place, argv[1], &container, &problem);
	if (!error)
		error = select_processes(&container, &selection, &problem);
	/* What follows the container's name is for ps, whose own name takes its place. */
	argv[1] = ps;
	if (!error)
		error = show(argv + 1, &selection, &problem);
	place_close(&place);
	return command_flush(error ? command_failed(&problem) : STATUS_OK);
}
