/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/change/names.h"
#include "union/copy_up/copy_up.h"
#include "union/directory/directory.h"
#include "union/fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* True when the name would be seen in a lower layer if the upper did not say otherwise. */
static bool needs_whiteout(const struct listing_entry *entry)
{
	return entry->lower_type && !entry->whiteout;
}

/* -- files -- */

static int unlink_on_disk(struct union_fs *fs, int directory, const char *name,
			  const struct listing_entry *entry, unsigned *forms)
{
	enum whiteout_form form = WHITEOUT_FORM_NONE;
	char trash[WORK_NAME_MAX];
	int error;

	if (!needs_whiteout(entry))
		return unlinkat(directory, name, 0) < 0 ? -errno : 0;
	work_new_name(&fs->work, trash);
	error = whiteout_put(fs->upper, directory, name,
			     entry->upper_type ? TARGET_FILE : TARGET_ABSENT, fs->work.fd, trash,
			     &form);
	*forms |= form;
	return error;
}

/* Both the file and dir, which has an upper part, are locked. */
static int unlink_locked(struct union_fs *fs, struct inode *dir, const char *name,
			 struct union_entry *target)
{
	struct doomed_name doomed = { .inode = target->inode, .dir = dir, .name = name };
	struct listing_entry *entry = directory_find(dir, name);
	unsigned forms;
	struct cached_fd *fd;
	int error = entry ? names_look_again(fs, dir, entry, target) : -ENOENT;

	if (error)
		return error;
	doomed.links = target->attributes.links;
	doomed.was_upper_name = entry->upper_type != 0;
	error = names_prepare_removal(fs, &doomed);
	if (!error)
		error = layer_dir_open(dir->directory->upper, &fd);
	if (error)
		return error;
	forms = entry->whiteout;
	error = unlink_on_disk(fs, fd->fd, name, entry, &forms);
	fd_cache_release(fs->fds, fd);
	if (error)
		return error;
	directory_set_entry(dir, entry, 0, forms);
	names_finish_removal(fs, &doomed);
	return 0;
}

int union_unlink(struct union_fs *fs, struct inode *dir, const char *name)
{
	struct union_entry target;
	int error = names_check_old(fs, dir, name);

	if (!error)
		error = union_lookup(fs, dir, name, &target);
	if (error)
		return error;
	error = inode_is_directory(target.inode) ? -EISDIR : copy_up(fs, dir, COPY_WHOLE);
	if (!error) {
		names_lock_files(target.inode, NULL);
		error = directory_lock(fs, dir, true);
		if (!error) {
			error = unlink_locked(fs, dir, name, &target);
			directory_unlock(dir);
		}
		names_unlock_files(target.inode, NULL);
	}
	inode_unref(fs, target.inode, 1);
	return error;
}

/* -- directories -- */

/* Removes a directory that shows nothing but may hold whiteouts: out of sight by one rename. */
static int remove_upper_directory(struct union_fs *fs, int directory, const char *name)
{
	char trash[WORK_NAME_MAX];

	if (unlinkat(directory, name, AT_REMOVEDIR) == 0)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return -errno;
	work_new_name(&fs->work, trash);
	if (renameat(directory, name, fs->work.fd, trash) < 0)
		return -errno;
	work_discard(&fs->work, trash);
	return 0;
}

static int rmdir_on_disk(struct union_fs *fs, int directory, const char *name,
			 const struct listing_entry *entry, unsigned *forms)
{
	enum whiteout_form form = WHITEOUT_FORM_NONE;
	char trash[WORK_NAME_MAX];
	int error;

	if (!needs_whiteout(entry))
		return remove_upper_directory(fs, directory, name);
	work_new_name(&fs->work, trash);
	error = whiteout_put(fs->upper, directory, name,
			     entry->upper_type ? TARGET_DIRECTORY : TARGET_ABSENT, fs->work.fd,
			     trash, &form);
	if (!error && entry->upper_type)
		work_discard(&fs->work, trash);
	*forms |= form;
	return error;
}

/* Both directories are locked. */
static int rmdir_locked(struct union_fs *fs, struct inode *dir, const char *name,
			struct union_entry *target)
{
	struct listing_entry *entry = directory_find(dir, name);
	unsigned forms;
	struct cached_fd *fd;
	int error = entry ? names_look_again(fs, dir, entry, target) : -ENOENT;

	if (!error)
		error = names_prepare_rmdir(fs, target->inode);
	if (!error)
		error = layer_dir_open(dir->directory->upper, &fd);
	if (error)
		return error;
	forms = entry->whiteout;
	error = rmdir_on_disk(fs, fd->fd, name, entry, &forms);
	fd_cache_release(fs->fds, fd);
	if (error)
		return error;
	directory_set_entry(dir, entry, 0, forms);
	names_finish_rmdir(fs, target->inode);
	return 0;
}

int union_rmdir(struct union_fs *fs, struct inode *dir, const char *name)
{
	struct union_entry target;
	int error = names_check_old(fs, dir, name);

	if (!error)
		error = union_lookup(fs, dir, name, &target);
	if (error)
		return error;
	error = !inode_is_directory(target.inode) ? -ENOTDIR : copy_up(fs, dir, COPY_WHOLE);
	if (!error) {
		struct inode *dirs[] = { dir, target.inode };

		error = directory_lock_all(fs, dirs, 2);
		if (!error) {
			error = rmdir_locked(fs, dir, name, &target);
			directory_unlock_all(dirs, 2);
		}
	}
	inode_unref(fs, target.inode, 1);
	return error;
}

/* -- names that did not come to be -- */

void names_take_back(struct union_fs *fs, struct inode *dir, const char *name)
{
	struct listing_entry *entry = directory_find(dir, name);
	unsigned forms = entry->whiteout;
	struct cached_fd *fd;

	if (layer_dir_open(dir->directory->upper, &fd) < 0)
		return;
	if ((entry->upper_type == DT_DIR ? rmdir_on_disk(fs, fd->fd, name, entry, &forms)
					 : unlink_on_disk(fs, fd->fd, name, entry, &forms)) == 0)
		directory_set_entry(dir, entry, 0, forms);
	fd_cache_release(fs->fds, fd);
}
