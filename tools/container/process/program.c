/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/process/program.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

bool program_exists(const char *name)
{
	const char *directories = getenv("PATH");

	for (const char *at = directories ? directories : "/usr/bin:/bin"; *at;) {
		size_t length = strcspn(at, ":");
		char path[PATH_MAX];

		if (length > 0 &&
		    snprintf(path, sizeof(path), "%.*s/%s", (int)length, at, name) < PATH_MAX &&
		    access(path, X_OK) == 0)
			return true;
		at += length + (at[length] == ':');
	}
	return false;
}

/* Keeps the end of what comes, without the last newline. */
static void read_said(int fd, struct problem *said)
{
	size_t length = 0;
	ssize_t got;

	while ((got = read(fd, said->text + length, sizeof(said->text) - 1 - length)) != 0) {
		if (got < 0 && errno != EINTR)
			break;
		length += got > 0 ? (size_t)got : 0;
		if (length == sizeof(said->text) - 1)
			length = 0;
	}
	said->text[length] = '\0';
	while (length > 0 && said->text[length - 1] == '\n')
		said->text[--length] = '\0';
}

static int spawn(char *const *arguments, int errors, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	int error = posix_spawn_file_actions_init(&actions);

	if (error)
		return -error;
	error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_adddup2(&actions, errors, STDOUT_FILENO);
	if (!error)
		error = posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
	if (!error)
		error = posix_spawnp(ret_pid, arguments[0], &actions, NULL, arguments, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -error;
}

int program_run(char *const *arguments, struct problem *said)
{
	cleanup_fd int read_end = -1, write_end = -1;
	int ends[2], status, error;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	read_end = ends[0];
	write_end = ends[1];
	error = spawn(arguments, write_end, &pid);
	if (error)
		return error;
	(void)close(steal_fd(&write_end));
	read_said(read_end, said);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}
