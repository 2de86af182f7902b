/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations on descriptors that are kept open. */
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

void system_release(struct system_side *side, unsigned slot)
{
	if (side->held[slot] >= 0)
		(void)close(side->held[slot]);
	side->held[slot] = -1;
}

int system_hold(struct system_side *side, const struct place *place,
		const struct operation *operation)
{
	struct stat status;
	int result = system_stat(place, &status);
	int flags = O_PATH;

	system_release(side, operation->slot);
	if (result < 0)
		return result;
	if (S_ISREG(status.st_mode))
		flags = O_RDWR;
	if (S_ISDIR(status.st_mode))
		flags = O_RDONLY | O_DIRECTORY;
	side->held[operation->slot] =
		openat(place->directory, place->name, flags | O_NOFOLLOW | O_CLOEXEC);
	return side->held[operation->slot] < 0 ? -errno : 0;
}

static int apply_held_stat(int fd, struct outcome *outcome)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	system_tell(outcome, &status);
	return 0;
}

static int apply_held_xattr(const struct system_side *side, int fd,
			    const struct operation *operation)
{
	char value[64];
	size_t size = operation_attribute_value(operation, value);

	if (side->role != SYSTEM_MOUNT && attribute_is_hidden(operation->attribute))
		return -EPERM;
	return error_of(fsetxattr(fd, operation->attribute, value, size, (int)operation->flags));
}

static int apply_held_link(struct system_side *side, int fd, const struct operation *operation)
{
	struct place place;
	struct stat status;
	int result = error_of(fstat(fd, &status));

	/* Nothing comes back that has lost its last name. */
	if (result == 0 && status.st_nlink == 0)
		result = -ENOENT;
	if (result == 0)
		result = system_find(side, operation->path, &place);
	if (result < 0)
		return result;
	result = system_may_make(side, &place, S_IFREG, 0);
	if (result == 0)
		result = error_of(linkat(fd, "", place.directory, place.name, AT_EMPTY_PATH));
	(void)close(place.directory);
	return result;
}

/* Which operations make sense on what is held. */
static int check_held(int fd, enum operation_kind kind)
{
	struct stat status;

	if (fd < 0)
		return -EBADF;
	if (fstat(fd, &status) < 0)
		return -errno;
	switch (kind) {
	case OPERATION_HELD_READ:
	case OPERATION_HELD_WRITE:
	case OPERATION_HELD_TRUNCATE:
	case OPERATION_HELD_LINK:
		return S_ISREG(status.st_mode) ? 0 : -EINVAL;
	case OPERATION_HELD_CHMOD:
	case OPERATION_HELD_SET_XATTR:
		return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) ? 0 : -EINVAL;
	case OPERATION_HELD_MAKE:
		/* The kernel does not even ask when the directory was removed. */
		return !S_ISDIR(status.st_mode) ? -EINVAL : status.st_nlink == 0 ? -ENOENT : 0;
	default:
		return 0;
	}
}

int system_apply_held(struct system_side *side, const struct operation *operation,
		      struct outcome *outcome)
{
	int fd = side->held[operation->slot];
	int result = check_held(fd, operation->kind);

	if (result < 0)
		return result;
	switch (operation->kind) {
	case OPERATION_HELD_STAT:
		return apply_held_stat(fd, outcome);
	case OPERATION_HELD_READ:
		return system_read(fd, operation, outcome);
	case OPERATION_HELD_WRITE:
		return system_write(side, fd, operation);
	case OPERATION_HELD_TRUNCATE:
		return error_of(ftruncate(fd, (off_t)operation->offset));
	case OPERATION_HELD_CHMOD:
		return error_of(fchmod(fd, operation->mode & 07777));
	case OPERATION_HELD_SET_XATTR:
		return apply_held_xattr(side, fd, operation);
	case OPERATION_HELD_LINK:
		return apply_held_link(side, fd, operation);
	default:
		return system_make(side, &(struct place){ fd, operation->path }, operation);
	}
}
