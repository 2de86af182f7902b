/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "archive/copy.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

/* The half that runs in a thread of its own, and writes to a pipe. */
struct writing {
	const struct layer_commit_options *options;
	int fd; /* owned */
	struct layer_commit_result result;
	struct problem problem, warning;
	int error;
};

static void *write_layers(void *context)
{
	struct writing *writing = context;
	sigset_t signals;

	/* Whoever reads may give up: then writing fails, and the signal for that goes with the thread. */
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
	writing->error = layer_commit(writing->options, writing->fd, &writing->result,
				      &writing->problem, &writing->warning);
	(void)close(steal_fd(&writing->fd));
	return NULL;
}

static int unpack(int *fd, const struct layer_apply_options *to, struct layer_apply_result *result,
		  struct problem *problem, struct problem *warning)
{
	const struct apply_source source = { .fd = *fd, .name = "the layer" };
	int error = layer_apply(&source, to, result, problem, warning);

	/* Before the thread is waited for, which may still have much to write. */
	(void)close(steal_fd(fd));
	return error;
}

int layer_copy(const struct layer_commit_options *from, const struct layer_apply_options *to,
	       uint64_t *ret_left_out, struct problem *problem, struct problem *warning)
{
	struct writing writing = { .options = from, .fd = -1 };
	struct layer_apply_result result;
	cleanup_fd int reading = -1;
	pthread_t thread;
	int fds[2], error;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return problem_set(problem, -errno, "%s", strerror(errno));
	reading = fds[0];
	writing.fd = fds[1];
	error = -pthread_create(&thread, NULL, write_layers, &writing);
	if (error) {
		(void)close(writing.fd);
		return problem_set(problem, error, "%s", strerror(-error));
	}
	error = unpack(&reading, to, &result, problem, warning);
	(void)pthread_join(thread, NULL);
	/* What could not be written could not be read to its end. */
	if (writing.error && writing.error != -EPIPE)
		return problem_set(problem, writing.error, "%s", writing.problem.text);
	if (error)
		return error;
	if (result.left_out == 0)
		(void)problem_set(warning, 0, "%s", writing.warning.text);
	*ret_left_out = result.left_out + writing.result.left_out;
	return 0;
}
