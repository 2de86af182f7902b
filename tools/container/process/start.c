/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/process/start.h"

#include "base/cleanup.h"
#include "container/launch/message.h"
#include "container/process/environment.h"
#include "container/process/rlimits.h"
#include "container/root/in_root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define STATUS_NOT_STARTED 125

/* -- who -- */

/*
 * When the monitor is killed, so is the container: nobody would look after it. A change of ids has made
 * the kernel forget that.
 */
static int stay_with_monitor(const struct process_start *start, struct problem *problem)
{
	struct pollfd monitor = { .fd = start->socket };

	if (!start->dies_with_parent)
		return 0;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (poll(&monitor, 1, 0) > 0 && (monitor.revents & (POLLHUP | POLLERR)))
		return problem_set(problem, -ECONNRESET, "the monitor is gone");
	return 0;
}

/* What it prints to may be opened again, as /dev/stdout, by whoever it becomes. */
static void give_streams(const struct user *user)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		struct stat status;

		if (fstat(fd, &status) == 0 && (S_ISFIFO(status.st_mode) || isatty(fd)))
			(void)fchown(fd, user->uid, user->gid);
	}
}

/* -- where -- */

/* Inside the root, and nowhere else (CVE-2024-21626). */
static int enter_directory(const struct process_start *start, struct problem *problem)
{
	const char *path = start->working_directory ? start->working_directory : "/";
	char here[PATH_MAX];

	if (chdir(path) < 0)
		return problem_set(problem, -errno, "cannot enter the working directory %s: %s",
				   path, strerror(errno));
	if (!getcwd(here, sizeof(here)) || here[0] != '/')
		return problem_set(problem, -ENOENT,
				   "the working directory %s is not in the container", path);
	return 0;
}

/* As root of the container, before that is given up. */
static int make_directory(const struct process_start *start, int root, struct problem *problem)
{
	cleanup_fd int directory = -1;

	if (!start->make_working_directory || !start->working_directory)
		return 0;
	directory = in_root_make_directory(root, start->working_directory);
	if (directory < 0 && directory != -EROFS)
		return problem_set(problem, directory, "cannot make the working directory %s: %s",
				   start->working_directory, strerror(-directory));
	return 0;
}

/* -- what -- */

static int not_executed(const char *program, int error, struct problem *problem)
{
	(void)problem_set(problem, -error, "%s: %s", program, strerror(error));
	return error == ENOENT || error == ENOTDIR ? 127 : 126;
}

/* As execvp(3), but with the container's PATH and environment, and without its shell for what is no program. */
static int execute(char *const *arguments, char *const *environment, struct problem *problem)
{
	const char *program = arguments[0];
	const char *directories = environment_get(environment, "PATH");
	int error = 0;

	if (strchr(program, '/')) {
		(void)execve(program, arguments, environment);
		return not_executed(program, errno, problem);
	}
	for (const char *at = directories; at && *at;) {
		size_t length = strcspn(at, ":");
		char path[PATH_MAX];

		if (length > 0 && snprintf(path, sizeof(path), "%.*s/%s", (int)length, at,
					   program) < (int)sizeof(path)) {
			(void)execve(path, arguments, environment);
			if (errno != ENOENT && errno != ENOTDIR)
				error = errno;
		}
		at += length + (at[length] == ':');
	}
	if (error)
		return not_executed(program, error, problem);
	(void)problem_set(problem, -ENOENT,
			  "%s: there is no such program in the directories of $PATH",
			  program[0] ? program : "\"\"");
	return 127;
}

/* A new process starts with nothing of what the runtime set for itself. */
static void reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* As the program of ours that is PID 1 and runs it, or as itself. */
static int execute_any(const struct process_start *start, char *const *environment,
		       struct problem *problem)
{
	struct string_list arguments = STRING_LIST_INIT;
	int error;

	if (start->init_program < 0)
		return execute(start->arguments->strings, environment, problem);
	error = string_list_add(&arguments, "cowrun-init");
	for (size_t i = 0; !error && i < start->arguments->count; i++)
		error = string_list_add(&arguments, start->arguments->strings[i]);
	if (!error)
		(void)fexecve(start->init_program, arguments.strings, environment);
	(void)problem_set(problem, -EIO, "cannot run the init program: %s",
			  strerror(error ? -error : errno));
	string_list_free(&arguments);
	return STATUS_NOT_STARTED;
}

static int run_program(const struct process_start *start, char *const *environment,
		       struct problem *problem)
{
	const struct message message = { .kind = MESSAGE_READY };

	(void)umask(022);
	reset_signals();
	if (message_send(start->socket, &message, -1) < 0)
		return problem_set(problem, STATUS_NOT_STARTED, "the monitor is gone");
	if (privileges_complete(start->privileges, start->config, problem) < 0)
		return STATUS_NOT_STARTED;
	return execute_any(start, environment, problem);
}

/* As the user, from here to the program. */
static int become_and_run(const struct process_start *start, const struct user *user,
			  struct problem *problem)
{
	struct string_list environment = STRING_LIST_INIT;
	int status = STATUS_NOT_STARTED;
	int error = environment_complete(start->environment, user->home, start->config->hostname,
					 start->terminal, &environment);

	if (error)
		(void)problem_set(problem, error, "out of memory");
	if (!error)
		error = rlimits_set(&start->config->ulimits, problem);
	if (!error) {
		give_streams(user);
		error = privileges_take(start->privileges, start->config, user, problem);
	}
	if (!error)
		error = stay_with_monitor(start, problem);
	if (!error)
		error = enter_directory(start, problem);
	if (!error)
		status = run_program(start, environment.strings, problem);
	string_list_free(&environment);
	return status;
}

int process_start(const struct process_start *start, struct problem *problem)
{
	cleanup_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct user user = { 0 };
	int status = STATUS_NOT_STARTED;
	int error = root < 0 ? problem_set(problem, -errno, "cannot open the container's root: %s",
					   strerror(errno))
			     : 0;

	/* Nothing of the host's gets into the container, whoever left it open (CVE-2024-21626). */
	if (close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return problem_set(problem, STATUS_NOT_STARTED, "cannot close what is open: %s",
				   strerror(errno));
	if (!error)
		error = user_find(root, start->user, &user, problem);
	if (!error)
		error = make_directory(start, root, problem);
	if (!error)
		status = become_and_run(start, &user, problem);
	user_free(&user);
	return status;
}
