/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/network/cni.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file_data.h"
#include "base/string_list.h"
#include "container/process/environment.h"
#include "oci/json_get.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define DEFAULT_PATH "/opt/cni/bin:/usr/lib/cni:/usr/libexec/cni"
#define ANSWER_MAX ((size_t)1024 * 1024)
#define INTERFACE "eth0"

static const char *directories(void)
{
	const char *said = getenv("CNI_PATH");

	return said && *said ? said : DEFAULT_PATH;
}

static bool find(const char *plugin, char path[PATH_MAX])
{
	for (const char *at = directories(); *at;) {
		size_t length = strcspn(at, ":");

		if (length > 0 &&
		    snprintf(path, PATH_MAX, "%.*s/%s", (int)length, at, plugin) < PATH_MAX &&
		    access(path, X_OK) == 0)
			return true;
		at += length + (at[length] == ':');
	}
	return false;
}

bool cni_has(const char *plugin)
{
	char path[PATH_MAX];

	return find(plugin, path);
}

/* -- running one -- */

static int set(struct string_list *environment, const char *name, const char *value)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int error = buffer_append_format(&text, "%s=%s", name, value);

	return error ? error : environment_set(environment, buffer_string(&text));
}

static int make_environment(const struct cni_call *call, struct string_list *environment)
{
	int error = 0;

	for (char **variable = environ; !error && *variable; variable++)
		error = string_list_add(environment, *variable);
	if (!error)
		error = set(environment, "CNI_COMMAND", call->command);
	if (!error)
		error = set(environment, "CNI_CONTAINERID", call->container);
	if (!error)
		error = set(environment, "CNI_NETNS", call->namespace);
	if (!error)
		error = set(environment, "CNI_IFNAME", INTERFACE);
	return error ? error : set(environment, "CNI_PATH", directories());
}

/* A file in memory with this content, to be read from its beginning; or -errno. */
static int make_input(const char *text)
{
	cleanup_fd int fd = memfd_create("cni", MFD_CLOEXEC);
	int error = fd < 0 ? -errno : file_write_all(fd, text, strlen(text));

	if (!error && lseek(fd, 0, SEEK_SET) < 0)
		error = -errno;
	return error ? error : steal_fd(&fd);
}

static int spawn(const char *path, int input, int output, char *const *environment, pid_t *ret_pid)
{
	char *const arguments[] = { (char *)(uintptr_t)path, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t all;
	int error = posix_spawn_file_actions_init(&actions);

	if (error)
		return -error;
	error = posix_spawnattr_init(&attributes);
	if (error) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return -error;
	}
	/* Among what the monitor ignores there is what its plugins need, as SIGPIPE. */
	(void)sigfillset(&all);
	(void)posix_spawnattr_setsigdefault(&attributes, &all);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	error = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	if (!error)
		error = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (!error)
		error = posix_spawn(ret_pid, path, &actions, &attributes, arguments, environment);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -error;
}

/* What it said, and how it ended. */
static int execute(const char *path, const char *text, char *const *environment,
		   struct buffer *answer, int *ret_status)
{
	cleanup_fd int input = make_input(text), read_end = -1, write_end = -1;
	int ends[2], error;
	pid_t pid;

	if (input < 0)
		return input;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	read_end = ends[0];
	write_end = ends[1];
	error = spawn(path, input, write_end, environment, &pid);
	if (error)
		return error;
	(void)close(steal_fd(&write_end));
	error = file_read_all(read_end, ANSWER_MAX, answer);
	(void)close(steal_fd(&read_end));
	while (waitpid(pid, ret_status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return error;
}

/* -- its answer -- */

/* {"code": 11, "msg": "...", "details": "..."} */
static int refused(const struct cni_call *call, json_object *answer, struct problem *problem)
{
	const char *message = "it failed without a word", *details = "";
	const struct json_reader reader = { .object = answer,
					    .document = call->plugin,
					    .within = "" };

	if (answer) {
		(void)json_get_string(&reader, "msg", &message);
		(void)json_get_string(&reader, "details", &details);
	}
	return problem_set(problem, -EIO, "CNI plugin %s: %s%s%s", call->plugin, message,
			   *details ? ": " : "", details);
}

int cni_run(const struct cni_call *call, json_object **ret_result, struct problem *problem)
{
	struct string_list environment = STRING_LIST_INIT;
	CLEANUP(json_put) json_object *result = NULL;
	cleanup_buffer struct buffer answer = BUFFER_INIT;
	char path[PATH_MAX];
	int status = 0, error;

	if (!find(call->plugin, path))
		return problem_set(problem, -ENOENT,
				   "there is no CNI plugin %s in %s; install the package "
				   "containernetworking-plugins",
				   call->plugin, directories());
	error = make_environment(call, &environment);
	if (!error)
		error = execute(path, json_object_to_json_string(call->network),
				environment.strings, &answer, &status);
	string_list_free(&environment);
	if (error)
		return problem_set(problem, error, "CNI plugin %s: %s", call->plugin,
				   strerror(-error));
	if (answer.length > 0 &&
	    json_parse_document(buffer_string(&answer), answer.length, json_type_object,
				call->plugin, &result, NULL) < 0)
		result = NULL;
	if (status != 0)
		return refused(call, result, problem);
	*ret_result = steal_pointer(&result);
	return 0;
}
