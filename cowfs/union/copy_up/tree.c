/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of copy_up.h: whole trees, for renames without redirects. */
#include "union/change/names.h"
#include "union/copy_up/copy_up.h"
#include "union/directory/directory.h"
#include "union/directory/times.h"
#include "union/fs.h"
#include "union/lookup.h"

/* Deeper than anything real; a frame is small. */
#define TREE_DEPTH_MAX 8192

static int copy_up_below(struct union_fs *fs, struct inode *dir, unsigned depth);

/* A file may have been copied up by another of its names: this one must be in the upper, too. */
static int bring_name_up(struct union_fs *fs, struct inode *inode, struct inode *dir,
			 uint64_t cookie)
{
	struct attributes before;
	struct listing_entry *entry;
	struct cached_fd *fd;
	int error;

	pthread_mutex_lock(&inode->lock);
	error = directory_lock(fs, dir, true);
	if (error)
		goto out;
	entry = listing_after(dir->directory->listing, cookie - 1);
	if (entry && entry->cookie == cookie && listing_entry_is_visible(entry) &&
	    !entry->upper_type) {
		fd = NULL;
		error = layer_dir_open(dir->directory->upper, &fd);
		if (!error)
			error = directory_times_keep(dir, fd->fd, &before);
		if (!error) {
			error = link_bring_up(fs, inode, fd->fd,
					      listing_name(dir->directory->listing, entry));
			directory_times_restore(fs, dir, fd->fd, &before);
		}
		if (!error)
			directory_set_copied(dir, entry, inode->type);
		fd_cache_release(fs->fds, fd);
	}
	directory_unlock(dir);
out:
	pthread_mutex_unlock(&inode->lock);
	return error;
}

/* One that still merges must not come to stand in an opaque directory, unless it is gone from there. */
static int copy_up_subdirectory(struct union_fs *fs, struct inode *dir, unsigned depth)
{
	int error = copy_up_below(fs, dir, depth);

	return dir->directory->removed ? 0 : error;
}

/* Copies up the first entry after *cookie that comes from a lower layer; 1 when there is none. */
static int copy_up_next(struct union_fs *fs, struct inode *dir, uint64_t *cookie, unsigned depth)
{
	struct listing_entry *listed;
	struct union_entry entry;
	int error = directory_lock(fs, dir, false);

	if (error)
		return error;
	listed = listing_after(dir->directory->listing, *cookie);
	while (listed && (!listed->lower_type || listed->whiteout))
		listed = listing_next(dir->directory->listing, listed);
	if (listed) {
		*cookie = listed->cookie;
		error = lookup_entry(fs, dir, listed, &entry);
	}
	directory_unlock(dir);
	if (error || !listed)
		return error ? error : 1;
	error = copy_up(fs, entry.inode, COPY_WHOLE);
	if (!error && !inode_is_directory(entry.inode))
		error = bring_name_up(fs, entry.inode, dir, *cookie);
	/* Removed or moved away meanwhile: end_merge() sees to it that nothing is lost. */
	if (error == -ENOENT || error == -ESTALE)
		error = 0;
	else if (!error && inode_is_directory(entry.inode))
		error = copy_up_subdirectory(fs, entry.inode, depth + 1);
	inode_unref(fs, entry.inode, 1);
	return error;
}

static bool shows_lower_names(const struct listing *listing)
{
	struct listing_entry *entry = listing_after(listing, 0);

	while (entry && !(listing_entry_is_visible(entry) && !entry->upper_type))
		entry = listing_next(listing, entry);
	return entry != NULL;
}

/* lowers stay known: files unlinked but still open are read from there. */
static int end_merge(struct union_fs *fs, struct inode *dir)
{
	int error = directory_lock(fs, dir, true);

	if (error)
		return error;
	error = shows_lower_names(dir->directory->listing) ? -ESTALE
							   : directory_make_opaque(fs, dir);
	if (!error)
		directory_free_listing(fs, dir->directory);
	directory_unlock(dir);
	return error;
}

static int copy_up_below(struct union_fs *fs, struct inode *dir, unsigned depth)
{
	uint64_t cookie = 0;
	int result;

	if (depth > TREE_DEPTH_MAX)
		return -ELOOP;
	do
		result = copy_up_next(fs, dir, &cookie, depth);
	while (!result);
	if (result < 0)
		return result;
	return directory_is_merged(dir->directory) ? end_merge(fs, dir) : 0;
}

int copy_up_tree(struct union_fs *fs, struct inode *dir)
{
	int error = copy_up(fs, dir, COPY_WHOLE);

	return error ? error : copy_up_below(fs, dir, 0);
}
