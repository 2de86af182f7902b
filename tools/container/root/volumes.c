/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/root/volumes.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "base/remove_tree.h"
#include "container/event/event.h"
#include "container/launch/id_maps.h"
#include "container/record/container.h"
#include "container/record/sizes.h"
#include "container/record/users.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

static int failed(const struct place *place, int error, struct problem *problem)
{
	return problem_set(problem, error, "%s/volumes: %s", place->data, strerror(-error));
}

/* The directory of all volumes, made if need be. A descriptor or -errno. */
static int open_all(const struct place *place)
{
	if (mkdirat(place->data_fd, "volumes", 0700) < 0 && errno != EEXIST)
		return -errno;
	return confined_open(place->data_fd, "volumes", O_RDONLY | O_DIRECTORY, 0);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int volumes_list(const struct place *place, struct string_list *names, struct problem *problem)
{
	CLEANUP(closedir) DIR *stream = NULL;
	cleanup_fd int all = open_all(place);
	const struct dirent *entry;
	int error = all < 0 ? all : confined_open_stream(all, NULL, &stream);

	while (!error && (entry = readdir(stream)))
		if (container_name_is_valid(entry->d_name))
			error = string_list_add(names, entry->d_name);
	if (error)
		return failed(place, error, problem);
	if (names->count > 0)
		qsort(names->strings, names->count, sizeof(*names->strings), compare_names);
	return 0;
}

int volumes_create(const struct place *place, const char *name, struct problem *problem)
{
	cleanup_fd int all = open_all(place);

	if (!container_name_is_valid(name))
		return problem_set(problem, -EINVAL,
				   "%s: letters, digits and _.- make the name of a volume", name);
	if (all < 0)
		return failed(place, all, problem);
	if (mkdirat(all, name, 0755) == 0)
		event_of(place, "volume", name, "create", EVENT_ATTRIBUTES({ "driver", "local" }));
	else if (errno != EEXIST)
		return problem_set(problem, -errno, "volume %s: %s", name, strerror(errno));
	return 0;
}

static bool is_empty(int directory)
{
	CLEANUP(closedir) DIR *stream = NULL;
	const struct dirent *entry;

	if (confined_open_stream(directory, NULL, &stream) < 0)
		return false;
	while ((entry = readdir(stream)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return false;
	return true;
}

int volumes_give(const struct place *place, const char *name, uid_t uid, gid_t gid,
		 struct problem *problem)
{
	cleanup_fd int all = open_all(place);
	cleanup_fd int volume = all < 0 ? all : confined_open(all, name, O_RDONLY | O_DIRECTORY, 0);
	struct stat status;

	if (volume < 0)
		return problem_set(problem, volume, "volume %s: %s", name, strerror(-volume));
	if (fstat(volume, &status) < 0 ||
	    (status.st_uid == geteuid() && (uid != geteuid() || gid != getegid()) &&
	     is_empty(volume) && fchown(volume, uid, gid) < 0))
		return problem_set(problem, -errno, "volume %s: %s", name, strerror(errno));
	return 0;
}

int volumes_find(const struct place *place, const char *name, struct problem *problem)
{
	cleanup_fd int all = open_all(place);
	struct stat status;

	if (all < 0)
		return failed(place, all, problem);
	if (!container_name_is_valid(name) ||
	    fstatat(all, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(status.st_mode))
		return problem_set(
			problem, -ENOENT,
			"there is no volume %s; \"cowrun volume ls\" shows those that are there",
			name);
	return 0;
}

/* -- who uses it -- */

bool volumes_are_mounted_by(const struct container_config *config, const char *name)
{
	for (size_t i = 0; i < config->mounts.count; i++) {
		const struct container_mount *mount = config_mount(config, i);

		if (strcmp(mount->type, "volume") == 0 && strcmp(mount->source, name) == 0)
			return true;
	}
	return false;
}

/* A container_uses_function. */
static bool mounts(const struct container_config *config, const void *context)
{
	return volumes_are_mounted_by(config, context);
}

int volumes_measure(const struct place *place, const struct string_list *names, uint64_t *sizes,
		    struct problem *problem)
{
	cleanup_fd int all = open_all(place);

	return all < 0 ? failed(place, all, problem)
		       : sizes_measure(place, all, names, sizes, problem);
}

/* -- removing -- */

/* A volume that is being deleted has this and a number for a name, which is that of no volume. */
#define HIDDEN ".removed-"

struct removal {
	const struct place *place;
	const char *name;
	char hidden[sizeof(HIDDEN) + 16];
};

/* With the lock, nobody is about to change his mind about one that is hidden. */
static int list_hidden(int all, struct string_list *names)
{
	CLEANUP(closedir) DIR *stream = NULL;
	const struct dirent *entry;
	int error = confined_open_stream(all, NULL, &stream);

	if (!error && flock(all, LOCK_EX) < 0)
		error = -errno;
	while (!error && (entry = readdir(stream)))
		if (strncmp(entry->d_name, HIDDEN, strlen(HIDDEN)) == 0)
			error = string_list_add(names, entry->d_name);
	(void)flock(all, LOCK_UN);
	return error;
}

/* An id_maps_function. What was left by those who died in the middle goes, too. */
static int delete_hidden(void *context, struct problem *problem)
{
	const struct removal *removal = context;
	struct string_list others = STRING_LIST_INIT;
	cleanup_fd int all = open_all(removal->place);
	int error = all < 0 ? all : remove_tree(all, removal->hidden);

	if (!error && list_hidden(all, &others) == 0)
		for (size_t i = 0; i < others.count; i++)
			(void)remove_tree(all, others.strings[i]);
	string_list_free(&others);
	return error ? problem_set(problem, error, "volume %s cannot be deleted: %s", removal->name,
				   strerror(-error))
		     : 0;
}

static int refuse_if_used(const struct place *place, const char *name, struct problem *problem)
{
	struct string_list users = STRING_LIST_INIT;
	int error = container_users(place, mounts, name, &users, problem);

	if (!error && users.count > 0)
		error = problem_set(problem, -EBUSY,
				    "volume %s is mounted by container %s; remove that one first",
				    name, users.strings[0]);
	string_list_free(&users);
	return error;
}

static int rename_to_hidden(int all, struct removal *removal)
{
	int error = -EEXIST;

	for (unsigned number = 0; error == -EEXIST; number++) {
		(void)snprintf(removal->hidden, sizeof(removal->hidden), HIDDEN "%u", number);
		error = renameat2(all, removal->name, all, removal->hidden, RENAME_NOREPLACE) < 0
				? -errno
				: 0;
	}
	return error;
}

/*
 * Takes it out of sight, unless a container mounts it. One may have been made since we looked, so we look again; whoever comes
 * later finds no volume, and makes one.
 */
static int hide(struct removal *removal, struct problem *problem)
{
	const struct place *place = removal->place;
	const char *name = removal->name;
	cleanup_fd int all = open_all(place);
	int error = all < 0 ? all : flock(all, LOCK_EX) < 0 ? -errno : 0;

	if (error)
		return failed(place, error, problem);
	error = refuse_if_used(place, name, problem);
	if (error)
		return error;
	error = rename_to_hidden(all, removal);
	if (error)
		return problem_set(problem, error, "volume %s cannot be deleted: %s", name,
				   strerror(-error));
	error = refuse_if_used(place, name, problem);
	/* Who uses it may have made another one by now. */
	if (error && renameat2(all, removal->hidden, all, name, RENAME_NOREPLACE) < 0)
		error = 0;
	if (!error)
		event_of(place, "volume", name, "destroy", EVENT_ATTRIBUTES({ "driver", "local" }));
	return error;
}

int volumes_remove(const struct place *place, const char *name, struct problem *problem)
{
	struct removal removal = { .place = place, .name = name };
	struct id_maps maps = { 0 };
	int error = volumes_find(place, name, problem);

	if (!error)
		error = hide(&removal, problem);
	if (!error && place->rootless && id_maps_of_caller(&maps, NULL) < 0)
		error = problem_set(problem, -ENOMEM, "out of memory");
	if (!error)
		error = place->rootless ? id_maps_run(&maps, delete_hidden, &removal, problem)
					: delete_hidden(&removal, problem);
	id_maps_free(&maps);
	return error;
}
