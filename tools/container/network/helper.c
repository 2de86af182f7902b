/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/network/helper.h"

#include "base/cleanup.h"
#include "container/process/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#define FIRST_GIVEN 4
#define READY_MS 20000

/* -- in the child -- */

/* Moved out of the way first: one may be where another is to go. */
static int place_descriptors(const struct helper_start *start, int ready, int said)
{
	int moved[HELPER_FDS_MAX];
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int high = FIRST_GIVEN + HELPER_FDS_MAX;
	int input = start->input > 0 ? fcntl(start->input, F_DUPFD_CLOEXEC, high) : null;

	ready = fcntl(ready, F_DUPFD_CLOEXEC, high);
	said = fcntl(said, F_DUPFD_CLOEXEC, high);
	for (size_t i = 0; i < start->given_count; i++)
		moved[i] = fcntl(start->given[i], F_DUPFD_CLOEXEC, high);
	if (dup2(input, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(said, STDERR_FILENO) < 0 || dup2(ready, start->ready) < 0)
		return -errno;
	for (size_t i = 0; i < start->given_count; i++)
		if (dup2(moved[i], FIRST_GIVEN + (int)i) < 0)
			return -errno;
	return close_range(FIRST_GIVEN + (unsigned)start->given_count, ~0U, CLOSE_RANGE_CLOEXEC) < 0
		       ? -errno
		       : 0;
}

static _Noreturn void execute(const struct helper_start *start, pid_t parent, int ready, int said)
{
	sigset_t none;

	if (process_end_with_parent(parent, SIGKILL) < 0 ||
	    place_descriptors(start, ready, said) < 0)
		_exit(1);
	(void)setsid();
	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execvp(start->arguments[0], (char *const *)(uintptr_t)start->arguments);
	(void)!write(STDERR_FILENO, strerror(errno), strlen(strerror(errno)));
	_exit(1);
}

/* -- its parent -- */

static bool wait_until_ready(int ready)
{
	struct pollfd poll_fd = { .fd = ready, .events = POLLIN };
	char bytes[64];
	int found;

	do {
		found = poll(&poll_fd, 1, READY_MS);
	} while (found < 0 && errno == EINTR);
	return found > 0 && read(ready, bytes, sizeof(bytes)) > 0;
}

/* The last line that it said, which tells why it ended; what went before is about what it tried. */
static void read_last_line(int said, struct problem *line)
{
	char text[4096];
	ssize_t length = read(said, text, sizeof(text) - 1);
	const char *begin = text;

	if (length < 0)
		length = 0;
	while (length > 0 && text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	for (const char *c = text; *c; c++)
		if (*c == '\n')
			begin = c + 1;
	(void)problem_set(line, 0, "%s",
			  *begin ? begin : "it ended, or did nothing, without a word");
}

static int make_pipe(int flags, int *ret_read, int *ret_write)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | flags) < 0)
		return -errno;
	*ret_read = ends[0];
	*ret_write = ends[1];
	return 0;
}

int helper_start(const struct helper_start *start, struct helper *ret_helper,
		 struct problem *problem)
{
	cleanup_fd int ready_read = -1, ready_write = -1, said_read = -1, said_write = -1;
	struct helper helper = HELPER_INIT;
	struct problem line = { .text = "" };
	pid_t parent = getpid();
	int error = make_pipe(0, &ready_read, &ready_write);

	/* Nobody reads on, and it must neither wait for that nor end when it says more. */
	if (!error)
		error = make_pipe(O_NONBLOCK, &said_read, &said_write);
	helper.pid = error ? -1 : fork();
	if (helper.pid == 0)
		execute(start, parent, ready_write, said_write);
	if (helper.pid < 0)
		return problem_set(problem, error ? error : -errno, "cannot start %s: %s",
				   start->arguments[0], strerror(error ? -error : errno));
	(void)close(steal_fd(&ready_write));
	(void)close(steal_fd(&said_write));
	helper.said = steal_fd(&said_read);
	if (!wait_until_ready(ready_read)) {
		(void)kill(helper.pid, SIGKILL);
		read_last_line(helper.said, &line);
		helper_stop(&helper);
		return problem_set(problem, -EIO, "%s: %s", start->arguments[0], line.text);
	}
	*ret_helper = helper;
	return 0;
}

void helper_stop(struct helper *helper)
{
	if (helper->pid > 0) {
		(void)kill(helper->pid, SIGKILL);
		while (waitpid(helper->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (helper->said >= 0)
		(void)close(helper->said);
	*helper = HELPER_INIT;
}
