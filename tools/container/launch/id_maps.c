/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/launch/id_maps.h"

#include "base/cleanup.h"
#include "container/launch/message.h"
#include "container/process/process.h"
#include "container/process/program.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

void id_maps_free(struct id_maps *maps)
{
	string_list_free(&maps->uid);
	string_list_free(&maps->gid);
}

/* -- /etc/subuid -- */

/* A line NAME:FIRST:COUNT of the user's, whose name or number stands in it. */
static bool read_line(const char *line, const char *name, uid_t uid, uint32_t *first,
		      uint32_t *count)
{
	const char *colon = strchr(line, ':');
	char number[16];
	size_t length;

	if (!colon)
		return false;
	length = (size_t)(colon - line);
	(void)snprintf(number, sizeof(number), "%u", uid);
	if (!(name && strlen(name) == length && strncmp(line, name, length) == 0) &&
	    !(strlen(number) == length && strncmp(line, number, length) == 0))
		return false;
	return sscanf(colon + 1, "%" SCNu32 ":%" SCNu32, first, count) == 2 && *count > 0;
}

/* Whether some of these ids have a place already: no id has two. */
static bool overlaps(const struct string_list *map, uint32_t first, uint32_t count)
{
	for (size_t i = 0; i < map->count; i++) {
		uint32_t other, others;

		if (sscanf(map->strings[i], "%*u:%" SCNu32 ":%" SCNu32, &other, &others) == 2 &&
		    first < other + others && other < first + count)
			return true;
	}
	return false;
}

/* 0 is the caller; all the ranges follow each other from 1 on. The number of ranges, or -ENOMEM. */
static int read_ranges(const char *path, const char *name, uid_t uid, uint32_t own,
		       struct string_list *map)
{
	CLEANUP(fclose) FILE *file = fopen(path, "re");
	char line[256];
	uint32_t first, count, inside = 1;
	int found = 0;

	int error = string_list_add_format(map, "0:%" PRIu32 ":1", own);

	while (!error && file && fgets(line, sizeof(line), file)) {
		if (!read_line(line, name, uid, &first, &count) || count > UINT32_MAX - inside ||
		    first > UINT32_MAX - count || overlaps(map, first, count))
			continue;
		error = string_list_add_format(map, "%" PRIu32 ":%" PRIu32 ":%" PRIu32, inside,
					       first, count);
		inside += count;
		found++;
	}
	return error ? error : found;
}

static int make_single(struct id_maps *maps)
{
	id_maps_free(maps);
	maps->single = true;
	if (string_list_add_format(&maps->uid, "0:%u:1", geteuid()) < 0 ||
	    string_list_add_format(&maps->gid, "0:%u:1", getegid()) < 0)
		return -ENOMEM;
	return 0;
}

int id_maps_of_caller(struct id_maps *ret_maps, struct problem *reason)
{
	struct id_maps maps = { 0 };
	const struct passwd *user = getpwuid(geteuid());
	const char *name = user ? user->pw_name : NULL;
	int uids = read_ranges("/etc/subuid", name, geteuid(), geteuid(), &maps.uid);
	int gids =
		uids < 0 ? uids : read_ranges("/etc/subgid", name, geteuid(), getegid(), &maps.gid);
	int error = gids < 0 ? gids : 0;

	if (!error && (uids == 0 || gids == 0)) {
		(void)problem_set(
			reason, 0,
			"no ids are set aside for %s in /etc/subuid and /etc/subgid, so the "
			"container knows only its root; root can add some with usermod "
			"--add-subuids 100000-165535 --add-subgids 100000-165535 %s",
			name ? name : "you", name ? name : "NAME");
		error = make_single(&maps);
	} else if (!error && !program_exists("newuidmap")) {
		(void)problem_set(
			reason, 0,
			"newuidmap is not installed (package uidmap), so the container knows "
			"only its root");
		error = make_single(&maps);
	}
	if (error) {
		id_maps_free(&maps);
		return error;
	}
	*ret_maps = maps;
	return 0;
}

/* -- within -- */

uint32_t id_maps_count(const struct string_list *map)
{
	uint32_t sum = 0, count;

	for (size_t i = 0; i < map->count; i++)
		if (sscanf(map->strings[i], "%*u:%*u:%" SCNu32, &count) == 1)
			sum += count;
	return sum;
}

uint32_t id_maps_outside(const struct string_list *map, uint32_t inside)
{
	uint32_t first, outside, count;

	for (size_t i = 0; i < map->count; i++)
		if (sscanf(map->strings[i], "%" SCNu32 ":%" SCNu32 ":%" SCNu32, &first, &outside,
			   &count) == 3 &&
		    inside >= first && inside - first < count)
			return outside + (inside - first);
	return inside;
}

/*
 * Outside, 0 is the caller and 1 and up are the others. So many others come before the caller's id that each
 * finds its place; those behind it have the numbers that they have outside.
 */
static int keep_one(const struct string_list *outside, uint32_t own, struct string_list *map)
{
	uint32_t others = id_maps_count(outside) - 1;
	int error = 0;

	/* Files are kept under the ids of the outer namespace that have the same numbers as those of the inner. */
	if (own > others)
		return -ERANGE;
	if (own > 0)
		error = string_list_add_format(map, "0:1:%" PRIu32, own);
	if (!error)
		error = string_list_add_format(map, "%" PRIu32 ":0:1", own);
	if (!error && others > own)
		error = string_list_add_format(map, "%" PRIu32 ":%" PRIu32 ":%" PRIu32, own + 1,
					       own + 1, others - own);
	return error;
}

int id_maps_keep_id(const struct id_maps *maps, uid_t uid, gid_t gid, struct id_maps *ret_maps)
{
	struct id_maps inner = { 0 };
	int error = keep_one(&maps->uid, uid, &inner.uid);

	if (!error)
		error = keep_one(&maps->gid, gid, &inner.gid);
	if (error) {
		id_maps_free(&inner);
		return error;
	}
	*ret_maps = inner;
	return 0;
}

/* -- giving them to a namespace -- */

static int write_proc(pid_t pid, const char *name, const char *text)
{
	char path[64];
	cleanup_fd int fd = -1;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

/* The kernel lets anybody map his own id, and root any. */
static int write_map(pid_t pid, const char *name, const struct string_list *map)
{
	char text[4096];
	size_t length = 0;

	for (size_t i = 0; i < map->count; i++) {
		uint32_t inside, outside, count;

		if (sscanf(map->strings[i], "%" SCNu32 ":%" SCNu32 ":%" SCNu32, &inside, &outside,
			   &count) != 3)
			return -EINVAL;
		length += (size_t)snprintf(text + length, sizeof(text) - length,
					   "%" PRIu32 " %" PRIu32 " %" PRIu32 "\n", inside, outside,
					   count);
		if (length >= sizeof(text))
			return -E2BIG;
	}
	return write_proc(pid, name, text);
}

/* newuidmap PID INSIDE OUTSIDE COUNT... */
static int run_helper(const char *helper, pid_t pid, const struct string_list *map,
		      struct problem *problem)
{
	struct string_list arguments = STRING_LIST_INIT;
	struct problem said = { .text = "" };
	int error = string_list_add(&arguments, helper);

	if (!error)
		error = string_list_add_format(&arguments, "%d", pid);
	for (size_t i = 0; !error && i < map->count; i++) {
		char inside[16], outside[16], count[16];

		if (sscanf(map->strings[i], "%15[0-9]:%15[0-9]:%15[0-9]", inside, outside, count) !=
		    3)
			error = -EINVAL;
		if (!error)
			error = string_list_add(&arguments, inside);
		if (!error)
			error = string_list_add(&arguments, outside);
		if (!error)
			error = string_list_add(&arguments, count);
	}
	if (!error)
		error = program_run(arguments.strings, &said);
	string_list_free(&arguments);
	if (error)
		return problem_set(problem, error, "cannot give the container its ids: %s",
				   said.text[0] ? said.text : strerror(-error));
	return 0;
}

struct id_maps container_id_maps(const struct container *container)
{
	return (struct id_maps){
		.uid = container->config.uid_map,
		.gid = container->config.gid_map,
		.single = container->config.single_id,
	};
}

struct id_maps container_inner_id_maps(const struct container *container)
{
	return (struct id_maps){
		.uid = container->config.inner_uid_map,
		.gid = container->config.inner_gid_map,
	};
}

int id_maps_apply(const struct id_maps *maps, pid_t pid, struct problem *problem)
{
	int error;

	if (!maps->single && geteuid() != 0) {
		error = run_helper("newuidmap", pid, &maps->uid, problem);
		return error ? error : run_helper("newgidmap", pid, &maps->gid, problem);
	}
	error = maps->single ? write_proc(pid, "setgroups", "deny") : 0;
	if (!error)
		error = write_map(pid, "uid_map", &maps->uid);
	if (!error)
		error = write_map(pid, "gid_map", &maps->gid);
	if (error)
		return problem_set(problem, error, "cannot give the container its ids: %s",
				   strerror(-error));
	return 0;
}

int id_maps_become_root(const struct id_maps *maps)
{
	if (!maps->single && setgroups(0, NULL) < 0)
		return -errno;
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return -errno;
	return 0;
}

/* -- running something there -- */

/* Of the process that id_maps_run() makes; the answer goes back as a message. */
static void run_inside(pid_t parent, int socket, const struct id_maps *maps,
		       id_maps_function *function, void *context)
{
	struct message message = { .kind = MESSAGE_READY };
	struct problem problem = { .text = "" };
	int result;

	if (unshare(CLONE_NEWUSER) < 0)
		message.value = -errno;
	result = message_send(socket, &message, -1);
	if (result == 0)
		result = message_receive(socket, &message, NULL);
	if (result == 0)
		result = message.value;
	if (result == 0)
		result = id_maps_become_root(maps);
	if (result == 0)
		result = process_end_with_parent(parent, SIGKILL);
	if (result == 0)
		result = function(context, &problem);
	else
		(void)problem_set(&problem, result, "cannot enter a user namespace: %s",
				  strerror(-result));
	message = (struct message){ .kind = MESSAGE_DONE, .value = result };
	memcpy(message.text, problem.text, sizeof(message.text));
	(void)message_send(socket, &message, -1);
	_exit(0);
}

static int no_user_namespace(int error, struct problem *problem)
{
	return problem_set(
		problem, error,
		"cannot make a user namespace: %s; the system may forbid them to ordinary "
		"users (sysctl user.max_user_namespaces, "
		"kernel.unprivileged_userns_clone)",
		strerror(-error));
}

/* The parent's part. */
static int direct(int socket, const struct id_maps *maps, pid_t child, struct problem *problem)
{
	struct message message;
	int error = message_receive(socket, &message, NULL);

	if (!error && message.value < 0)
		return no_user_namespace(message.value, problem);
	if (!error) {
		message = (struct message){ .kind = MESSAGE_GO };
		error = id_maps_apply(maps, child, problem);
		if (error)
			return error;
		error = message_send(socket, &message, -1);
	}
	if (!error)
		error = message_receive(socket, &message, NULL);
	if (error)
		return problem_set(problem, error, "a process in a user namespace was lost");
	if (message.value < 0)
		(void)problem_set(problem, message.value, "%s", message.text);
	return message.value;
}

int id_maps_run(const struct id_maps *maps, id_maps_function *function, void *context,
		struct problem *problem)
{
	cleanup_fd int ours = -1, theirs = -1;
	int result = message_pair(&ours, &theirs);
	pid_t parent = getpid(), child;

	if (result)
		return problem_set(problem, result, "cannot make a socket: %s", strerror(-result));
	child = fork();
	if (child < 0)
		return problem_set(problem, -errno, "cannot start a process: %s", strerror(errno));
	if (child == 0) {
		(void)close(steal_fd(&ours));
		run_inside(parent, theirs, maps, function, context);
	}
	(void)close(steal_fd(&theirs));
	result = direct(ours, maps, child, problem);
	(void)close(steal_fd(&ours));
	(void)waitpid(child, NULL, 0);
	return result;
}

int id_maps_run_shared(const struct id_maps *maps, id_maps_function *function, void *context,
		       size_t size, struct problem *problem)
{
	void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int result;

	if (shared == MAP_FAILED)
		return problem_set(problem, -errno, "out of memory");
	memcpy(shared, context, size);
	result = id_maps_run(maps, function, shared, problem);
	memcpy(context, shared, size);
	(void)munmap(shared, size);
	return result;
}
