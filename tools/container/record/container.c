/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of container.h: finding, reading and locking. */
#include "container/record/container.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "container/cgroup/container_group.h"
#include "container/event/noted.h"
#include "container/network/network.h"
#include "container/process/process.h"
#include "container/record/json_file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

void container_close(struct container *container)
{
	config_free(&container->config);
	state_free(&container->state);
	if (container->fd >= 0)
		(void)close(steal_fd(&container->fd));
	if (container->run_fd >= 0)
		(void)close(steal_fd(&container->run_fd));
	container->locked = false;
}

bool container_name_is_valid(const char *name)
{
	if (!isalnum((unsigned char)name[0]))
		return false;
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("_.-", *c))
			return false;
	return strlen(name) <= NAME_MAX;
}

static bool is_id(const char *name)
{
	return strlen(name) == CONTAINER_ID_LENGTH &&
	       strspn(name, "0123456789abcdef") == CONTAINER_ID_LENGTH;
}

/* -- reading -- */

static int read_structure(int directory, const char *name, const struct field_table *table,
			  void *structure)
{
	CLEANUP(json_put) json_object *object = NULL;
	int error = json_file_read(directory, name, &object);

	return error ? error : fields_from_json(table, object, structure);
}

int container_read_state(struct container *container)
{
	struct container_state state = { 0 };
	int error = read_structure(container->fd, "state.json", &container_state_table, &state);

	if (error) {
		state_free(&state);
		return error;
	}
	state_free(&container->state);
	container->state = state;
	return 0;
}

/* Whether the directory is still the container's. */
static bool is_in_place(const struct container *container)
{
	struct stat ours, there;

	return fstat(container->fd, &ours) == 0 &&
	       fstatat(container->place->containers_fd, container->id, &there,
		       AT_SYMLINK_NOFOLLOW) == 0 &&
	       ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

/* One whose files are missing may just be removed by somebody. */
static int unreadable(const struct container *container, int error, struct problem *problem)
{
	if (error == -ENOMEM)
		return problem_set(problem, error, "out of memory");
	if (error == -ENOENT && !is_in_place(container))
		return problem_set(problem, error, "container %.12s: it has just been removed",
				   container->id);
	return problem_set(problem, -EBADMSG,
			   "container %.12s: its records in %s/containers are damaged (%s); remove "
			   "it with cowrun rm -f",
			   container->id, container->place->data, strerror(-error));
}

static int open_directory(const struct place *place, const char *id, struct container *container,
			  struct problem *problem)
{
	container->place = place;
	(void)snprintf(container->id, sizeof(container->id), "%s", id);
	container->fd = confined_open(place->containers_fd, id, O_RDONLY | O_DIRECTORY, 0);
	if (container->fd >= 0)
		return 0;
	return problem_set(problem, container->fd, "container %s: %s", id,
			   container->fd == -ENOENT ? "there is none with this name or id"
						    : strerror(-container->fd));
}

int container_open(const struct place *place, const char *id, struct container *ret_container,
		   struct problem *problem)
{
	cleanup_container struct container container = CONTAINER_INIT;
	int error = open_directory(place, id, &container, problem);

	if (error)
		return error;
	error = read_structure(container.fd, "config.json", &container_config_table,
			       &container.config);
	if (!error)
		error = container_read_state(&container);
	if (error)
		return unreadable(&container, error, problem);
	*ret_container = container;
	container = CONTAINER_INIT;
	return 0;
}

int container_reload_config(struct container *container, struct problem *problem)
{
	struct container_config config = { 0 };
	int error = read_structure(container->fd, "config.json", &container_config_table, &config);

	if (error) {
		config_free(&config);
		return unreadable(container, error, problem);
	}
	config_free(&container->config);
	container->config = config;
	return 0;
}

int container_list(const struct place *place, struct string_list *ids, struct problem *problem)
{
	CLEANUP(closedir) DIR *stream = NULL;
	const struct dirent *entry;
	int error = confined_open_stream(place->containers_fd, NULL, &stream);

	while (!error && (entry = readdir(stream)))
		if (is_id(entry->d_name))
			error = string_list_add(ids, entry->d_name);
	if (error)
		return problem_set(problem, error, "%s/containers: %s", place->data,
				   strerror(-error));
	return 0;
}

/* -- finding -- */

static int find_by_name(const struct place *place, const char *name,
			char id[CONTAINER_ID_LENGTH + 1])
{
	char target[CONTAINER_ID_LENGTH + 2];
	ssize_t length;

	if (!container_name_is_valid(name))
		return -ENOENT;
	length = readlinkat(place->names_fd, name, target, sizeof(target) - 1);
	if (length < 0)
		return -errno;
	target[length] = '\0';
	if (!is_id(target) || faccessat(place->containers_fd, target, F_OK, 0) < 0)
		return -ENOENT;
	memcpy(id, target, CONTAINER_ID_LENGTH + 1);
	return 0;
}

static int find_by_id(const struct place *place, const char *start,
		      char id[CONTAINER_ID_LENGTH + 1], struct problem *problem)
{
	struct string_list ids = STRING_LIST_INIT;
	size_t found = 0;
	int error = container_list(place, &ids, problem);

	for (size_t i = 0; !error && i < ids.count; i++) {
		if (strncmp(ids.strings[i], start, strlen(start)) != 0)
			continue;
		memcpy(id, ids.strings[i], CONTAINER_ID_LENGTH + 1);
		found++;
	}
	string_list_free(&ids);
	if (error)
		return error;
	if (found > 1)
		return problem_set(problem, -EINVAL,
				   "container %s: %zu ids begin so; give more of it", start, found);
	return found ? 0
		     : problem_set(problem, -ENOENT,
				   "container %s: there is none with this name or id", start);
}

static int find(const struct place *place, const char *name, char id[CONTAINER_ID_LENGTH + 1],
		struct problem *problem)
{
	int error = find_by_name(place, name, id);

	if (error == -ENOENT && name[0])
		return find_by_id(place, name, id, problem);
	return error ? problem_set(problem, error, "container %s: %s", name, strerror(-error)) : 0;
}

int container_find(const struct place *place, const char *name, struct container *ret_container,
		   struct problem *problem)
{
	char id[CONTAINER_ID_LENGTH + 1];
	int error = find(place, name, id, problem);

	return error ? error : container_open(place, id, ret_container, problem);
}

int container_find_damaged(const struct place *place, const char *name,
			   struct container *ret_container, struct problem *problem)
{
	cleanup_container struct container container = CONTAINER_INIT;
	char id[CONTAINER_ID_LENGTH + 1];
	int error = find(place, name, id, problem);

	if (!error)
		error = open_directory(place, id, &container, problem);
	if (error)
		return error;
	container.damaged = true;
	/* What is known all the same. */
	if (container_reload_config(&container, NULL) < 0 &&
	    state_set_text(&container.config.name, id) < 0)
		return problem_set(problem, -ENOMEM, "out of memory");
	(void)container_read_state(&container);
	*ret_container = container;
	container = CONTAINER_INIT;
	return 0;
}

/* -- locking -- */

int container_lock(struct container *container, struct problem *problem)
{
	int error;

	while (flock(container->fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return problem_set(problem, -errno, "container %.12s: cannot lock it: %s",
					   container->id, strerror(errno));
	if (!is_in_place(container)) {
		(void)flock(container->fd, LOCK_UN);
		return problem_set(problem, -ENOENT, "container %s: it has just been removed",
				   container->config.name);
	}
	container->locked = true;
	error = container_refresh(container, problem);
	if (error)
		container_unlock(container);
	return error;
}

void container_unlock(struct container *container)
{
	if (container->locked)
		(void)flock(container->fd, LOCK_UN);
	container->locked = false;
}

/* -- how it is -- */

static bool is_this_boot(const struct container_state *state)
{
	char boot_id[BOOT_ID_SIZE];

	return state->boot_id && process_boot_id(boot_id) == 0 &&
	       strcmp(boot_id, state->boot_id) == 0;
}

int container_open_pid(const struct container *container)
{
	const struct container_state *state = &container->state;

	return is_this_boot(state) ? process_open(state->pid, state->pid_start) : -ESRCH;
}

int container_open_monitor(const struct container *container)
{
	const struct container_state *state = &container->state;

	return is_this_boot(state) ? process_open(state->monitor, state->monitor_start) : -ESRCH;
}

static bool monitor_is_alive(const struct container *container)
{
	cleanup_fd int monitor = container_open_monitor(container);

	return monitor >= 0 && !process_has_ended(monitor);
}

int container_sweep(struct container *container, struct problem *problem)
{
	struct container_state *state = &container->state;
	int error = 0;

	if (container->damaged)
		return container_group_sweep_id(container->id, problem);
	/* Groups end with the machine's run. */
	if (state->cgroup && is_this_boot(state))
		error = container_group_sweep(state->cgroup, problem);
	if (state->has_network && is_this_boot(state))
		network_sweep(container);
	state->has_network = false;
	return error ? error : state_set_text(&state->cgroup, NULL);
}

/* What a monitor that was killed left behind. PID 1 goes with its monitor by itself, in all but rare cases. */
static int bury(struct container *container, struct problem *problem)
{
	struct container_state *state = &container->state;
	cleanup_fd int pid = container_open_pid(container);
	char now[TIME_TEXT_SIZE];
	int error;

	/* One that is paused ends only with its group. */
	if (pid >= 0)
		(void)process_signal(pid, SIGKILL);
	(void)container_sweep(container, NULL);
	if (pid >= 0)
		(void)process_wait_end(pid, 10000);
	time_text_now(now);
	state->exit_code = 128 + SIGKILL;
	state->pid = 0;
	error = state_set_status(state, CONTAINER_EXITED);
	if (!error)
		error = state_set_text(&state->error, is_this_boot(state)
							      ? "the container's monitor was killed"
							      : "the machine was started anew");
	if (!error)
		error = state_set_text(&state->finished_at, now);
	if (error)
		return problem_set(problem, error, "out of memory");
	event_note_death(container);
	error = container_save_state(container, problem);
	if (!error) {
		event_tell_noted(container);
		network_announce(container);
	}
	return error;
}

/* Who made the change and was to tell of it was killed; or else he has the lock, and is about to. */
static void tell_what_is_noted(struct container *container)
{
	if (container->state.noted.count == 0)
		return;
	if (container->locked) {
		event_tell_doubtful(container, is_in_place(container));
	} else if (flock(container->fd, LOCK_EX | LOCK_NB) == 0) {
		if (container_read_state(container) == 0)
			event_tell_doubtful(container, is_in_place(container));
		(void)flock(container->fd, LOCK_UN);
	}
}

int container_refresh(struct container *container, struct problem *problem)
{
	int error;

	/* Whoever has one of these means to end it in any case. */
	if (container->damaged)
		return 0;
	error = container_read_state(container);
	if (error)
		return unreadable(container, error, problem);
	tell_what_is_noted(container);
	if (!state_is_live(&container->state) || monitor_is_alive(container))
		return 0;
	if (container->locked)
		return bury(container, problem);
	/* It may just have ended in order, or have been started again. */
	error = container_lock(container, problem);
	container_unlock(container);
	return error;
}

static int save_state(struct container *container, bool durable, struct problem *problem)
{
	CLEANUP(json_put) json_object *object = NULL;
	int error = fields_to_json(&container_state_table, &container->state, &object);

	if (!error)
		error = json_file_write(container->fd, "state.json", object, durable);
	if (error)
		return problem_set(problem, error, "container %s: cannot write its state: %s",
				   container->config.name, strerror(-error));
	return 0;
}

int container_save_state(struct container *container, struct problem *problem)
{
	return save_state(container, !container->config.remove, problem);
}

int container_note_state(struct container *container, struct problem *problem)
{
	return save_state(container, false, problem);
}

int container_open_run(struct container *container, struct problem *problem)
{
	int fd, run_fd = container->place->run_fd;

	if (container->run_fd >= 0)
		return 0;
	if (mkdirat(run_fd, container->id, 0700) < 0 && errno != EEXIST)
		fd = -errno;
	else
		fd = confined_open(run_fd, container->id, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return problem_set(problem, fd, "%s/%s: %s", container->place->run, container->id,
				   strerror(-fd));
	container->run_fd = fd;
	return 0;
}
