/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/process/child_streams.h"

#include "base/cleanup.h"
#include "container/launch/message.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define STATUS_NOT_STARTED 125

void child_streams_close(struct child_streams *streams)
{
	int *fds[] = { &streams->master,   &streams->input,	&streams->output,
		       &streams->errors,   &streams->theirs[0], &streams->theirs[1],
		       &streams->theirs[2] };

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (*fds[i] >= 0)
			(void)close(steal_fd(fds[i]));
}

static int make_pipe(int *ret_read, int *ret_write)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	*ret_read = ends[0];
	*ret_write = ends[1];
	return 0;
}

static int make_pipes(struct child_streams *streams, bool input)
{
	int error = make_pipe(&streams->output, &streams->theirs[STDOUT_FILENO]);

	if (!error)
		error = make_pipe(&streams->errors, &streams->theirs[STDERR_FILENO]);
	if (!error && input)
		error = make_pipe(&streams->theirs[STDIN_FILENO], &streams->input);
	if (!error && !input) {
		streams->theirs[STDIN_FILENO] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		error = streams->theirs[STDIN_FILENO] < 0 ? -errno : 0;
	}
	return error;
}

int child_streams_make(bool terminal, bool input, struct child_streams *ret_streams,
		       struct problem *problem)
{
	struct child_streams streams = CHILD_STREAMS_INIT;
	int error = terminal ? 0 : make_pipes(&streams, input);

	if (error) {
		child_streams_close(&streams);
		return problem_set(problem, error, "cannot make the standard streams: %s",
				   strerror(-error));
	}
	*ret_streams = streams;
	return 0;
}

void child_streams_give(const struct child_streams *streams, uid_t uid, gid_t gid)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		struct stat status;

		if (streams->theirs[fd] >= 0 && fstat(streams->theirs[fd], &status) == 0 &&
		    S_ISFIFO(status.st_mode))
			(void)fchown(streams->theirs[fd], uid, gid);
	}
}

int child_streams_take(const int theirs[3], struct problem *problem)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (dup2(theirs[fd], fd) < 0)
			return problem_set(problem, -errno,
					   "cannot connect the standard streams: %s",
					   strerror(errno));
	return 0;
}

int child_streams_await_program(struct child_streams *streams, int socket, struct problem *problem)
{
	struct message message;
	bool ready = false;
	int fd, error;

	while ((error = message_receive(socket, &message, &fd)) == 0) {
		if (message.kind == MESSAGE_CONSOLE && streams->master < 0) {
			streams->master = fd;
			continue;
		}
		if (fd >= 0)
			(void)close(fd);
		if (message.kind == MESSAGE_DONE) {
			(void)problem_set(problem, -EIO, "%s", message.text);
			return message.status;
		}
		ready = ready || message.kind == MESSAGE_READY;
	}
	/* The socket is closed on exec: that is how the program's start shows. */
	if (error == -ECONNRESET && ready)
		return 0;
	(void)problem_set(problem, error, "the process was killed before it ran its program");
	return STATUS_NOT_STARTED;
}
