/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/change/names.h"

#include "base/confined.h"
#include "union/copy_up/origin.h"
#include "union/data.h"
#include "union/directory/directory.h"
#include "union/directory/times.h"
#include "union/fs.h"
#include "union/location.h"
#include "union/lookup.h"

#include <dirent.h>
#include <string.h>

static int check_name(struct union_fs *fs, struct inode *dir, const char *name, int reserved)
{
	int error = fs_check_writable(fs);

	if (error)
		return error;
	if (strlen(name) > NAME_MAX)
		return -ENAMETOOLONG;
	if (!confined_name_is_valid(name))
		return -EINVAL;
	if (whiteout_name_is_reserved(name))
		return reserved;
	return inode_is_directory(dir) ? 0 : -ENOTDIR;
}

int names_check_new(struct union_fs *fs, struct inode *dir, const char *name)
{
	return check_name(fs, dir, name, -EPERM);
}

int names_check_old(struct union_fs *fs, struct inode *dir, const char *name)
{
	return check_name(fs, dir, name, -ENOENT);
}

static bool is_file(const struct inode *inode)
{
	return inode && !inode_is_directory(inode);
}

void names_lock_files(struct inode *a, struct inode *b)
{
	struct inode *first = a < b ? a : b, *second = a < b ? b : a;

	if (is_file(first))
		pthread_mutex_lock(&first->lock);
	if (is_file(second) && second != first)
		pthread_mutex_lock(&second->lock);
}

void names_unlock_files(struct inode *a, struct inode *b)
{
	if (is_file(a))
		pthread_mutex_unlock(&a->lock);
	if (is_file(b) && b != a)
		pthread_mutex_unlock(&b->lock);
}

/* What stands only in a lower layer is what it was: a change of it would have brought it up. */
static bool is_still_lower(const struct union_fs *fs, const struct listing_entry *entry,
			   const struct union_entry *found)
{
	if (fs->changing || entry->upper_type || inode_is_upper(fs, found->inode))
		return false;
	/* Another name of it may be gone by now. */
	return inode_is_directory(found->inode) || found->attributes.links == 1;
}

int names_look_again(struct union_fs *fs, struct inode *dir, const struct listing_entry *entry,
		     struct union_entry *found)
{
	struct union_entry now;
	int error;

	if (is_still_lower(fs, entry, found))
		return 0;
	error = lookup_entry(fs, dir, entry, &now);
	if (error)
		return error;
	if (now.inode != found->inode)
		error = -ESTALE;
	else
		found->attributes = now.attributes;
	inode_unref(fs, now.inode, 1);
	return error;
}

/* True when it is found by the index, whichever of its names goes. */
static bool is_in_index(struct union_fs *fs, struct inode *inode)
{
	struct hard_link *link = inode->hard_link;

	return link && hard_link_layer(fs, link) == fs->upper;
}

int names_prepare_removal(struct union_fs *fs, const struct doomed_name *doomed)
{
	struct inode *inode = doomed->inode;

	/* A lower layer keeps its file; a file with other names is found by them, or by the index. */
	if (!inode_is_upper(fs, inode))
		return 0;
	if (doomed->links > 1 &&
	    (is_in_index(fs, inode) || !position_is(fs, inode, doomed->dir, doomed->name)))
		return 0;
	return data_pin(fs, inode);
}

/* The record of a lower file with several names, a new one when none of them was ever changed. */
static struct hard_link *obtain_record(struct union_fs *fs, struct inode *inode, uint32_t links)
{
	struct attributes attributes;
	struct location location;
	struct origin origin;
	int error = location_find(fs, inode, &location);

	if (error)
		return NULL;
	error = layer_stat(location.layer, location.fd, location.name, &attributes);
	if (!error)
		origin = origin_of(fs, fs_layer(fs, inode->layer), location.fd, location.name,
				   &attributes);
	location_release(fs, &location);
	return error ? NULL : hard_links_obtain(fs, origin.layer, origin.inode, links);
}

/* A name that stood in a lower layer is no more: the lower file shows one link less. */
static void count_lower_name(struct union_fs *fs, const struct doomed_name *doomed)
{
	struct inode *inode = doomed->inode;

	/* Without a record all of its links are still in the lower layer. */
	if (!inode->hard_link && !inode_is_upper(fs, inode))
		inode->hard_link = obtain_record(fs, inode, doomed->links);
	if (inode->hard_link)
		hard_link_count_gone(fs, inode->hard_link);
}

void names_finish_removal(struct union_fs *fs, const struct doomed_name *doomed)
{
	struct inode *inode = doomed->inode;
	bool is_last = doomed->links <= 1;

	if (!doomed->was_upper_name && !is_last)
		count_lower_name(fs, doomed);
	if (position_is(fs, inode, doomed->dir, doomed->name))
		inode->flags |= INODE_NAMELESS;
	if (!is_last)
		return;
	inode->flags |= INODE_UNLINKED;
	inode_hide(fs, inode);
	if (inode->hard_link)
		hard_link_remove(fs, inode->hard_link);
	if (inode_has(inode, INODE_UNSYNCED))
		unsynced_forget(fs, inode->identity.inode);
	if (inode_is_upper(fs, inode))
		origin_forget(fs, (mode_t)DTTOIF(inode->type), inode->identity.inode);
}

int names_prepare_rmdir(struct union_fs *fs, struct inode *dir)
{
	struct directory *directory = dir->directory;
	struct layer_dir *upper = directory->upper;
	bool pinned = !upper;

	if (directory->visible)
		return -ENOTEMPTY;
	/* Whoever has it open may still ask for its attributes. */
	while (!pinned) {
		struct cached_fd *fd;
		int error = layer_dir_open(upper, &fd);

		if (error)
			return error;
		pinned = fd_cache_pin(fs->fds, &upper->fd); /* unless it was evicted just now */
		fd_cache_release(fs->fds, fd);
	}
	return 0;
}

void names_finish_rmdir(struct union_fs *fs, struct inode *dir)
{
	dir->directory->removed = true;
	directory_times_changed(dir);
	inode_hide(fs, dir);
}
