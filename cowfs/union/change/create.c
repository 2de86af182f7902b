/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "base/confined.h"
#include "union/change/names.h"
#include "union/change/new_object.h"
#include "union/copy_up/copy_up.h"
#include "union/copy_up/origin.h"
#include "union/directory/directory.h"
#include "union/fs.h"
#include "union/lookup.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Remembers the descriptor that a new regular file was made with: it is likely to be written. */
static void keep_descriptor(struct union_fs *fs, struct inode *inode, int fd, bool pinned)
{
	struct cached_fd *cached = NULL;

	if (pinned)
		(void)fd_cache_install_pinned(fs->fds, &inode->fd, fd, true, &cached);
	else
		(void)fd_cache_install(fs->fds, &inode->fd, fd, true, &cached);
	fd_cache_release(fs->fds, cached);
}

/* The inode of what was just made as name in dir, which is locked. */
static int enter_new(struct union_fs *fs, struct inode *dir, const char *name, int fd,
		     struct union_entry *ret_entry)
{
	struct attributes attributes;
	struct cached_fd *parent;
	int error;

	if (fd >= 0) {
		error = layer_stat(fs->upper, fd, NULL, &attributes);
	} else {
		error = layer_dir_open(dir->directory->upper, &parent);
		if (error)
			return error;
		error = layer_stat(fs->upper, parent->fd, name, &attributes);
		fd_cache_release(fs->fds, parent);
	}
	if (error)
		return error;
	origin_forget(fs, attributes.mode, attributes.inode);
	return lookup_new(fs, dir, name, &attributes, ret_entry);
}

static int make_locked(struct union_fs *fs, struct inode *dir, const char *name,
		       const struct new_object *object, const struct union_caller *caller,
		       struct union_entry *ret_entry)
{
	struct listing_entry *entry = directory_obtain_entry(fs, dir, name);
	uint8_t type = (uint8_t)IFTODT(object->mode);
	int error, fd = -1;
	bool opaque;

	if (!entry)
		return -ENOMEM;
	if (listing_entry_is_visible(entry))
		return -EEXIST;
	opaque = type == DT_DIR && entry->lower_type == DT_DIR;
	error = new_object_make(fs, dir, name, object, caller, entry->whiteout, opaque, &fd);
	if (error) {
		directory_set_entry(dir, entry, 0, entry->whiteout);
		return error;
	}
	directory_set_entry(dir, entry, type, 0);
	error = enter_new(fs, dir, name, fd, ret_entry);
	if (error)
		names_take_back(fs, dir, name);
	if (!error && opaque)
		ret_entry->inode->directory->opaque = true;
	if (!error && fd >= 0 && type == DT_REG)
		keep_descriptor(fs, ret_entry->inode, steal_fd(&fd), false);
	if (fd >= 0)
		close(fd);
	return error;
}

static int make(struct union_fs *fs, struct inode *dir, const char *name,
		const struct new_object *object, const struct union_caller *caller,
		struct union_entry *ret_entry)
{
	int error = names_check_new(fs, dir, name);

	if (!error)
		error = copy_up(fs, dir, COPY_WHOLE);
	if (!error)
		error = directory_lock(fs, dir, true);
	if (error)
		return error;
	error = dir->directory->removed ? -ENOENT
					: make_locked(fs, dir, name, object, caller, ret_entry);
	directory_unlock(dir);
	return error;
}

int union_mknod(struct union_fs *fs, struct inode *dir, const char *name, mode_t mode, dev_t rdev,
		const struct union_caller *caller, struct union_entry *ret_entry)
{
	struct new_object object = { .mode = mode, .rdev = rdev };

	if (S_ISDIR(mode) || S_ISLNK(mode))
		return -EINVAL;
	if (!(mode & S_IFMT))
		object.mode |= S_IFREG;
	/* It would be a whiteout; the kernel's overlayfs refuses it in the same way. */
	if (S_ISCHR(mode) && rdev == 0)
		return -EPERM;
	return make(fs, dir, name, &object, caller, ret_entry);
}

int union_mkdir(struct union_fs *fs, struct inode *dir, const char *name, mode_t mode,
		const struct union_caller *caller, struct union_entry *ret_entry)
{
	struct new_object object = { .mode = S_IFDIR | (mode & 07777) };

	return make(fs, dir, name, &object, caller, ret_entry);
}

int union_symlink(struct union_fs *fs, struct inode *dir, const char *name, const char *target,
		  const struct union_caller *caller, struct union_entry *ret_entry)
{
	struct new_object object = { .mode = S_IFLNK | 0777, .target = target };

	return make(fs, dir, name, &object, caller, ret_entry);
}

/* An inode for an unnamed file; it owns fd from here on. */
static int enter_unnamed(struct union_fs *fs, int fd, struct union_entry *ret_entry)
{
	cleanup_fd int owned = fd;
	struct attributes attributes;
	struct inode *inode;
	int error = layer_stat(fs->upper, fd, NULL, &attributes);

	if (error)
		return error;
	inode = inode_new(DT_REG);
	if (!inode)
		return -ENOMEM;
	inode->identity = lookup_identity(fs, &attributes);
	inode->number = devices_inode_number(inode->identity.device, inode->identity.inode);
	inode->flags |= INODE_NAMELESS;
	inode->layer = 0;
	keep_descriptor(fs, inode, steal_fd(&owned), true);
	if (!inode->fd) {
		inode_unref(fs, inode, 1);
		return -ENOMEM;
	}
	inode = inode_enter(fs, inode);
	lookup_present(fs, inode, fs->upper, &attributes);
	*ret_entry = (struct union_entry){ .inode = inode, .attributes = attributes };
	return 0;
}

int union_tmpfile(struct union_fs *fs, struct inode *dir, mode_t mode,
		  const struct union_caller *caller, struct union_entry *ret_entry)
{
	cleanup_fd int fd = -1;
	int error = fs_check_writable(fs);

	if (!error)
		error = copy_up(fs, dir, COPY_WHOLE);
	if (error)
		return error;
	fd = confined_open_unnamed(fs->work.fd, fs_open_flags(fs), 0600);
	if (fd < 0)
		return fd;
	error = directory_lock(fs, dir, false);
	if (error)
		return error;
	error = dir->directory->removed ? -ENOENT
					: new_object_dress_unnamed(fs, dir, fd, mode, caller);
	directory_unlock(dir);
	return error ? error : enter_unnamed(fs, steal_fd(&fd), ret_entry);
}
