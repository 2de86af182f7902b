/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/output_file.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "base/remove_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int failed(const char *path, int error, struct problem *problem)
{
	return problem_set(problem, error, "%s: %s", path, strerror(-error));
}

static int open_standard_output(struct output_file *output, struct problem *problem)
{
	if (isatty(STDOUT_FILENO))
		return problem_set(problem, -EINVAL,
				   "standard output is a terminal; name a file with -o, or send it "
				   "to one with >");
	output->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return output->fd < 0 ? failed("standard output", -errno, problem) : 0;
}

static mode_t current_mask(void)
{
	mode_t mask = umask(0);

	(void)umask(mask);
	return mask;
}

static int open_temporary(struct output_file *output, struct problem *problem)
{
	if (asprintf(&output->temporary, "%s.XXXXXX", output->path) < 0) {
		output->temporary = NULL;
		return failed(output->path, -ENOMEM, problem);
	}
	output->fd = mkostemp(output->temporary, O_CLOEXEC);
	if (output->fd < 0) {
		free(steal_pointer(&output->temporary));
		return failed(output->path, -errno, problem);
	}
	(void)fchmod(output->fd, 0666 & ~current_mask());
	return 0;
}

int output_file_open(const char *path, struct output_file *ret_output, struct problem *problem)
{
	struct output_file output = { .fd = -1, .path = path };
	struct stat status;
	int error = 0;

	if (!path) {
		error = open_standard_output(&output, problem);
	} else if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
		output.fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		if (output.fd < 0)
			error = failed(path, -errno, problem);
	} else {
		error = open_temporary(&output, problem);
	}
	if (!error)
		*ret_output = output;
	return error;
}

int output_file_finish(struct output_file *output, struct problem *problem)
{
	if (output->temporary) {
		if (fsync(output->fd) < 0 || rename(output->temporary, output->path) < 0)
			return failed(output->path, -errno, problem);
		free(steal_pointer(&output->temporary));
	}
	if (close(steal_fd(&output->fd)) < 0)
		return failed(output->path ? output->path : "standard output", -errno, problem);
	return 0;
}

void output_file_close(struct output_file *output)
{
	if (output->temporary)
		(void)unlink(output->temporary);
	free(steal_pointer(&output->temporary));
	if (output->fd >= 0)
		(void)close(steal_fd(&output->fd));
}

/* -- directories -- */

static void remove_directory(char *path)
{
	char *slash = strrchr(path, '/');
	cleanup_fd int parent = -1;

	if (slash)
		*slash = '\0';
	parent = confined_open_root(!slash ? "." : slash == path ? "/" : path);
	if (parent >= 0)
		(void)remove_tree(parent, slash ? slash + 1 : path);
}

void output_directory_close(struct output_directory *output)
{
	if (output->temporary)
		remove_directory(output->temporary);
	free(steal_pointer(&output->temporary));
	if (output->fd >= 0)
		(void)close(steal_fd(&output->fd));
}

static int check_is_free(const char *path, struct problem *problem)
{
	CLEANUP(closedir) DIR *stream = opendir(path);
	const struct dirent *entry;

	if (!stream)
		return errno == ENOENT ? 0 : failed(path, -errno, problem);
	while ((entry = readdir(stream)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return problem_set(problem, -ENOTEMPTY,
					   "%s is not empty; name a new directory", path);
	return 0;
}

/* A directory beside the path. */
static int make_temporary(struct output_directory *output, struct problem *problem)
{
	const char *path = output->path;
	size_t length = strlen(path);
	int error;

	while (length > 1 && path[length - 1] == '/')
		length--;
	if (asprintf(&output->temporary, "%.*s.XXXXXX", (int)length, path) < 0) {
		output->temporary = NULL;
		return failed(path, -ENOMEM, problem);
	}
	if (!mkdtemp(output->temporary)) {
		error = -errno;
		free(steal_pointer(&output->temporary));
		return failed(path, error, problem);
	}
	output->fd = open(output->temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (output->fd < 0)
		return failed(path, -errno, problem);
	(void)fchmod(output->fd, 0777 & ~current_mask());
	return 0;
}

int output_directory_open(const char *path, struct output_directory *ret_output,
			  struct problem *problem)
{
	struct output_directory output = { .fd = -1, .path = path };
	int error = check_is_free(path, problem);

	if (!error)
		error = make_temporary(&output, problem);
	if (error)
		output_directory_close(&output);
	else
		*ret_output = output;
	return error;
}

int output_directory_finish(struct output_directory *output, struct problem *problem)
{
	if (fsync(output->fd) < 0 || rename(output->temporary, output->path) < 0)
		return failed(output->path, -errno, problem);
	free(steal_pointer(&output->temporary));
	return 0;
}
