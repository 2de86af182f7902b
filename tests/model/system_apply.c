/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations on names, with ordinary system calls. */
#include "side_system.h"

#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

/* For what only makes sense on regular files: 0, or the error that both sides agree on. */
static int want_regular(const struct place *place)
{
	struct stat status;
	int result = system_stat(place, &status);

	return result < 0 ? result : S_ISREG(status.st_mode) ? 0 : -EINVAL;
}

static int open_regular(const struct place *place, int flags)
{
	int result = want_regular(place);
	int fd;

	if (result < 0)
		return result;
	fd = openat(place->directory, place->name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int make_object(const struct place *place, const struct operation *operation)
{
	int fd;

	switch (operation->mode & S_IFMT) {
	case S_IFDIR:
		return error_of(mkdirat(place->directory, place->name, operation->mode & 07777));
	case S_IFLNK:
		return error_of(symlinkat(operation->other, place->directory, place->name));
	case S_IFREG:
		fd = openat(place->directory, place->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
			    operation->mode & 07777);
		if (fd < 0)
			return -errno;
		(void)close(fd);
		return 0;
	default:
		return error_of(
			mknodat(place->directory, place->name, operation->mode, operation->rdev));
	}
}

int system_make(const struct system_side *side, const struct place *place,
		const struct operation *operation)
{
	int result = system_may_make(side, place, operation->mode, operation->rdev);

	if (result == 0)
		result = make_object(place, operation);
	if (result == 0)
		result = system_give_away(side, operation, place);
	return result;
}

static int apply_make(struct system_side *side, const struct place *place,
		      const struct operation *operation, struct outcome *outcome)
{
	(void)outcome;
	return system_make(side, place, operation);
}

static int apply_tmpfile(struct system_side *side, const struct place *place,
			 const struct operation *operation, struct outcome *outcome)
{
	char data[100];
	int fd, result;

	(void)outcome;
	fd = openat(place->directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, operation->mode & 07777);
	if (fd < 0)
		return -errno;
	random_content(operation->content, 0, data, sizeof(data));
	if (write(fd, data, sizeof(data)) < 0)
		result = -errno;
	else
		result = system_may_make(side, place, S_IFREG, 0);
	/* By its link in /proc: AT_EMPTY_PATH wants a privilege the caller may not have. */
	if (result == 0) {
		char link[40];

		(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		(void)setfsuid(0);
		result = error_of(
			linkat(AT_FDCWD, link, place->directory, place->name, AT_SYMLINK_FOLLOW));
	}
	if (result == 0)
		result = system_give_away(side, operation, place);
	(void)close(fd);
	return result;
}

static int apply_link(struct system_side *side, const struct place *place,
		      const struct operation *operation, struct outcome *outcome)
{
	struct place target;
	struct stat status;
	int result = system_stat(place, &status);

	(void)outcome;
	if (result < 0)
		return result;
	result = system_find(side, operation->other, &target);
	if (result < 0)
		return result;
	result = S_ISDIR(status.st_mode) ? 0 : system_may_make(side, &target, S_IFREG, 0);
	if (result == 0)
		result = error_of(
			linkat(place->directory, place->name, target.directory, target.name, 0));
	(void)close(target.directory);
	return result;
}

static int apply_unlink(struct system_side *side, const struct place *place,
			const struct operation *operation, struct outcome *outcome)
{
	int flags = operation->kind == OPERATION_RMDIR ? AT_REMOVEDIR : 0;

	(void)side;
	(void)outcome;
	return error_of(unlinkat(place->directory, place->name, flags));
}

static int rename_places(const struct system_side *side, const struct place *from,
			 const struct place *to, unsigned flags)
{
	struct stat source;
	int result = system_stat(from, &source);

	if (result < 0)
		return result;
	if (side->role == SYSTEM_MOUNT)
		return error_of(
			renameat2(from->directory, from->name, to->directory, to->name, flags));
	if (name_is_reserved(to->name))
		return flags & RENAME_EXCHANGE ? -ENOENT : -EPERM;
	/*
	 * The whiteout would be seen here, so none is made; also because ext4 changes the directory's
	 * time even if a rename with a whiteout fails.
	 */
	flags &= ~(unsigned)RENAME_WHITEOUT;
	return error_of(renameat2(from->directory, from->name, to->directory, to->name, flags));
}

static int apply_rename(struct system_side *side, const struct place *place,
			const struct operation *operation, struct outcome *outcome)
{
	struct place to;
	int result = system_find(side, operation->other, &to);

	(void)outcome;
	if (result < 0)
		return result;
	result = rename_places(side, place, &to, operation->flags);
	(void)close(to.directory);
	return result;
}

static int apply_chmod(struct system_side *side, const struct place *place,
		       const struct operation *operation, struct outcome *outcome)
{
	struct stat status;
	int result = system_stat(place, &status);

	(void)side;
	(void)outcome;
	if (result < 0)
		return result;
	if (S_ISLNK(status.st_mode))
		return -EINVAL;
	return error_of(fchmodat(place->directory, place->name, operation->mode & 07777, 0));
}

/* Which ids are changed follows from the seed. */
static int apply_chown(struct system_side *side, const struct place *place,
		       const struct operation *operation, struct outcome *outcome)
{
	uid_t uid = operation->content & 1 ? operation->uid : (uid_t)-1;
	gid_t gid = operation->content & 2 || uid == (uid_t)-1 ? operation->gid : (gid_t)-1;

	(void)side;
	(void)outcome;
	return error_of(fchownat(place->directory, place->name, uid, gid, AT_SYMLINK_NOFOLLOW));
}

static int apply_utimens(struct system_side *side, const struct place *place,
			 const struct operation *operation, struct outcome *outcome)
{
	struct timespec times[2] = { { 1000, 5 }, operation->mtime };

	(void)side;
	(void)outcome;
	return error_of(utimensat(place->directory, place->name, times, AT_SYMLINK_NOFOLLOW));
}

static int apply_truncate(struct system_side *side, const struct place *place,
			  const struct operation *operation, struct outcome *outcome)
{
	int fd = open_regular(place, O_WRONLY);
	int result;

	(void)side;
	(void)outcome;
	if (fd < 0)
		return fd;
	result = error_of(ftruncate(fd, (off_t)operation->offset));
	(void)close(fd);
	return result;
}

/* What a write by somebody without privilege does to the file's mode. */
static int kill_privileges(int fd)
{
	struct stat status;
	mode_t mode;

	if (fstat(fd, &status) < 0)
		return -errno;
	mode = status.st_mode & 07777;
	if (mode & S_ISUID)
		mode &= ~(mode_t)S_ISUID;
	if ((mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
		mode &= ~(mode_t)S_ISGID;
	(void)fremovexattr(fd, "security.capability");
	return mode == (status.st_mode & 07777) ? 0 : error_of(fchmod(fd, mode));
}

int system_write(const struct system_side *side, int fd, const struct operation *operation)
{
	char *data = must_reallocate(NULL, operation->length);
	ssize_t written;
	int result = 0;

	random_content(operation->content, operation->offset, data, operation->length);
	written = pwrite(fd, data, operation->length, (off_t)operation->offset);
	if (written < 0)
		result = -errno;
	free(data);
	if (result == 0 && operation->kill_privileges && side->role == SYSTEM_PLAIN_BESIDE_API)
		result = kill_privileges(fd);
	return result < 0 ? result : (int)written;
}

static int apply_write(struct system_side *side, const struct place *place,
		       const struct operation *operation, struct outcome *outcome)
{
	int fd = open_regular(place, O_WRONLY);
	int result;

	(void)outcome;
	if (fd < 0)
		return fd;
	result = system_write(side, fd, operation);
	(void)close(fd);
	return result;
}

int system_read(int fd, const struct operation *operation, struct outcome *outcome)
{
	char *data = must_reallocate(NULL, operation->length);
	ssize_t got = pread(fd, data, operation->length, (off_t)operation->offset);
	int result = got < 0 ? -errno : (int)got;

	if (got > 0)
		outcome_append(outcome, data, (size_t)got);
	free(data);
	return result;
}

static int apply_read(struct system_side *side, const struct place *place,
		      const struct operation *operation, struct outcome *outcome)
{
	int fd = open_regular(place, O_RDONLY);
	int result;

	(void)side;
	if (fd < 0)
		return fd;
	result = system_read(fd, operation, outcome);
	(void)close(fd);
	return result;
}

static int apply_fallocate(struct system_side *side, const struct place *place,
			   const struct operation *operation, struct outcome *outcome)
{
	int fd = open_regular(place, O_WRONLY);
	int result;

	(void)side;
	(void)outcome;
	if (fd < 0)
		return fd;
	result = error_of(
		fallocate(fd, (int)operation->flags, (off_t)operation->offset, operation->length));
	(void)close(fd);
	return result;
}

static int copy_range(int from, int to, const struct operation *operation)
{
	off_t from_offset = (off_t)operation->other_offset, to_offset = (off_t)operation->offset;
	ssize_t copied = copy_file_range(from, &from_offset, to, &to_offset, operation->length, 0);

	return copied < 0 ? -errno : (int)copied;
}

static int apply_copy_range(struct system_side *side, const struct place *place,
			    const struct operation *operation, struct outcome *outcome)
{
	struct place source;
	int result, from, to;

	(void)outcome;
	result = system_find(side, operation->other, &source);
	if (result < 0)
		return result;
	from = open_regular(&source, O_RDONLY);
	(void)close(source.directory);
	if (from < 0)
		return from;
	to = open_regular(place, O_WRONLY);
	result = to < 0 ? to : copy_range(from, to, operation);
	if (to >= 0)
		(void)close(to);
	(void)close(from);
	return result;
}

static int apply_fsync(struct system_side *side, const struct place *place,
		       const struct operation *operation, struct outcome *outcome)
{
	int fd = open_regular(place, O_WRONLY);
	int result;

	(void)side;
	(void)operation;
	(void)outcome;
	if (fd < 0)
		return fd;
	result = error_of(fsync(fd));
	(void)close(fd);
	return result;
}

/* What a union answers about an attribute that it hides, to those who might have it otherwise. */
static int answer_hidden(const char *path, const struct operation *operation)
{
	bool trusted = strncmp(operation->attribute, "trusted.", 8) == 0;
	const char *absent = trusted ? "trusted.absent" : "user.absent";

	if (operation->kind == OPERATION_GET_XATTR)
		return error_of(lgetxattr(path, absent, NULL, 0));
	if (lremovexattr(path, absent) == 0 || errno != ENODATA)
		return -errno;
	return operation->kind == OPERATION_SET_XATTR ? -EPERM : -ENODATA;
}

/* Attributes of a name that is not followed, through its directory's link in /proc. */
static int attribute_path(const struct system_side *side, const struct place *place,
			  const struct operation *operation, char *path, size_t size)
{
	struct stat status;
	int result = system_stat(place, &status);

	if (result < 0)
		return result;
	if (attribute_is_acl(operation->attribute) && !S_ISREG(status.st_mode) &&
	    !S_ISDIR(status.st_mode))
		return -EOPNOTSUPP;
	(void)snprintf(path, size, "/proc/self/fd/%d/%s", place->directory, place->name);
	if (side->role == SYSTEM_MOUNT || !attribute_is_hidden(operation->attribute))
		return 0;
	return answer_hidden(path, operation);
}

static int apply_set_xattr(struct system_side *side, const struct place *place,
			   const struct operation *operation, struct outcome *outcome)
{
	char path[600], value[64];
	int result = attribute_path(side, place, operation, path, sizeof(path));
	size_t size;

	(void)outcome;
	if (result < 0)
		return result;
	size = operation_attribute_value(operation, value);
	return error_of(lsetxattr(path, operation->attribute, value, size, (int)operation->flags));
}

static int apply_remove_xattr(struct system_side *side, const struct place *place,
			      const struct operation *operation, struct outcome *outcome)
{
	char path[600];
	int result = attribute_path(side, place, operation, path, sizeof(path));

	(void)outcome;
	if (result == 0)
		result = error_of(lremovexattr(path, operation->attribute));
	/* Taking away what is hidden may be refused for either reason. */
	if (result == -EPERM && attribute_is_hidden(operation->attribute))
		result = -ENODATA;
	return result;
}

static int apply_get_xattr(struct system_side *side, const struct place *place,
			   const struct operation *operation, struct outcome *outcome)
{
	char path[600], value[200];
	int result = attribute_path(side, place, operation, path, sizeof(path));
	ssize_t size;

	if (result < 0)
		return result;
	size = lgetxattr(path, operation->attribute, value, sizeof(value));
	if (size < 0)
		return -errno;
	outcome_append(outcome, value, (size_t)size);
	return (int)size;
}

static int apply_set_flags(struct system_side *side, const struct place *place,
			   const struct operation *operation, struct outcome *outcome)
{
	int fd = open_regular(place, O_RDONLY);
	int flags = operation->content & 1 ? FS_NODUMP_FL : 0;
	int result, before;

	(void)side;
	if (fd < 0)
		return fd;
	result = error_of(ioctl(fd, FS_IOC_GETFLAGS, &before));
	flags |= before & ~FS_NODUMP_FL;
	if (result == 0)
		result = error_of(ioctl(fd, FS_IOC_SETFLAGS, &flags));
	if (result == 0)
		result = error_of(ioctl(fd, FS_IOC_GETFLAGS, &flags));
	if (result == 0)
		outcome_tell(outcome, "from %d to %d", before & FS_NODUMP_FL, flags & FS_NODUMP_FL);
	(void)close(fd);
	return result;
}

void system_tell(struct outcome *outcome, const struct stat *status)
{
	struct snapshot_entry entry = {
		.mode = status->st_mode,
		.links = (uint32_t)status->st_nlink,
		.uid = status->st_uid,
		.gid = status->st_gid,
		.rdev = status->st_rdev,
		.size = (uint64_t)status->st_size,
	};

	outcome_tell_stat(outcome, &entry);
}

static int apply_stat(struct system_side *side, const struct place *place,
		      const struct operation *operation, struct outcome *outcome)
{
	struct stat status;
	int result = system_stat(place, &status);

	(void)side;
	(void)operation;
	if (result == 0)
		system_tell(outcome, &status);
	return result;
}

static int apply_readlink(struct system_side *side, const struct place *place,
			  const struct operation *operation, struct outcome *outcome)
{
	char target[4096];
	ssize_t length;

	(void)side;
	(void)operation;
	length = readlinkat(place->directory, place->name, target, sizeof(target));
	if (length < 0)
		return -errno;
	outcome_append(outcome, target, (size_t)length);
	return (int)length;
}

static int apply_hold(struct system_side *side, const struct place *place,
		      const struct operation *operation, struct outcome *outcome)
{
	(void)outcome;
	return system_hold(side, place, operation);
}

typedef int apply_function(struct system_side *side, const struct place *place,
			   const struct operation *operation, struct outcome *outcome);

static apply_function *const functions[OPERATION_COUNT] = {
	[OPERATION_MAKE] = apply_make,
	[OPERATION_TMPFILE] = apply_tmpfile,
	[OPERATION_LINK] = apply_link,
	[OPERATION_UNLINK] = apply_unlink,
	[OPERATION_RMDIR] = apply_unlink,
	[OPERATION_RENAME] = apply_rename,
	[OPERATION_CHMOD] = apply_chmod,
	[OPERATION_CHOWN] = apply_chown,
	[OPERATION_UTIMENS] = apply_utimens,
	[OPERATION_TRUNCATE] = apply_truncate,
	[OPERATION_WRITE] = apply_write,
	[OPERATION_READ] = apply_read,
	[OPERATION_FALLOCATE] = apply_fallocate,
	[OPERATION_COPY_RANGE] = apply_copy_range,
	[OPERATION_FSYNC] = apply_fsync,
	[OPERATION_SET_XATTR] = apply_set_xattr,
	[OPERATION_REMOVE_XATTR] = apply_remove_xattr,
	[OPERATION_GET_XATTR] = apply_get_xattr,
	[OPERATION_SET_FLAGS] = apply_set_flags,
	[OPERATION_STAT] = apply_stat,
	[OPERATION_READLINK] = apply_readlink,
	[OPERATION_HOLD] = apply_hold,
};

int system_apply(struct system_side *side, const struct place *place,
		 const struct operation *operation, struct outcome *outcome)
{
	return functions[operation->kind](side, place, operation, outcome);
}
