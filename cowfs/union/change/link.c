/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/confined.h"
#include "union/change/names.h"
#include "union/copy_up/copy_up.h"
#include "union/directory/directory.h"
#include "union/fs.h"
#include "union/location.h"
#include "union/lookup.h"

#include <fcntl.h>
#include <unistd.h>

static int link_to(const struct location *from, int directory, const char *name)
{
	if (!from->name)
		return confined_link_fd(from->fd, directory, name);
	return linkat(from->fd, from->name, directory, name, 0) < 0 ? -errno : 0;
}

/* Where whiteouts stand in the way, the link is made in work/ and takes their place by one rename. */
static int link_over_whiteouts(struct union_fs *fs, const struct location *from, int directory,
			       const char *name, unsigned forms)
{
	char temporary[WORK_NAME_MAX];
	int error;

	work_new_name(&fs->work, temporary);
	error = link_to(from, fs->work.fd, temporary);
	if (!error)
		error = whiteout_publish(fs->work.fd, temporary, directory, name, forms);
	if (error)
		work_discard(&fs->work, temporary);
	return error;
}

static int link_on_disk(struct union_fs *fs, struct inode *inode, struct inode *dir,
			const char *name, unsigned forms)
{
	struct location from;
	struct cached_fd *fd;
	int error = layer_dir_open(dir->directory->upper, &fd);

	if (error)
		return error;
	error = location_find(fs, inode, &from);
	if (!error) {
		error = forms ? link_over_whiteouts(fs, &from, fd->fd, name, forms)
			      : link_to(&from, fd->fd, name);
		location_release(fs, &from);
	}
	fd_cache_release(fs->fds, fd);
	return error;
}

/* A file that had no name can be found by it from now on, and need not be kept open. */
static void settle(struct union_fs *fs, struct inode *inode, struct inode *dir, const char *name)
{
	if (inode_has(inode, INODE_NAMELESS) && position_set(fs, inode, dir, name) == 0)
		fd_cache_drop(fs->fds, &inode->fd);
}

/* Both the inode and dir are locked. */
static int link_locked(struct union_fs *fs, struct inode *inode, struct inode *dir,
		       const char *name, struct attributes *ret_attributes)
{
	struct listing_entry *entry;
	int error;

	if (dir->directory->removed || inode_has(inode, INODE_UNLINKED))
		return -ENOENT;
	entry = directory_obtain_entry(fs, dir, name);
	if (!entry)
		return -ENOMEM;
	if (listing_entry_is_visible(entry))
		return -EEXIST;
	error = link_on_disk(fs, inode, dir, name, entry->whiteout);
	directory_set_entry(dir, entry, error ? 0 : inode->type, error ? entry->whiteout : 0);
	if (error)
		return error;
	error = location_stat_locked(fs, inode, ret_attributes);
	if (error)
		names_take_back(fs, dir, name);
	else
		settle(fs, inode, dir, name);
	return error;
}

int union_link(struct union_fs *fs, struct inode *inode, struct inode *dir, const char *name,
	       struct union_entry *ret_entry)
{
	struct union_entry entry = { .inode = inode };
	int error = names_check_new(fs, dir, name);

	if (!error && inode_is_directory(inode))
		error = -EPERM;
	if (!error)
		error = copy_up(fs, inode, COPY_WHOLE);
	if (!error)
		error = copy_up(fs, dir, COPY_WHOLE);
	if (error)
		return error;
	names_lock_files(inode, NULL);
	error = directory_lock(fs, dir, true);
	if (!error) {
		error = link_locked(fs, inode, dir, name, &entry.attributes);
		directory_unlock(dir);
	}
	names_unlock_files(inode, NULL);
	if (error)
		return error;
	inode_ref(inode);
	*ret_entry = entry;
	return 0;
}

int link_bring_up(struct union_fs *fs, struct inode *inode, int directory, const char *name)
{
	struct location from;
	int error = location_find(fs, inode, &from);

	if (error)
		return error;
	error = link_to(&from, directory, name);
	location_release(fs, &from);
	if (!error && inode->hard_link)
		hard_link_count_gone(fs, inode->hard_link);
	return error;
}
