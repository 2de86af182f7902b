/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Of target.h: removing what was there before the archive, and leaving what it made. Trees may be very deep: a list for
 * each level, no recursion.
 */
#include "archive/target.h"
#include "base/cleanup.h"
#include "base/confined.h"
#include "base/string_list.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* A directory whose files are gone, and the directories in it that still are to be emptied. */
struct level {
	struct layer_dir *dir; /* a reference */
	struct string_list directories;
	size_t next;
};

struct removal {
	struct target *target;
	struct level *levels;
	size_t depth, capacity;
};

/* 0, -ENOTEMPTY for a directory to be looked into first, or -errno. */
static int remove_one(const struct target *target, int directory, const char *name)
{
	struct attributes attributes;
	int error = layer_stat_raw(directory, name, &attributes);

	if (error)
		return error == -ENOENT ? 0 : error;
	if (number_set_has(&target->made, attributes.inode))
		return S_ISDIR(attributes.mode) ? -ENOTEMPTY : 0;
	if (unlinkat(directory, name, S_ISDIR(attributes.mode) ? AT_REMOVEDIR : 0) == 0)
		return 0;
	return errno == EEXIST ? -ENOTEMPTY : -errno;
}

/* Removes a directory that has been emptied, as far as it was to be. */
static int remove_emptied(const struct target *target, int directory, const char *name)
{
	int error = remove_one(target, directory, name);

	/* What stays keeps the directories above it. */
	return error == -ENOTEMPTY ? 0 : error;
}

/* Removes what can be removed at once, and lists the rest. */
static int empty_level(const struct target *target, struct level *level, int fd)
{
	CLEANUP(closedir) DIR *stream = NULL;
	const struct dirent *dirent;
	int error = confined_open_stream(fd, NULL, &stream);

	while (!error && (errno = 0, dirent = readdir(stream))) {
		if (strcmp(dirent->d_name, ".") == 0 || strcmp(dirent->d_name, "..") == 0)
			continue;
		error = remove_one(target, dirfd(stream), dirent->d_name);
		if (error == -ENOTEMPTY)
			error = string_list_add(&level->directories, dirent->d_name);
	}
	return error;
}

static void leave(struct removal *removal)
{
	struct level *level = &removal->levels[--removal->depth];

	layer_dir_unref(level->dir);
	string_list_free(&level->directories);
}

static struct level *new_level(struct removal *removal, struct layer_dir *dir)
{
	if (removal->depth == removal->capacity) {
		size_t capacity = removal->capacity ? removal->capacity * 2 : 16;
		struct level *grown = reallocarray(removal->levels, capacity, sizeof(*grown));

		if (!grown)
			return NULL;
		removal->levels = grown;
		removal->capacity = capacity;
	}
	removal->levels[removal->depth] = (struct level){ .dir = layer_dir_ref(dir) };
	return &removal->levels[removal->depth++];
}

static int enter(struct removal *removal, struct layer_dir *dir)
{
	struct level *level = new_level(removal, dir);
	struct cached_fd *fd;
	int error = level ? layer_dir_open(dir, &fd) : -ENOMEM;

	if (error)
		return error;
	error = empty_level(removal->target, level, fd->fd);
	fd_cache_release(removal->target->fds, fd);
	return error;
}

/* Removes the directory called name in dir, as far as it is to be. */
static int finish(const struct target *target, struct layer_dir *dir, const char *name)
{
	struct cached_fd *fd;
	int error = layer_dir_open(dir, &fd);

	if (error)
		return error;
	error = remove_emptied(target, fd->fd, name);
	fd_cache_release(target->fds, fd);
	return error;
}

/* Enters the next directory of the deepest level, or is done with that. */
static int go_on(struct removal *removal)
{
	struct level *level = &removal->levels[removal->depth - 1];
	struct layer_dir *child;
	int error = 0;

	if (level->next == level->directories.count) {
		if (removal->depth > 1)
			error = finish(removal->target, level->dir->parent, level->dir->name);
		leave(removal);
		return error;
	}
	child = layer_dir_new(level->dir, level->directories.strings[level->next++]);
	if (!child)
		return -ENOMEM;
	error = enter(removal, child);
	layer_dir_unref(child);
	return error;
}

static int empty(struct target *target, struct layer_dir *dir)
{
	struct removal removal = { .target = target };
	int error = enter(&removal, dir);

	while (!error && removal.depth > 0)
		error = go_on(&removal);
	while (removal.depth > 0)
		leave(&removal);
	free(removal.levels);
	return error;
}

static int remove_name(struct target *target, struct layer_dir *dir, const char *name)
{
	struct layer_dir *child;
	struct cached_fd *fd;
	int error = layer_dir_open(dir, &fd);

	if (error)
		return error;
	error = remove_one(target, fd->fd, name);
	fd_cache_release(target->fds, fd);
	if (error != -ENOTEMPTY)
		return error;
	child = layer_dir_new(dir, name);
	if (!child)
		return -ENOMEM;
	error = empty(target, child);
	if (!error)
		error = finish(target, dir, name);
	layer_dir_unref(child);
	return error;
}

int target_remove_older(struct target *target, struct layer_dir *dir, const char *name)
{
	target_forget_latest(target);
	return name ? remove_name(target, dir, name) : empty(target, dir);
}
