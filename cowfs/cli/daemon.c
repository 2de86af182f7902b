/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/daemon.h"

#include "base/cleanup.h"
#include "base/device.h"
#include "cli/say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

/* Descriptors that a caller leaves open are small numbers. */
#define INHERITED_MAX 1024

struct daemon {
	bool foreground;
	int ready_fd; /* write end of the pipe to the parent; -1 once ready */
	int null_fd;
	uint8_t inherited[INHERITED_MAX];
};

static void note_inherited(struct daemon *daemon)
{
	for (int fd = STDERR_FILENO + 1; fd < INHERITED_MAX; fd++)
		daemon->inherited[fd] = fcntl(fd, F_GETFD) >= 0;
}

/* Not before the layers are open: a person may name one as /dev/fd/NUMBER. */
static void close_inherited(const struct daemon *daemon)
{
	for (int fd = STDERR_FILENO + 1; fd < INHERITED_MAX; fd++) {
		if (daemon->inherited[fd])
			(void)close(fd);
	}
}

void daemon_ready(struct daemon *daemon)
{
	const char ready = 1;

	if (daemon->foreground || daemon->ready_fd < 0)
		return;
	(void)fflush(NULL);
	(void)setsid();
	if (chdir("/") < 0)
		say("cannot leave the current directory: %s", strerror(errno));
	close_inherited(daemon);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		(void)dup2(daemon->null_fd, fd);
	if (daemon->null_fd > STDERR_FILENO)
		(void)close(steal_fd(&daemon->null_fd));
	/* Last of all: the parent ends on it. */
	(void)!write(daemon->ready_fd, &ready, sizeof(ready));
	(void)close(steal_fd(&daemon->ready_fd));
}

/* The child's exit status, for it ended before it was ready. */
static int status_of(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR) {
			say("cannot wait for the daemon: %s", strerror(errno));
			return STATUS_FAILED;
		}
	}
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	say("the daemon was killed by signal %d (%s) before the mount was ready", WTERMSIG(status),
	    strsignal(WTERMSIG(status)));
	return STATUS_FAILED;
}

static int wait_until_ready(pid_t child, int fd)
{
	char ready = 0;
	ssize_t length;

	do {
		length = read(fd, &ready, sizeof(ready));
	} while (length < 0 && errno == EINTR);
	return length == sizeof(ready) && ready ? STATUS_OK : status_of(child);
}

static int run_in_background(struct daemon *daemon, daemon_function *function, void *context)
{
	cleanup_fd int read_end = -1, write_end = -1, null_fd = -1;
	int ends[2];
	pid_t child;

	note_inherited(daemon);
	null_fd = device_open("/dev/null", O_RDWR);
	if (null_fd < 0) {
		say("/dev/null: %s", strerror(-null_fd));
		return STATUS_FAILED;
	}
	if (pipe2(ends, O_CLOEXEC) < 0) {
		say("cannot make a pipe: %s", strerror(errno));
		return STATUS_FAILED;
	}
	read_end = ends[0];
	write_end = ends[1];
	(void)fflush(NULL);
	child = fork();
	if (child < 0) {
		say("cannot start the daemon: %s", strerror(errno));
		return STATUS_FAILED;
	}
	if (child > 0) {
		(void)close(steal_fd(&write_end));
		return wait_until_ready(child, read_end);
	}
	(void)close(steal_fd(&read_end));
	daemon->ready_fd = steal_fd(&write_end);
	daemon->null_fd = steal_fd(&null_fd);
	return function(daemon, context);
}

int daemon_run(bool foreground, daemon_function *function, void *context)
{
	struct daemon daemon = { .foreground = foreground, .ready_fd = -1, .null_fd = -1 };

	if (foreground)
		return function(&daemon, context);
	return run_in_background(&daemon, function, context);
}
