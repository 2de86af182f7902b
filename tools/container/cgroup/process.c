/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of cgroup.h: the processes of a group. */
#include "container/process/process.h"
#include "container/cgroup/cgroup.h"
#include "container/cgroup/file.h"
#include "container/cgroup/tree.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FREEZE_TRIES 1000
#define FREEZE_PAUSE_NANOSECONDS (10 * 1000 * 1000)
/* In version 1 a process that is just being made may keep the group from freezing: ask again. */
#define FREEZE_ASK_AGAIN 5
#define KILL_ROUNDS 5

/* -- coming in -- */

static int add_failed(const struct cgroup_place *place, int error, struct problem *problem)
{
	const char *remedy = "";

	if (error == -EACCES || error == -EPERM)
		remedy =
			"; the group that cowrun was started in must belong to you as well: start it "
			"with 'systemd-run --user --scope --property=Delegate=yes'";
	else if (error == -EBUSY && place->hierarchy->v2)
		remedy = "; a group with other groups in it can have no processes";
	return problem_set(problem, error,
			   "cannot put the container into its control group %s/%s: %s%s",
			   place->hierarchy->mountpoint, place->path, strerror(-error), remedy);
}

int cgroup_add(const struct cgroup *group, pid_t pid, struct problem *problem)
{
	for (size_t i = 0; i < group->count; i++) {
		int result = cgroup_file_write_format(group->places[i].directory, "cgroup.procs",
						      "%d", pid);

		if (result < 0)
			return add_failed(&group->places[i], result, problem);
	}
	return 0;
}

void cgroup_prepare_to_add(const struct cgroup *group)
{
	pid_t parent = getpid(), child = group->count > 0 ? fork() : -1;

	if (child == 0) {
		if (process_end_with_parent(parent, SIGKILL) == 0)
			(void)pause();
		_exit(0);
	}
	if (child < 0)
		return;
	/* The kernel waits (for cgroup_threadgroup_rwsem) only for who exists. */
	(void)cgroup_file_write_format(group->places[0].directory, "cgroup.procs", "%d", child);
	(void)kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

/* -- listing -- */

struct pid_list {
	pid_t *pids;
	size_t count, capacity;
};

static int add_pid(struct pid_list *list, pid_t pid)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 64;
		pid_t *grown = reallocarray(list->pids, capacity, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		list->pids = grown;
		list->capacity = capacity;
	}
	list->pids[list->count++] = pid;
	return 0;
}

static int add_group(void *context, int directory)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int result = cgroup_file_read(directory, "cgroup.procs", &text);

	/* A threaded group of version 2 has its processes counted above. */
	if (result == -EOPNOTSUPP)
		return 0;
	for (char *rest = text.data, *line; result == 0 && (line = strsep(&rest, "\n"));) {
		uint64_t pid;

		/* 0: not of our pid namespace. */
		if (*line && cgroup_text_number(line, &pid) == 0 && pid > 0 && pid <= INT_MAX)
			result = add_pid(context, (pid_t)pid);
	}
	return result;
}

static int compare_pids(const void *a, const void *b)
{
	pid_t left = *(const pid_t *)a, right = *(const pid_t *)b;

	return (left > right) - (left < right);
}

/* Any hierarchy would do; who may write in one may have made groups within, so all are walked. */
static const struct cgroup_place *place_of_processes(const struct cgroup *group)
{
	const struct cgroup_place *place = cgroup_place_v2(group);

	if (!place)
		place = cgroup_place(group, CGROUP_FREEZER);
	return !place && group->count > 0 ? &group->places[0] : place;
}

int cgroup_list(const struct cgroup *group, pid_t **ret_pids, size_t *ret_count)
{
	const struct cgroup_place *place = place_of_processes(group);
	struct pid_list list = { 0 };
	int result = place ? cgroup_tree_each(place->directory, add_group, &list) : 0;

	if (result < 0) {
		free(list.pids);
		return result;
	}
	if (list.count > 0)
		qsort(list.pids, list.count, sizeof(list.pids[0]), compare_pids);
	*ret_pids = list.pids;
	*ret_count = list.count;
	return 0;
}

/* -- freezing -- */

/* Version 2's can still be killed while frozen, so it goes first where both are there. */
static const struct cgroup_place *place_of_freezer(const struct cgroup *group)
{
	const struct cgroup_place *place = cgroup_place_v2(group);

	return place ? place : cgroup_place(group, CGROUP_FREEZER);
}

static int read_frozen(const struct cgroup_place *place, bool *ret_frozen)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	uint64_t frozen = 0;
	int result;

	if (place->hierarchy->v2) {
		result = cgroup_file_read_key(place->directory, "cgroup.events", "frozen", &frozen);
	} else {
		result = cgroup_file_read(place->directory, "freezer.state", &text);
		frozen = strcmp(buffer_string(&text), "FROZEN\n") == 0;
	}
	if (result == 0)
		*ret_frozen = frozen != 0;
	return result;
}

int cgroup_is_frozen(const struct cgroup *group, bool *ret_frozen)
{
	const struct cgroup_place *place = place_of_freezer(group);

	return place ? read_frozen(place, ret_frozen) : -ENOENT;
}

static int ask_to_freeze(const struct cgroup_place *place, bool freeze)
{
	if (place->hierarchy->v2)
		return cgroup_file_write(place->directory, "cgroup.freeze", freeze ? "1" : "0");
	return cgroup_file_write(place->directory, "freezer.state", freeze ? "FROZEN" : "THAWED");
}

static int wait_frozen(const struct cgroup_place *place, bool freeze)
{
	const struct timespec pause = { .tv_nsec = FREEZE_PAUSE_NANOSECONDS };
	bool frozen = !freeze;
	int result = 0;

	for (int tries = 0; tries < FREEZE_TRIES && result == 0; tries++) {
		if (tries == 0 || (!place->hierarchy->v2 && tries % FREEZE_ASK_AGAIN == 0))
			result = ask_to_freeze(place, freeze);
		if (result == 0)
			result = read_frozen(place, &frozen);
		if (result == 0 && frozen == freeze)
			return 0;
		(void)nanosleep(&pause, NULL);
	}
	return result < 0 ? result : -EBUSY;
}

int cgroup_freeze(const struct cgroup *group, bool freeze, struct problem *problem)
{
	const struct cgroup_place *place = place_of_freezer(group);
	const char *what = freeze ? "pause" : "unpause";
	int result = place ? wait_frozen(place, freeze) : -ENOENT;

	if (result == -ENOENT)
		return problem_set(
			problem, -ENOENT,
			"cannot %s the container: it has no control group that can freeze; run "
			"it as root, or where a group of cgroup v2 is delegated to you",
			what);
	if (result == -EBUSY && freeze) {
		(void)ask_to_freeze(place, false);
		return problem_set(
			problem, result,
			"cannot pause the container: a process of it does not stop, perhaps as "
			"it waits for a file system that does not answer");
	}
	if (result < 0)
		return problem_set(problem, result, "cannot %s the container: %s", what,
				   strerror(-result));
	return 0;
}

/* -- killing -- */

static int send_signal(pid_t pid, int signal)
{
	cleanup_fd int process = (int)syscall(SYS_pidfd_open, pid, 0);

	if (process < 0)
		return errno == ESRCH ? 0 : -errno;
	if (syscall(SYS_pidfd_send_signal, process, signal, NULL, 0) < 0 && errno != ESRCH)
		return -errno;
	return 0;
}

/* Frozen processes neither end nor fork, so that the numbers stay theirs. */
static int kill_listed(const struct cgroup *group, int signal, size_t *ret_count)
{
	const struct cgroup_place *freezer = place_of_freezer(group);
	cleanup_free pid_t *pids = NULL;
	bool was_frozen = false;
	int result, sent = 0;

	if (freezer && read_frozen(freezer, &was_frozen) == 0 && !was_frozen)
		(void)ask_to_freeze(freezer, true);
	result = cgroup_list(group, &pids, ret_count);
	for (size_t i = 0; result == 0 && i < *ret_count; i++) {
		int error = send_signal(pids[i], signal);

		if (sent == 0)
			sent = error;
	}
	/* One that was paused stays so, but nothing frozen by version 1 would ever end. */
	if (freezer && (!was_frozen || (signal == SIGKILL && !freezer->hierarchy->v2)))
		(void)ask_to_freeze(freezer, false);
	return result < 0 ? result : sent;
}

int cgroup_kill(const struct cgroup *group, int signal)
{
	const struct cgroup_place *place = cgroup_place_v2(group);
	cleanup_free pid_t *pids = NULL;
	size_t count = 0;
	int result;

	/* Linux 5.14 has it in one. */
	if (signal == SIGKILL && place) {
		result = cgroup_list(group, &pids, &count);
		if (result < 0 || count == 0)
			return result < 0 ? result : -ESRCH;
		result = cgroup_file_write(place->directory, "cgroup.kill", "1");
		if (result != -ENOENT)
			return result;
	}
	result = kill_listed(group, signal, &count);
	if (result < 0)
		return result;
	if (count == 0)
		return -ESRCH;
	/* Those that were not quite frozen when they were listed may have children. */
	for (int round = 1; signal == SIGKILL && round < KILL_ROUNDS && count > 0; round++)
		(void)kill_listed(group, signal, &count);
	return 0;
}
