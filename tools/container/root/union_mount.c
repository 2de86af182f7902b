/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/root/union_mount.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "container/process/own_programs.h"
#include "container/process/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

/* -- its arguments -- */

static int append_escaped(struct buffer *options, const char *path)
{
	int error = 0;

	for (const char *c = path; *c && !error; c++) {
		if (strchr(",:\\", *c))
			error = buffer_append(options, "\\", 1);
		if (!error)
			error = buffer_append(options, c, 1);
	}
	return error;
}

static int append_lowers(struct buffer *options, const struct union_layers *layers)
{
	int error = buffer_append_string(options, "lowerdir=");

	if (!error && layers->init)
		error = append_escaped(options, layers->init);
	for (size_t i = 0; !error && i < layers->lowers->count; i++) {
		if (i > 0 || layers->init)
			error = buffer_append_string(options, ":");
		if (!error)
			error = append_escaped(options, layers->lowers->strings[i]);
	}
	return error;
}

static int append_map(struct buffer *options, const char *name, const struct string_list *map)
{
	int error = 0;

	for (size_t i = 0; !error && map && i < map->count; i++)
		error = buffer_append_format(options, "%s%s", i ? ":" : name, map->strings[i]);
	return error;
}

static int make_options(const struct union_layers *layers, struct buffer *options)
{
	int error = append_lowers(options, layers);

	if (!error)
		error = buffer_append_string(options, ",upperdir=");
	if (!error)
		error = append_escaped(options, layers->upper);
	/* The kernel lets nobody touch a file whose owner the namespace does not have, so all are root's. */
	if (!error && layers->single_id)
		error = buffer_append_string(options, ",xattr_permissions=2,squash_to_root");
	if (!error)
		error = append_map(options, ",uidmapping=", layers->uid_map);
	if (!error)
		error = append_map(options, ",gidmapping=", layers->gid_map);
	return error;
}

/* -- running it -- */

/* In the child. It keeps nothing of ours but the two pipes. */
static void execute(const char *options, const char *mountpoint, pid_t parent, int output,
		    int errors)
{
	const char *program = own_program_cowfs();
	const char *const arguments[] = {
		"cowfs", "mount", "-f", "-v", "-o", options, mountpoint, NULL,
	};
	char text[PATH_MAX];
	sigset_t none;
	int null = open("/dev/null", O_RDONLY);

	/* It ends with whoever started it, in order: it writes what is left to be written first. */
	if (process_end_with_parent(parent, SIGTERM) < 0)
		_exit(1);
	(void)setsid();
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
	    dup2(errors, STDERR_FILENO) < 0)
		_exit(1);
	(void)close_range(STDERR_FILENO + 1, ~0U, 0);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execv(program, (char *const *)(uintptr_t)arguments);
	(void)snprintf(text, sizeof(text), "%s: %s\n", program, strerror(errno));
	(void)!write(STDERR_FILENO, text, strlen(text));
	_exit(1);
}

/*
 * With -v it says what was agreed with the kernel as soon as the union can be used. True when it did;
 * false when it ended, with what it said on the other pipe in said.
 */
static bool wait_until_ready(int output, int errors, struct problem *said)
{
	char text[512];
	size_t length = 0;
	ssize_t got;

	do {
		got = read(output, text, sizeof(text));
	} while (got < 0 && errno == EINTR);
	if (got > 0)
		return true;
	while (length < sizeof(said->text) - 1 &&
	       (got = read(errors, said->text + length, sizeof(said->text) - 1 - length)) > 0)
		length += (size_t)got;
	said->text[length] = '\0';
	said->text[strcspn(said->text, "\n")] = '\0';
	return false;
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

int union_mount_start(const struct union_layers *layers, const char *mountpoint, pid_t *ret_daemon,
		      struct problem *problem)
{
	cleanup_buffer struct buffer options = BUFFER_INIT;
	cleanup_fd int output_read = -1, output_write = -1, errors_read = -1, errors_write = -1;
	struct problem said = { .text = "" };
	pid_t daemon, parent = getpid();
	int error = make_options(layers, &options);

	if (!error)
		error = make_pipe(&output_read, &output_write);
	if (!error)
		error = make_pipe(&errors_read, &errors_write);
	if (error)
		return problem_set(problem, error, "cannot start cowfs: %s", strerror(-error));
	daemon = fork();
	if (daemon < 0)
		return problem_set(problem, -errno, "cannot start cowfs: %s", strerror(errno));
	if (daemon == 0)
		execute(buffer_string(&options), mountpoint, parent, output_write, errors_write);
	(void)close(steal_fd(&output_write));
	(void)close(steal_fd(&errors_write));
	if (layers->meanwhile)
		layers->meanwhile(layers->context);
	if (wait_until_ready(output_read, errors_read, &said)) {
		*ret_daemon = daemon;
		return 0;
	}
	(void)waitpid(daemon, NULL, 0);
	return problem_set(problem, -EIO, "cannot mount the container's root: %s",
			   said.text[0] ? said.text : "cowfs ended without a word");
}
