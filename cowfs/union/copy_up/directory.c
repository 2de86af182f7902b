/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/copy_up/directory.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "union/copy_up/copy.h"
#include "union/directory/directory.h"
#include "union/directory/times.h"
#include "union/fs.h"
#include "union/lookup.h"

#include <dirent.h>
#include <fcntl.h>

/* From here on the rest of the world may use the upper part. */
static void attach_upper(struct copy *copy, struct layer_dir *upper)
{
	copy->inode->directory->upper = upper;
	copy->inode->layer = 0;
	inode_change_identity(copy->fs, copy->inode, lookup_identity(copy->fs, &copy->result));
	/* As a merged directory it shows one link, and the size of the copy. */
	fs_tell(copy->fs, copy->inode, STALE_ATTRIBUTES);
}

/* The copy, which has its name by now, shows the change time of what it was copied from. */
static void keep_change_time(const struct copy *copy, int parent, const char *name)
{
	struct attributes now;

	if (layer_stat_raw(parent, name, &now) == 0)
		directory_times_take(copy->inode, &copy->source.ctime, &now);
}

/* Makes the upper part of a directory under its parent's, which the caller has locked. */
static int make_directory(struct copy *copy, struct inode *parent, const char *name,
			  struct layer_dir *upper)
{
	struct listing_entry *entry = directory_find(parent, name);
	struct cached_fd *fd;
	int error = entry ? layer_dir_open(parent->directory->upper, &fd) : -ESTALE;

	if (error)
		return error;
	error = copy_make(copy);
	if (!error)
		error = copy_rename_into(copy, parent, fd->fd, name);
	if (!error) {
		keep_change_time(copy, fd->fd, name);
		attach_upper(copy, upper);
		directory_set_copied(parent, entry, DT_DIR);
	}
	fd_cache_release(copy->fs->fds, fd);
	return error;
}

/* A removed directory is still open somewhere: its upper part never gets a name. */
static int make_nameless(struct copy *copy, struct layer_dir *upper)
{
	struct fd_cache *fds = copy->fs->fds;
	struct cached_fd *cached;
	int fd, error = copy_make(copy);

	if (error)
		return error;
	fd = confined_open(copy->fs->work.fd, copy->temporary, O_PATH | O_DIRECTORY, 0);
	error = fd < 0 ? fd : fd_cache_install_pinned(fds, &upper->fd, fd, false, &cached);
	if (error)
		return error;
	fd_cache_release(fds, cached);
	work_discard(&copy->fs->work, copy->temporary);
	attach_upper(copy, upper);
	return 0;
}

static int make_upper(struct copy *copy, struct inode *parent, const char *name)
{
	struct directory *directory = copy->inode->directory;
	struct layer_dir *upper = layer_dir_new(parent->directory->upper, name);
	int error = upper ? location_find(copy->fs, copy->inode, &copy->from) : -ENOMEM;

	if (!error) {
		error = layer_stat(copy->from.layer, copy->from.fd, copy->from.name, &copy->source);
		if (!error)
			error = directory->removed ? make_nameless(copy, upper)
						   : make_directory(copy, parent, name, upper);
		location_release(copy->fs, &copy->from);
	}
	if (error) {
		copy_discard(copy);
		layer_dir_unref(upper);
	}
	return error;
}

/* Copies up a directory whose parent is in the upper already; the parent's lock makes it happen once. */
static int copy_up_step(struct union_fs *fs, struct inode *dir, struct inode *parent,
			const char *name)
{
	struct copy copy = { .fs = fs, .inode = dir, .data = -1, .fd = -1 };
	int error = directory_lock(fs, parent, true);

	if (error)
		return error;
	if (!dir->directory->upper)
		error = make_upper(&copy, parent, name);
	directory_unlock(parent);
	return error;
}

/* The nearest ancestor of dir, or dir itself, that is not in the upper but whose parent is. */
static int find_next_step(struct union_fs *fs, struct inode *dir, struct inode **ret_step,
			  struct position *ret_position)
{
	struct inode *step = dir;

	inode_ref(step);
	for (;;) {
		struct position position;
		int error = position_get(fs, step, &position);

		if (error) {
			inode_unref(fs, step, 1);
			return error;
		}
		if (position.parent->directory->upper) {
			*ret_step = step;
			*ret_position = position;
			return 0;
		}
		inode_unref(fs, step, 1);
		step = steal_pointer(&position.parent);
	}
}

/* From the top down, one directory at a time, so that at most one parent is locked. */
static int copy_up_path_steps(struct union_fs *fs, struct inode *dir)
{
	while (!dir->directory->upper) {
		struct position position;
		struct inode *step;
		int error = find_next_step(fs, dir, &step, &position);

		if (error)
			return error;
		error = copy_up_step(fs, step, position.parent, position.name);
		inode_unref(fs, step, 1);
		position_release(fs, &position);
		if (error)
			return error;
	}
	return 0;
}

/* Copies up a directory and what leads to it, while none of that is moved. */
int copy_up_directory(struct union_fs *fs, struct inode *dir)
{
	int error;

	if (dir->directory->upper)
		return 0;
	pthread_rwlock_rdlock(&fs->topology);
	error = copy_up_path_steps(fs, dir);
	pthread_rwlock_unlock(&fs->topology);
	return error;
}
