/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of layer_dir.h: how directories are known, opened and moved. */
#include "layer/layer_dir.h"
#include "base/cleanup.h"
#include "base/confined.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct layer_dir *new_dir(struct layer *layer, struct layer_dir *parent, const char *name)
{
	struct layer_dir *dir = calloc(1, sizeof(*dir));

	if (!dir)
		return NULL;
	dir->name = strdup(name);
	if (!dir->name) {
		free(dir);
		return NULL;
	}
	dir->layer = layer;
	dir->parent = parent;
	dir->references = 1;
	return dir;
}

struct layer_dir *layer_dir_new(struct layer_dir *parent, const char *name)
{
	struct layer_dir *dir = new_dir(parent->layer, parent, name);

	if (dir)
		layer_dir_ref(parent);
	return dir;
}

struct layer_dir *layer_dir_new_root(struct layer *layer, int fd)
{
	struct layer_dir *dir = new_dir(layer, NULL, "");
	struct cached_fd *cached;

	if (!dir) {
		(void)close(fd);
		return NULL;
	}
	/* Never evicted: nothing above the root could open it again. */
	if (fd_cache_install_pinned(layer->fds, &dir->fd, fd, false, &cached) != 0)
		return layer_dir_unref(dir);
	fd_cache_release(layer->fds, cached);
	return dir;
}

struct layer_dir *layer_dir_ref(struct layer_dir *dir)
{
	(void)__atomic_add_fetch(&dir->references, 1, __ATOMIC_RELAXED);
	return dir;
}

struct layer_dir *layer_dir_unref(struct layer_dir *dir)
{
	/* The last reference takes the parent's along; a loop, since trees may be very deep. */
	while (dir && __atomic_sub_fetch(&dir->references, 1, __ATOMIC_ACQ_REL) == 0) {
		struct layer_dir *parent = dir->parent;

		fd_cache_drop(dir->layer->fds, &dir->fd);
		free(dir->name);
		free(dir);
		dir = parent;
	}
	return NULL;
}

/* Opens what stands under the name of dir in its parent's descriptor. */
static int open_below(int parent, struct layer_dir *dir, struct cached_fd **ret_fd)
{
	struct fd_cache *fds = dir->layer->fds;
	int fd = confined_open(parent, dir->name, O_PATH | O_DIRECTORY, 0);

	/* Others of this process may use up the descriptors: give back what we only remember. */
	if ((fd == -EMFILE || fd == -ENFILE) && fd_cache_trim(fds) > 0)
		fd = confined_open(parent, dir->name, O_PATH | O_DIRECTORY, 0);
	if (fd < 0)
		return fd;
	return fd_cache_install(fds, &dir->fd, fd, false, ret_fd);
}

/* The descriptor of the nearest ancestor that is open, and how many levels it is above dir. */
static struct cached_fd *nearest_open(struct layer_dir *dir, size_t *ret_levels)
{
	struct cached_fd *cached;
	size_t levels = 0;

	/* It ends at the root at the latest. */
	while (!(cached = fd_cache_acquire(dir->layer->fds, &dir->fd))) {
		dir = dir->parent;
		levels++;
	}
	*ret_levels = levels;
	return cached;
}

/* With layer->names held for reading. */
static int open_from_nearest(struct layer_dir *dir, struct cached_fd **ret_fd)
{
	struct fd_cache *fds = dir->layer->fds;
	cleanup_free struct layer_dir **chain = NULL;
	size_t levels;
	struct cached_fd *current = nearest_open(dir, &levels), *next;
	int error = 0;

	if (levels > 0) {
		chain = calloc(levels, sizeof(struct layer_dir *));
		if (!chain)
			error = -ENOMEM;
	}
	for (size_t i = 0; i < levels && !error; i++, dir = dir->parent)
		chain[i] = dir;
	for (size_t i = levels; i > 0 && !error; i--) {
		error = open_below(current->fd, chain[i - 1], &next);
		if (error)
			break;
		fd_cache_release(fds, current);
		current = next;
	}
	if (error) {
		fd_cache_release(fds, current);
		return error;
	}
	*ret_fd = current;
	return 0;
}

int layer_dir_open(struct layer_dir *dir, struct cached_fd **ret_fd)
{
	struct cached_fd *cached = fd_cache_acquire(dir->layer->fds, &dir->fd);
	int error;

	if (cached) {
		*ret_fd = cached;
		return 0;
	}
	pthread_rwlock_rdlock(&dir->layer->names);
	error = open_from_nearest(dir, ret_fd);
	pthread_rwlock_unlock(&dir->layer->names);
	return error;
}

/* -- moving: what the move will need is gathered before, what it leaves is released after -- */

struct move {
	struct layer_dir *dir, *parent; /* a reference on each */
	char *name;			/* owned */
};

static void moves_release(struct move *moves, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		layer_dir_unref(moves[i].parent);
		layer_dir_unref(moves[i].dir);
		free(moves[i].name);
	}
}

static int moves_gather(const struct layer_dir_place *places, size_t count, struct move *moves)
{
	for (size_t i = 0; i < count; i++) {
		char *name = strdup(places[i].name);

		if (!name) {
			moves_release(moves, i);
			return -ENOMEM;
		}
		moves[i].dir = layer_dir_ref(places[i].dir);
		moves[i].parent = layer_dir_ref(places[i].parent);
		moves[i].name = name;
	}
	return 0;
}

/* With layer->names held for writing. The move gets what the directory had. */
static void move_take_place(struct move *move)
{
	struct layer_dir *parent = move->dir->parent;
	char *name = move->dir->name;

	move->dir->parent = move->parent;
	move->dir->name = move->name;
	move->parent = parent;
	move->name = name;
}

int layer_dir_rename(struct layer *layer, int from, const char *old, int to, const char *new,
		     unsigned flags, const struct layer_dir_place *places, size_t count)
{
	struct move moves[LAYER_DIR_PLACES];
	int error = count > LAYER_DIR_PLACES ? -EINVAL : moves_gather(places, count, moves);

	if (error)
		return error;
	pthread_rwlock_wrlock(&layer->names);
	if (renameat2(from, old, to, new, flags) != 0)
		error = -errno;
	for (size_t i = 0; i < count && !error; i++)
		move_take_place(&moves[i]);
	pthread_rwlock_unlock(&layer->names);
	moves_release(moves, count);
	return error;
}

int layer_dir_move(struct layer_dir *dir, struct layer_dir *parent, const char *name)
{
	const struct layer_dir_place place = { dir, parent, name };
	struct move move;
	int error = moves_gather(&place, 1, &move);

	if (error)
		return error;
	pthread_rwlock_wrlock(&dir->layer->names);
	move_take_place(&move);
	pthread_rwlock_unlock(&dir->layer->names);
	moves_release(&move, 1);
	return 0;
}

/* With layer->names held for reading: the bytes that the path takes; 0 for the root. */
static size_t path_length(const struct layer_dir *dir)
{
	size_t length = 0;

	for (; dir->parent; dir = dir->parent)
		length += strlen(dir->name) + 1;
	return length;
}

/* Writes the path so that it ends before end. */
static void write_path(const struct layer_dir *dir, char *end)
{
	for (; dir->parent; dir = dir->parent) {
		size_t length = strlen(dir->name);

		end -= length;
		memcpy(end, dir->name, length);
		*--end = '/';
	}
}

int layer_dir_path(struct layer_dir *dir, struct buffer *path)
{
	size_t length;
	int error;

	pthread_rwlock_rdlock(&dir->layer->names);
	length = path_length(dir);
	if (length == 0) {
		error = buffer_append_string(path, "/");
	} else {
		error = buffer_reserve(path, length);
		if (!error) {
			write_path(dir, path->data + path->length + length);
			path->length += length;
			path->data[path->length] = '\0';
		}
	}
	pthread_rwlock_unlock(&dir->layer->names);
	return error;
}
