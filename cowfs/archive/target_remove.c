/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of target.h: removing trees, which a hostile archive may have made very deep: a list for each level, no recursion. */
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
	bool older;
	struct level *levels;
	size_t depth, capacity;
};

/* Whether it is to stay; a directory that stays is looked into all the same. */
static bool stays(const struct removal *removal, int directory, const char *name)
{
	struct attributes attributes;

	return removal->older && layer_stat_raw(directory, name, &attributes) == 0 &&
	       inode_set_has(&removal->target->made, attributes.inode);
}

/* 0, -ENOTEMPTY for a directory to be emptied first, or -errno. */
static int remove_one(const struct removal *removal, int directory, const char *name)
{
	struct attributes attributes;

	if (stays(removal, directory, name)) {
		if (layer_stat_raw(directory, name, &attributes) == 0 && S_ISDIR(attributes.mode))
			return -ENOTEMPTY;
		return 0;
	}
	if (unlinkat(directory, name, 0) == 0)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	if (unlinkat(directory, name, AT_REMOVEDIR) == 0)
		return 0;
	return errno == EEXIST ? -ENOTEMPTY : -errno;
}

/* Removes what can be removed at once, and lists the rest. */
static int empty_level(const struct removal *removal, struct level *level, int fd)
{
	CLEANUP(closedir) DIR *stream = NULL;
	const struct dirent *dirent;
	int error = confined_open_stream(fd, NULL, &stream);

	while (!error && (errno = 0, dirent = readdir(stream))) {
		if (strcmp(dirent->d_name, ".") == 0 || strcmp(dirent->d_name, "..") == 0)
			continue;
		error = remove_one(removal, dirfd(stream), dirent->d_name);
		if (error == -ENOTEMPTY)
			error = string_list_add(&level->directories, dirent->d_name);
	}
	return error;
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

/* A directory that is to go may forbid its owner to look into it. */
static int empty_level_anyway(const struct removal *removal, struct level *level, int fd)
{
	int error = empty_level(removal, level, fd);

	if (error != -EACCES || confined_chmod(fd, NULL, 0700) < 0)
		return error;
	string_list_free(&level->directories);
	return empty_level(removal, level, fd);
}

static int enter(struct removal *removal, struct layer_dir *dir)
{
	struct level *level = new_level(removal, dir);
	struct cached_fd *fd;
	int error = level ? layer_dir_open(dir, &fd) : -ENOMEM;

	if (error)
		return error;
	error = empty_level_anyway(removal, level, fd->fd);
	fd_cache_release(removal->target->fds, fd);
	return error;
}

/* Removes a directory that has been emptied, as far as it was to be. */
static int remove_empty(const struct removal *removal, const struct layer_dir *dir)
{
	struct cached_fd *fd;
	int error = layer_dir_open(dir->parent, &fd);

	if (error)
		return error;
	if (!stays(removal, fd->fd, dir->name) && unlinkat(fd->fd, dir->name, AT_REMOVEDIR) < 0)
		error = -errno;
	fd_cache_release(removal->target->fds, fd);
	/* What stays keeps the directories above it. */
	return removal->older && (error == -ENOTEMPTY || error == -EEXIST) ? 0 : error;
}

static void drop_level(struct removal *removal)
{
	struct level *level = &removal->levels[--removal->depth];

	layer_dir_unref(level->dir);
	string_list_free(&level->directories);
}

/* Enters the next directory of the deepest level, or is done with that. */
static int go_on(struct removal *removal)
{
	struct level *level = &removal->levels[removal->depth - 1];
	struct layer_dir *child;
	int error = 0;

	if (level->next == level->directories.count) {
		if (removal->depth > 1)
			error = remove_empty(removal, level->dir);
		drop_level(removal);
		return error;
	}
	child = layer_dir_new(level->dir, level->directories.strings[level->next++]);
	if (!child)
		return -ENOMEM;
	error = enter(removal, child);
	layer_dir_unref(child);
	return error;
}

static int remove_tree(struct target *target, struct layer_dir *dir, bool older)
{
	struct removal removal = { .target = target, .older = older };
	int error = enter(&removal, dir);

	while (!error && removal.depth > 0)
		error = go_on(&removal);
	while (removal.depth > 0)
		drop_level(&removal);
	free(removal.levels);
	return error;
}

static int remove_name(struct target *target, struct layer_dir *dir, const char *name, bool older)
{
	const struct removal removal = { .target = target, .older = older };
	struct layer_dir *child;
	struct cached_fd *fd;
	int error = layer_dir_open(dir, &fd);

	if (error)
		return error;
	error = remove_one(&removal, fd->fd, name);
	fd_cache_release(target->fds, fd);
	if (error != -ENOTEMPTY)
		return error;
	child = layer_dir_new(dir, name);
	if (!child)
		return -ENOMEM;
	error = remove_tree(target, child, older);
	if (!error)
		error = remove_empty(&removal, child);
	layer_dir_unref(child);
	return error;
}

int target_remove(struct target *target, struct layer_dir *dir, const char *name, bool older)
{
	/* It may be among what goes. */
	target->latest = layer_dir_unref(target->latest);
	return name ? remove_name(target, dir, name, older) : remove_tree(target, dir, older);
}
