/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/input_file.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void input_file_close(struct input_file *input)
{
	if (input->fd >= 0)
		(void)close(steal_fd(&input->fd));
	free(steal_pointer(&input->directory));
}

static int open_any(const char *name, struct problem *problem)
{
	int fd;

	if (strcmp(name, "-") != 0) {
		fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		return fd < 0 ? problem_set(problem, -errno, "%s: %s", name, strerror(errno)) : fd;
	}
	if (isatty(STDIN_FILENO))
		return problem_set(problem, -EINVAL,
				   "standard input is a terminal; name a file, or send one with <");
	fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return fd < 0 ? problem_set(problem, -errno, "standard input: %s", strerror(errno)) : fd;
}

static int describe(struct input_file *input, const char *name, struct problem *problem)
{
	struct stat status;

	if (fstat(input->fd, &status) < 0)
		return problem_set(problem, -errno, "%s: %s", input->name, strerror(errno));
	input->changed = status.st_mtim;
	if (S_ISDIR(status.st_mode)) {
		input->directory = realpath(name, NULL);
		if (!input->directory)
			return problem_set(problem, -errno, "%s: %s", name, strerror(errno));
	} else if (S_ISREG(status.st_mode)) {
		input->size = (uint64_t)status.st_size;
	} else {
		(void)clock_gettime(CLOCK_REALTIME, &input->changed);
	}
	return 0;
}

int input_file_open(const char *name, struct input_file *ret_input, struct problem *problem)
{
	struct input_file input = INPUT_FILE_INIT;
	int error;

	input.name = strcmp(name, "-") == 0 ? "standard input" : name;
	input.fd = open_any(name, problem);
	error = input.fd < 0 ? input.fd : describe(&input, name, problem);
	if (error)
		input_file_close(&input);
	else
		*ret_input = input;
	return error;
}
