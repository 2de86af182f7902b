/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/data.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "union/copy_up/copy_up.h"
#include "union/fs.h"
#include "union/location.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* -- descriptors -- */

static int open_once(const struct location *location, int flags)
{
	return location->name ? confined_open_regular(location->fd, location->name, flags)
			      : confined_reopen(location->fd, flags);
}

static int open_at(const struct location *location, int flags)
{
	int fd = open_once(location, flags);

	/* Others' files may have used up what the process may open: ours can be opened again. */
	if ((fd == -EMFILE || fd == -ENFILE) && fd_cache_trim(location->layer->fds) > 0)
		fd = open_once(location, flags);
	return fd;
}

/*
 * Opens for writing what its owner made read-only: whoever writes was allowed to when the file was
 * opened, of which an unprivileged daemon was not told. The mode is given back at once.
 */
static int open_despite_mode(const struct union_fs *fs, const struct location *location)
{
	struct attributes attributes;
	int fd, error = layer_stat_raw(location->fd, location->name, &attributes);

	if (error || attributes.uid != fs->process_uid)
		return error ? error : -EACCES;
	error = confined_chmod(location->fd, location->name, (attributes.mode & 07777) | 0600);
	if (error)
		return error;
	fd = open_at(location, fs_open_flags(fs));
	(void)confined_chmod(location->fd, location->name, attributes.mode & 07777);
	return fd;
}

int data_open_upper(const struct union_fs *fs, const struct location *location)
{
	int fd = open_at(location, fs_open_flags(fs));

	return fd == -EACCES ? open_despite_mode(fs, location) : fd;
}

/* Opens a file of the upper both ways if that can be, so that a later write need not open again. */
static int open_upper(const struct union_fs *fs, const struct location *location, bool writable,
		      bool *ret_writable)
{
	int fd = data_open_upper(fs, location);

	*ret_writable = true;
	if (fd >= 0 || writable)
		return fd;
	*ret_writable = false;
	return open_at(location, O_RDONLY);
}

/* data_open() with the inode's lock held. */
static int open_locked(struct union_fs *fs, struct inode *inode, bool writable,
		       struct cached_fd **ret_fd)
{
	struct cached_fd *cached = fd_cache_acquire(fs->fds, &inode->fd);
	struct location location;
	bool opened_writable = false;
	int fd, error;

	if (cached && (cached->writable || !writable)) {
		*ret_fd = cached;
		return 0;
	}
	fd_cache_release(fs->fds, cached);
	error = location_find(fs, inode, &location);
	if (error)
		return error;
	if (inode_is_upper(fs, inode))
		fd = open_upper(fs, &location, writable, &opened_writable);
	else
		fd = writable ? -EROFS : open_at(&location, O_RDONLY);
	location_release(fs, &location);
	if (fd < 0)
		return fd;
	return fd_cache_install(fs->fds, &inode->fd, fd, opened_writable, ret_fd);
}

static int obtain_descriptor(struct union_fs *fs, struct inode *inode, bool writable,
			     struct cached_fd **ret_fd)
{
	struct cached_fd *cached = fd_cache_acquire(fs->fds, &inode->fd);
	int error;

	if (inode->type != DT_REG) {
		fd_cache_release(fs->fds, cached);
		return inode->type == DT_DIR ? -EISDIR : -EINVAL;
	}
	if (cached && (cached->writable || !writable)) {
		*ret_fd = cached;
		return 0;
	}
	fd_cache_release(fs->fds, cached);
	pthread_mutex_lock(&inode->lock);
	error = open_locked(fs, inode, writable, ret_fd);
	pthread_mutex_unlock(&inode->lock);
	return error;
}

int data_open(struct union_fs *fs, struct inode *inode, bool writable, struct cached_fd **ret_fd)
{
	int error = obtain_descriptor(fs, inode, writable, ret_fd);

	if (error || !writable)
		return error;
	error = unsynced_settle(fs, inode, (*ret_fd)->fd);
	if (error)
		fd_cache_release(fs->fds, *ret_fd);
	return error;
}

/* For symbolic links and special files, which are never really opened. */
static int open_path_only(struct union_fs *fs, struct inode *inode, struct cached_fd **ret_fd)
{
	struct location location;
	int fd, error = location_find(fs, inode, &location);

	if (error)
		return error;
	if (!location.name) { /* kept already */
		*ret_fd = location.held;
		return 0;
	}
	fd = confined_open(location.fd, location.name, O_PATH, 0);
	location_release(fs, &location);
	return fd < 0 ? fd : fd_cache_install(fs->fds, &inode->fd, fd, false, ret_fd);
}

static int pin_duplicate(struct union_fs *fs, struct inode *inode, const struct cached_fd *cached)
{
	struct cached_fd *pinned;
	int error, fd = fcntl(cached->fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	error = fd_cache_install_pinned(fs->fds, &inode->fd, fd, cached->writable, &pinned);
	if (!error)
		fd_cache_release(fs->fds, pinned);
	return error;
}

int data_pin(struct union_fs *fs, struct inode *inode)
{
	struct cached_fd *cached;
	int error = inode->type == DT_REG ? open_locked(fs, inode, false, &cached) : -EACCES;

	/* A file that may not even be read can still be kept, and its attributes shown. */
	if (error == -EACCES || error == -EPERM)
		error = open_path_only(fs, inode, &cached);
	if (error)
		return error;
	/* While we used it, it may have been put out of its slot to make room for others. */
	if (!fd_cache_pin(fs->fds, &inode->fd))
		error = pin_duplicate(fs, inode, cached);
	fd_cache_release(fs->fds, cached);
	return error;
}

/* -- reading and writing -- */

/* A writable descriptor, after copy-up if need be. */
static int open_for_change(struct union_fs *fs, struct inode *inode, struct cached_fd **ret_fd)
{
	int error = copy_up(fs, inode, COPY_TO_CHANGE);

	return error ? error : data_open(fs, inode, true, ret_fd);
}

ssize_t union_read(struct union_fs *fs, struct inode *inode, void *data, size_t size,
		   uint64_t offset)
{
	struct cached_fd *fd;
	size_t done = 0;
	ssize_t result = data_open(fs, inode, false, &fd);

	if (result < 0)
		return result;
	while (done < size) {
		result = pread(fd->fd, (char *)data + done, size - done, (off_t)(offset + done));
		if (result < 0 && errno == EINTR)
			continue;
		if (result <= 0)
			break;
		done += (size_t)result;
	}
	result = done || result == 0 ? (ssize_t)done : -errno;
	fd_cache_release(fs->fds, fd);
	return result;
}

int data_kill_privileges(struct union_fs *fs, struct inode *inode, int fd)
{
	mode_t killed = S_ISUID;
	struct attributes attributes;
	int error = layer_stat(fs->upper, fd, NULL, &attributes);

	if (error)
		return error;
	if (attributes.mode & S_IXGRP)
		killed |= S_ISGID;
	error = confined_removexattr(fd, NULL, "security.capability");
	if (error && error != -ENODATA && error != -ENOTSUP && error != -EPERM)
		return error;
	if (!(attributes.mode & killed))
		return 0;
	error = layer_set_owner_and_mode(fs->upper, fd, NULL, attributes.uid, attributes.gid,
					 attributes.mode & ~killed, attributes.rdev);
	fs_tell(fs, inode, STALE_ATTRIBUTES);
	return error;
}

int union_kill_privileges(struct union_fs *fs, struct inode *inode)
{
	struct cached_fd *fd;
	int error = open_for_change(fs, inode, &fd);

	if (error)
		return error;
	error = data_kill_privileges(fs, inode, fd->fd);
	fd_cache_release(fs->fds, fd);
	return error;
}

int union_open_data(struct union_fs *fs, struct inode *inode)
{
	struct cached_fd *cached;
	int fd, error = data_open(fs, inode, false, &cached);

	if (error)
		return error;
	fd = confined_reopen(cached->fd, O_RDONLY);
	fd_cache_release(fs->fds, cached);
	return fd;
}

bool union_is_upper(const struct union_fs *fs, const struct inode *inode)
{
	return inode_is_upper(fs, inode);
}

uint64_t union_copy_up_size(struct union_fs *fs, struct inode *inode)
{
	struct attributes attributes;

	if (inode->type != DT_REG || inode_is_upper(fs, inode) ||
	    union_getattr(fs, inode, &attributes) < 0)
		return 0;
	return attributes.size;
}

int union_settle(struct union_fs *fs, struct inode *inode)
{
	struct cached_fd *fd;
	int error;

	if (!inode_has(inode, INODE_UNSYNCED))
		return 0;
	error = data_open(fs, inode, false, &fd);
	if (error)
		return error;
	error = unsynced_settle(fs, inode, fd->fd);
	fd_cache_release(fs->fds, fd);
	return error;
}

static ssize_t write_whole(int fd, const char *data, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t put = pwrite(fd, data + done, size - done, (off_t)(offset + done));

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return done ? (ssize_t)done : -errno;
		done += (size_t)put;
	}
	return (ssize_t)done;
}

static int open_for_appending(struct union_fs *fs, struct inode *inode)
{
	struct location location;
	int result;

	pthread_mutex_lock(&inode->lock);
	result = location_find(fs, inode, &location);
	if (!result) {
		result = open_at(&location, O_WRONLY | O_APPEND);
		location_release(fs, &location);
	}
	pthread_mutex_unlock(&inode->lock);
	return result;
}

/* To a file with the append-only flag (chattr +a), which can be opened in no other way. The kernel lets one write at a time. */
static ssize_t append(struct union_fs *fs, struct inode *inode, const void *data, size_t size,
		      uint64_t offset)
{
	cleanup_fd int fd = open_for_appending(fs, inode);
	struct stat status;

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	return (uint64_t)status.st_size == offset ? write_whole(fd, data, size, offset) : -EPERM;
}

ssize_t union_write(struct union_fs *fs, struct inode *inode, const void *data, size_t size,
		    uint64_t offset, bool kill_privileges)
{
	struct cached_fd *fd;
	ssize_t result = open_for_change(fs, inode, &fd);

	if (result == -EPERM)
		return append(fs, inode, data, size, offset);
	if (result < 0)
		return result;
	if (kill_privileges)
		result = data_kill_privileges(fs, inode, fd->fd);
	if (!result)
		result = write_whole(fd->fd, data, size, offset);
	fd_cache_release(fs->fds, fd);
	return result;
}

static int sync_directory(struct union_fs *fs, struct inode *dir, bool data_only)
{
	struct location location;
	int fd, result, error = unsynced_settle_all(fs);

	if (!error)
		error = location_find(fs, dir, &location);
	if (error)
		return error;
	fd = confined_reopen(location.fd, O_RDONLY | O_DIRECTORY);
	location_release(fs, &location);
	if (fd < 0)
		return fd;
	result = (data_only ? fdatasync(fd) : fsync(fd)) < 0 ? -errno : 0;
	close(fd);
	return result;
}

int union_fsync(struct union_fs *fs, struct inode *inode, bool data_only)
{
	struct cached_fd *fd;
	int error;

	/* What is in a lower layer was never changed. */
	if (fs->volatile_upper || !inode_is_upper(fs, inode))
		return 0;
	if (inode_is_directory(inode))
		return sync_directory(fs, inode, data_only);
	error = data_open(fs, inode, false, &fd);
	if (error)
		return error;
	error = unsynced_settle(fs, inode, fd->fd);
	if (!error)
		error = (data_only ? fdatasync(fd->fd) : fsync(fd->fd)) < 0 ? -errno : 0;
	fd_cache_release(fs->fds, fd);
	return error;
}

int union_fallocate(struct union_fs *fs, struct inode *inode, int mode, uint64_t offset,
		    uint64_t length)
{
	struct cached_fd *fd;
	int error = open_for_change(fs, inode, &fd);

	if (error)
		return error;
	error = fallocate(fd->fd, mode, (off_t)offset, (off_t)length) < 0 ? -errno : 0;
	fd_cache_release(fs->fds, fd);
	return error;
}

off_t union_lseek(struct union_fs *fs, struct inode *inode, off_t offset, int whence)
{
	struct cached_fd *fd;
	off_t result = data_open(fs, inode, false, &fd);

	if (result < 0)
		return result;
	/* The descriptor's own offset is used by nobody: all I/O is by explicit offset. */
	result = lseek(fd->fd, offset, whence);
	if (result < 0)
		result = -errno;
	fd_cache_release(fs->fds, fd);
	return result;
}

ssize_t union_copy_file_range(struct union_fs *fs, struct inode *from, uint64_t from_offset,
			      struct inode *to, uint64_t to_offset, size_t length)
{
	struct cached_fd *in, *out;
	off_t in_offset = (off_t)from_offset, out_offset = (off_t)to_offset;
	ssize_t result = open_for_change(fs, to, &out);

	if (result < 0)
		return result;
	result = data_open(fs, from, false, &in);
	if (!result) {
		result = copy_file_range(in->fd, &in_offset, out->fd, &out_offset, length, 0);
		if (result < 0)
			result = -errno;
		fd_cache_release(fs->fds, in);
	}
	fd_cache_release(fs->fds, out);
	return result;
}
