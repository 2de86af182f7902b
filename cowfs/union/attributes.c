/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/confined.h"
#include "union/copy_up/copy_up.h"
#include "union/data.h"
#include "union/directory/directory.h"
#include "union/directory/times.h"
#include "union/fs.h"
#include "union/location.h"
#include "union/lookup.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int union_getattr(struct union_fs *fs, struct inode *inode, struct attributes *ret_attributes)
{
	return location_stat(fs, inode, ret_attributes);
}

int union_readlink(struct union_fs *fs, struct inode *inode, struct buffer *target)
{
	struct location location;
	char text[PATH_MAX];
	ssize_t length;
	int error;

	if (inode->type != DT_LNK)
		return -EINVAL;
	pthread_mutex_lock(&inode->lock);
	error = location_find(fs, inode, &location);
	if (!error) {
		length = readlinkat(location.fd, location.name ? location.name : "", text,
				    sizeof(text));
		error = length < 0 ? -errno : 0;
		location_release(fs, &location);
	}
	pthread_mutex_unlock(&inode->lock);
	return error ? error : buffer_append(target, text, (size_t)length);
}

int union_statfs(struct union_fs *fs, struct statvfs *ret_statvfs)
{
	struct statvfs statvfs;

	if (fstatvfs(fs->layers[0]->root_fd, &statvfs) < 0)
		return -errno;
	statvfs.f_namemax = NAME_MAX;
	*ret_statvfs = statvfs;
	return 0;
}

/* -- setattr -- */

static int change_size(struct union_fs *fs, struct inode *inode, const struct union_change *change)
{
	struct cached_fd *fd;
	int error = data_open(fs, inode, true, &fd);

	if (error)
		return error;
	if (ftruncate(fd->fd, (off_t)change->size) < 0)
		error = -errno;
	if (!error && (change->what & CHANGE_KILL_PRIVILEGES))
		error = data_kill_privileges(fs, inode, fd->fd);
	fd_cache_release(fs->fds, fd);
	return error;
}

/* chown(2) clears setuid, setgid of executables and capabilities of files, whoever calls it. */
static mode_t mode_after_chown(mode_t mode)
{
	if (S_ISDIR(mode))
		return mode;
	return mode & ~(S_ISUID | (mode & S_IXGRP ? (mode_t)S_ISGID : 0));
}

/* On the disk these system calls do all that they are to do, and clear what they clear. */
static int change_on_disk(const struct location *location, const struct union_change *change,
			  bool is_link)
{
	uid_t uid = change->what & CHANGE_UID ? change->uid : (uid_t)-1;
	gid_t gid = change->what & CHANGE_GID ? change->gid : (gid_t)-1;
	int error = ownership_to_disk(location->layer->ownership, &uid, &gid);

	if (!error && (change->what & (CHANGE_UID | CHANGE_GID)))
		error = confined_chown(location->fd, location->name, uid, gid);
	if (!error && (change->what & CHANGE_MODE) && !is_link)
		error = confined_chmod(location->fd, location->name, change->mode & 07777);
	return error;
}

/* Where owners are not what the disk says, they are read, changed and written back. */
static int change_by_layer(const struct location *location, const struct union_change *change)
{
	struct attributes now;
	int error = layer_stat(location->layer, location->fd, location->name, &now);

	if (error)
		return error;
	if (change->what & (CHANGE_UID | CHANGE_GID)) {
		now.mode = mode_after_chown(now.mode);
		(void)confined_removexattr(location->fd, location->name, "security.capability");
	}
	if (change->what & CHANGE_UID)
		now.uid = change->uid;
	if (change->what & CHANGE_GID)
		now.gid = change->gid;
	if (change->what & CHANGE_MODE)
		now.mode = (now.mode & S_IFMT) | (change->mode & 07777);
	return layer_set_owner_and_mode(location->layer, location->fd, location->name, now.uid,
					now.gid, now.mode, now.rdev);
}

static int change_owner_and_mode(const struct inode *inode, const struct location *location,
				 const struct union_change *change)
{
	const struct ownership *ownership = location->layer->ownership;

	if (ownership->xattr_permissions != XATTR_PERMISSIONS_OFF || ownership->squash_users ||
	    ownership->squash_groups)
		return change_by_layer(location, change);
	return change_on_disk(location, change, inode->type == DT_LNK);
}

static int change_times(const struct location *location, const struct union_change *change)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_nsec = UTIME_OMIT } };
	int flags = location->name ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH;

	if (change->what & CHANGE_ATIME)
		times[0] = change->atime;
	if (change->what & CHANGE_MTIME)
		times[1] = change->mtime;
	return utimensat(location->fd, location->name ? location->name : "", times, flags) < 0
		       ? -errno
		       : 0;
}

static int change_by_location(struct union_fs *fs, struct inode *inode,
			      const struct union_change *change, struct attributes *ret_attributes)
{
	struct attributes attributes;
	struct location location;
	int error = location_find(fs, inode, &location);

	if (error)
		return error;
	if (change->what & (CHANGE_UID | CHANGE_GID | CHANGE_MODE))
		error = change_owner_and_mode(inode, &location, change);
	if (!error && (change->what & (CHANGE_ATIME | CHANGE_MTIME)))
		error = change_times(&location, change);
	if (inode_is_directory(inode)) {
		directory_forget_bequest(inode);
		directory_times_changed(inode);
	}
	if (!error)
		error = layer_stat(location.layer, location.fd, location.name, &attributes);
	if (!error) {
		lookup_present(fs, inode, location.layer, &attributes);
		*ret_attributes = attributes;
	}
	location_release(fs, &location);
	return error;
}

int union_setattr(struct union_fs *fs, struct inode *inode, const struct union_change *change,
		  struct attributes *ret_attributes)
{
	int error;

	if (inode_is_directory(inode) && (change->what & CHANGE_SIZE))
		return -EISDIR;
	error = copy_up(fs, inode, change->what & CHANGE_SIZE ? change->size : COPY_WHOLE);
	if (!error && (change->what & CHANGE_SIZE))
		error = change_size(fs, inode, change);
	if (error)
		return error;
	/* Owner and mode are read, changed and written back: that must not meet another doing the same. */
	pthread_mutex_lock(&inode->lock);
	error = change_by_location(fs, inode, change, ret_attributes);
	pthread_mutex_unlock(&inode->lock);
	return error;
}

/* -- flags of files, as chattr(1) sets them -- */

/* A descriptor for ioctls; the caller closes it. */
static int open_for_flags(struct union_fs *fs, struct inode *inode)
{
	struct location location;
	int fd, error;

	if (inode->type != DT_REG && inode->type != DT_DIR)
		return -ENOTTY;
	if (inode->type == DT_REG)
		pthread_mutex_lock(&inode->lock);
	error = location_find(fs, inode, &location);
	if (!error) {
		fd = location.name ? confined_open_regular(location.fd, location.name, O_RDONLY)
				   : confined_reopen(location.fd, O_RDONLY);
		location_release(fs, &location);
	}
	if (inode->type == DT_REG)
		pthread_mutex_unlock(&inode->lock);
	return error ? error : fd;
}

int union_get_flags(struct union_fs *fs, struct inode *inode, int *ret_flags)
{
	int flags = 0, error = 0, fd = open_for_flags(fs, inode);

	if (fd < 0)
		return fd;
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		error = -errno;
	close(fd);
	if (!error)
		*ret_flags = flags;
	return error;
}

/*
 * Callers read flags, change one, and set them all. What they read of a lower file may mean nothing to
 * the upper's file system (ext4's "extents" is always set): only the bits they changed are changed.
 */
static int rebase_flags(struct union_fs *fs, struct inode *inode, int *flags)
{
	int lower = 0, upper = 0;
	int error = union_get_flags(fs, inode, &lower);

	if (error)
		return error;
	error = copy_up(fs, inode, COPY_TO_CHANGE);
	if (!error)
		error = union_get_flags(fs, inode, &upper);
	if (!error)
		*flags = upper ^ lower ^ *flags;
	return error;
}

/* What is open may be open in a way that the flags now forbid. The kernel does not know that the change time is another. */
static void flags_changed(struct union_fs *fs, struct inode *inode)
{
	if (inode_is_directory(inode)) {
		directory_times_changed(inode);
	} else {
		pthread_mutex_lock(&inode->lock);
		if (!(inode->flags & (INODE_NAMELESS | INODE_UNLINKED)))
			fd_cache_drop(fs->fds, &inode->fd);
		pthread_mutex_unlock(&inode->lock);
	}
	fs_tell(fs, inode, STALE_ATTRIBUTES);
}

int union_set_flags(struct union_fs *fs, struct inode *inode, int flags)
{
	int fd, error = fs_check_writable(fs);

	if (!error && !inode_is_upper(fs, inode))
		error = rebase_flags(fs, inode, &flags);
	if (error)
		return error;
	fd = open_for_flags(fs, inode);
	if (fd < 0)
		return fd;
	/* Nobody could give an immutable file its data again. */
	error = unsynced_settle(fs, inode, fd);
	if (!error)
		error = ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0 ? -errno : 0;
	close(fd);
	if (!error)
		flags_changed(fs, inode);
	return error;
}
