/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of container.h: how containers come, are named, and go. */
#include "container/record/container.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "base/remove_tree.h"
#include "container/event/noted.h"
#include "container/network/network.h"
#include "container/record/json_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>

#define NAME_TRIES 100

/* A container that is being made or deleted: its id and this. */
#define UNFINISHED ".unfinished"
#define UNFINISHED_SIZE (CONTAINER_ID_LENGTH + sizeof(UNFINISHED))

/* -- names -- */

static int new_id(char id[CONTAINER_ID_LENGTH + 1])
{
	uint8_t bytes[CONTAINER_ID_LENGTH / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return -EIO;
	for (size_t i = 0; i < sizeof(bytes); i++)
		(void)snprintf(id + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

static void invent_name(char *name, size_t size)
{
	static const char *const adjectives[] = {
		"brave",  "bright",  "calm",  "clever", "curious", "eager", "fair",  "gentle",
		"golden", "happy",   "jolly", "keen",	"kind",	   "lucky", "merry", "modest",
		"noble",  "patient", "proud", "quiet",	"steady",  "swift", "warm",  "wise",
	};
	static const char *const animals[] = {
		"badger", "beaver", "crane",  "deer",	 "dolphin", "falcon", "finch",	"fox",
		"hare",	  "heron",  "ibex",   "kestrel", "lark",    "lynx",   "marten", "newt",
		"otter",  "owl",    "puffin", "raven",	 "robin",   "seal",   "stork",	"wren",
	};
	uint32_t number = 0;

	(void)getrandom(&number, sizeof(number), 0);
	(void)snprintf(name, size, "%s_%s%u", adjectives[number % 24], animals[number / 24 % 24],
		       number / 576 % 1000);
}

/* A lock on a directory that ends with the descriptor returned, or -errno. */
static int lock_directory(int directory, int operation)
{
	cleanup_fd int lock = confined_reopen(directory, O_RDONLY | O_DIRECTORY);

	if (lock < 0)
		return lock;
	return flock(lock, operation) < 0 ? -errno : steal_fd(&lock);
}

/* Whether an unfinished container is somebody's work, and not what was left of it. */
static bool is_at_work(const struct place *place, const char *id)
{
	char unfinished[UNFINISHED_SIZE];
	cleanup_fd int fd = -1;

	(void)snprintf(unfinished, sizeof(unfinished), "%s" UNFINISHED, id);
	fd = confined_open(place->containers_fd, unfinished, O_RDONLY | O_DIRECTORY, 0);
	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0;
}

/* Whether the name's container is gone, so that the name is to be had again. */
static bool is_stale(const struct place *place, const char *name)
{
	char id[CONTAINER_ID_LENGTH + 1];
	ssize_t length = readlinkat(place->names_fd, name, id, sizeof(id) - 1);

	if (length < 0)
		return false;
	id[length] = '\0';
	/* It appears by a rename, so that it is never in neither place, looked at in this order. */
	return !is_at_work(place, id) && faccessat(place->containers_fd, id, F_OK, 0) < 0 &&
	       errno == ENOENT;
}

/* The lock on names/ makes looking and taking one step. */
static int take_name(const struct place *place, const char *name, const char *id)
{
	cleanup_fd int lock = lock_directory(place->names_fd, LOCK_EX);

	if (lock < 0)
		return lock;
	if (symlinkat(id, place->names_fd, name) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (!is_stale(place, name))
		return -EEXIST;
	if (unlinkat(place->names_fd, name, 0) < 0 || symlinkat(id, place->names_fd, name) < 0)
		return -errno;
	return 0;
}

static int name_refused(const char *name, int error, struct problem *problem)
{
	if (error == -EEXIST)
		return problem_set(problem, error,
				   "the name %s is taken by another container; choose another, or "
				   "remove that one with cowrun rm %s",
				   name, name);
	return problem_set(problem, error, "cannot take the name %s: %s", name, strerror(-error));
}

static int take_invented_name(const struct place *place, struct container_config *config)
{
	char name[64];
	int error = -EEXIST;

	for (int tries = 0; error == -EEXIST && tries < NAME_TRIES; tries++) {
		invent_name(name, sizeof(name));
		error = take_name(place, name, config->id);
	}
	return error ? error : state_set_text(&config->name, name);
}

/* -- making -- */

int container_save_config(struct container *container, struct problem *problem)
{
	CLEANUP(json_put) json_object *object = NULL;
	int error = fields_to_json(&container_config_table, &container->config, &object);

	if (!error)
		error = json_file_write(container->fd, "config.json", object,
					!container->config.remove);
	if (error)
		return problem_set(problem, error, "container %s: cannot write its record: %s",
				   container->config.name, strerror(-error));
	return 0;
}

static int identify(struct container *container, struct problem *problem)
{
	struct container_config *config = &container->config;
	char now[TIME_TEXT_SIZE], hostname[CONTAINER_SHORT_ID_LENGTH + 1];
	int error = new_id(container->id);

	time_text_now(now);
	(void)snprintf(hostname, sizeof(hostname), "%.12s", container->id);
	if (!error)
		error = state_set_text(&config->id, container->id);
	if (!error)
		error = state_set_text(&config->created, now);
	if (!error && !config->hostname)
		error = state_set_text(&config->hostname, hostname);
	return error ? problem_set(problem, error, "cannot make an id: %s", strerror(-error)) : 0;
}

static int make_directories(struct container *container, const char *unfinished,
			    struct problem *problem)
{
	const struct place *place = container->place;
	/* Whoever deletes what is unfinished must not see it before it is locked. */
	cleanup_fd int lock = lock_directory(place->containers_fd, LOCK_SH);
	int error = lock < 0 ? lock : 0;

	if (!error && mkdirat(place->containers_fd, unfinished, 0700) < 0)
		error = -errno;
	if (!error)
		container->fd =
			confined_open(place->containers_fd, unfinished, O_RDONLY | O_DIRECTORY, 0);
	if (!error && container->fd < 0)
		error = container->fd;
	if (!error &&
	    (flock(container->fd, LOCK_EX) < 0 || mkdirat(container->fd, "upper", 0755) < 0 ||
	     mkdirat(container->fd, "init", 0755) < 0))
		error = -errno;
	if (error)
		return problem_set(problem, error, "%s/containers/%s: %s", place->data, unfinished,
				   strerror(-error));
	container->locked = true;
	return 0;
}

/* All but the name, out of sight. */
static int make_hidden(struct container *container, const char *unfinished, struct problem *problem)
{
	int error = make_directories(container, unfinished, problem);

	if (!error && state_set_status(&container->state, CONTAINER_CREATED) < 0)
		error = problem_set(problem, -ENOMEM, "out of memory");
	event_note(container, "create", NULL);
	if (!error)
		error = container_save_state(container, problem);
	return error;
}

static int take_any_name(struct container *container, struct problem *problem)
{
	const struct place *place = container->place;
	struct container_config *config = &container->config;
	int error = config->name ? take_name(place, config->name, config->id)
				 : take_invented_name(place, config);

	return error ? name_refused(config->name ? config->name : "of its own", error, problem) : 0;
}

static int show(struct container *container, const char *unfinished, struct problem *problem)
{
	const struct place *place = container->place;

	if (renameat(place->containers_fd, unfinished, place->containers_fd, container->id) < 0)
		return problem_set(problem, -errno, "%s/containers/%s: %s", place->data,
				   container->id, strerror(errno));
	return 0;
}

int container_create(const struct place *place, struct container_config *config,
		     struct container *ret_container, struct problem *problem)
{
	cleanup_container struct container container = CONTAINER_INIT;
	char unfinished[UNFINISHED_SIZE];
	int error;

	container.place = place;
	container.config = *config;
	*config = (struct container_config){ 0 };
	error = identify(&container, problem);
	if (error)
		return error;
	(void)snprintf(unfinished, sizeof(unfinished), "%s" UNFINISHED, container.id);
	error = make_hidden(&container, unfinished, problem);
	if (!error) {
		/* Until the directory has its own name, the name is one that leads nowhere: others may take it. */
		error = take_any_name(&container, problem);
		if (!error)
			error = container_save_config(&container, problem);
		if (!error)
			error = show(&container, unfinished, problem);
	}
	if (error) {
		(void)remove_tree(place->containers_fd, unfinished);
		return error;
	}
	event_tell_noted(&container);
	*ret_container = container;
	container = CONTAINER_INIT;
	return 0;
}

int container_rename(struct container *container, const char *name, struct problem *problem)
{
	const struct place *place = container->place;
	struct container_config *config = &container->config;
	cleanup_free char *former = strdup(config->name);
	int error;

	if (!container_name_is_valid(name))
		return problem_set(problem, -EINVAL,
				   "%s cannot be a name: letters, digits and _.- make one", name);
	error = former ? take_name(place, name, container->id) : -ENOMEM;
	if (error)
		return name_refused(name, error, problem);
	event_note(container, "rename", EVENT_ATTRIBUTES({ "oldName", former }, { "name", name }));
	error = container_note_state(container, problem);
	if (!error && state_set_text(&config->name, name) < 0)
		error = problem_set(problem, -ENOMEM, "out of memory");
	if (!error)
		error = container_save_config(container, problem);
	(void)unlinkat(place->names_fd, error ? name : former, 0);
	if (error)
		event_tell_doubtful(container, true);
	else
		event_tell_noted(container);
	if (!error)
		network_announce(container);
	return error;
}

/* -- going -- */

/* Only if it is still this container's. */
static void give_back(const struct container *container, const char *name)
{
	char id[CONTAINER_ID_LENGTH + 1];
	ssize_t length = readlinkat(container->place->names_fd, name, id, sizeof(id));

	if (length == CONTAINER_ID_LENGTH && memcmp(id, container->id, CONTAINER_ID_LENGTH) == 0)
		(void)unlinkat(container->place->names_fd, name, 0);
}

static void give_name_back(const struct container *container)
{
	CLEANUP(closedir) DIR *stream = NULL;
	const struct dirent *entry;

	if (!container->damaged) {
		give_back(container, container->config.name);
		return;
	}
	if (confined_open_stream(container->place->names_fd, NULL, &stream) < 0)
		return;
	while ((entry = readdir(stream)))
		give_back(container, entry->d_name);
}

int container_hide(struct container *container, struct problem *problem)
{
	const struct place *place = container->place;
	char unfinished[UNFINISHED_SIZE];
	int error = container_sweep(container, problem);

	if (error)
		return error;
	event_note(container, "destroy", NULL);
	/* Also on a full disk, only that the event may be lost then. */
	(void)container_note_state(container, NULL);
	(void)snprintf(unfinished, sizeof(unfinished), "%s" UNFINISHED, container->id);
	if (renameat(place->containers_fd, container->id, place->containers_fd, unfinished) < 0) {
		error = problem_set(problem, -errno, "container %s: cannot remove it: %s",
				    container->config.name, strerror(errno));
		event_tell_doubtful(container, true);
		return error;
	}
	give_name_back(container);
	(void)remove_tree(place->run_fd, container->id);
	event_tell_noted(container);
	return 0;
}

static bool is_unfinished(const char *name)
{
	return strlen(name) == UNFINISHED_SIZE - 1 &&
	       strcmp(name + CONTAINER_ID_LENGTH, UNFINISHED) == 0;
}

/* Who hid it may have been killed before he told so; unless he is still at work. */
static void tell_of_hidden(const struct place *place, const char *unfinished, int fd)
{
	struct container container = CONTAINER_INIT;

	container.place = place;
	container.fd = fd;
	memcpy(container.id, unfinished, CONTAINER_ID_LENGTH);
	if (container_read_state(&container) == 0 && container.state.noted.count > 0 &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0 && container_read_state(&container) == 0)
		event_tell_doubtful(&container, false);
	config_free(&container.config);
	state_free(&container.state);
}

void container_tell_of_hidden(const struct place *place)
{
	CLEANUP(closedir) DIR *stream = NULL;
	const struct dirent *entry;

	if (confined_open_stream(place->containers_fd, NULL, &stream) < 0)
		return;
	while ((entry = readdir(stream))) {
		cleanup_fd int fd = is_unfinished(entry->d_name)
					    ? confined_open(place->containers_fd, entry->d_name,
							    O_RDONLY | O_DIRECTORY, 0)
					    : -1;

		if (fd >= 0)
			tell_of_hidden(place, entry->d_name, fd);
	}
}

/* 0 too when somebody else is at work on it. */
static int delete_unfinished(const struct place *place, const char *name)
{
	cleanup_fd int lock = lock_directory(place->containers_fd, LOCK_EX);
	cleanup_fd int fd = confined_open(place->containers_fd, name, O_RDONLY | O_DIRECTORY, 0);

	if (lock < 0)
		return lock;
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 0 : -errno;
	(void)close(steal_fd(&lock));
	tell_of_hidden(place, name, fd);
	return remove_tree(place->containers_fd, name);
}

/* Of those who died. What cannot be deleted now is left for the next time. */
static void delete_abandoned(const struct place *place)
{
	CLEANUP(closedir) DIR *stream = NULL;
	const struct dirent *entry;

	if (confined_open_stream(place->containers_fd, NULL, &stream) < 0)
		return;
	while ((entry = readdir(stream)))
		if (is_unfinished(entry->d_name))
			(void)delete_unfinished(place, entry->d_name);
}

int container_delete(const struct place *place, const char *id, struct problem *problem)
{
	char unfinished[UNFINISHED_SIZE];
	int error;

	(void)snprintf(unfinished, sizeof(unfinished), "%s" UNFINISHED, id);
	error = remove_tree(place->containers_fd, unfinished);
	delete_abandoned(place);
	if (error)
		return problem_set(problem, error, "%s/containers/%s: %s", place->data, unfinished,
				   strerror(-error));
	return 0;
}
