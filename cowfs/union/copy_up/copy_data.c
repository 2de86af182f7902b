/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/copy_up/copy_data.h"

#include "base/cleanup.h"
#include "base/confined.h"

#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COPY_BUFFER ((size_t)256 << 10)
#define STAT_BLOCK 512 /* the unit of st_blocks */

/* The copy for file systems between which the kernel does not copy. */
static int copy_extent_through_memory(int from, int to, off_t offset, off_t end)
{
	cleanup_free char *buffer = malloc(COPY_BUFFER);

	if (!buffer)
		return -ENOMEM;
	while (offset < end) {
		size_t want = (uint64_t)(end - offset) < COPY_BUFFER ? (size_t)(end - offset)
								     : COPY_BUFFER;
		ssize_t have = pread(from, buffer, want, offset);

		if (have <= 0)
			return have < 0 ? -errno : 0;
		for (ssize_t done = 0, put; done < have; done += put) {
			put = pwrite(to, buffer + done, (size_t)(have - done), offset + done);
			if (put < 0)
				return -errno;
		}
		offset += have;
	}
	return 0;
}

static int copy_extent(int from, int to, off_t offset, off_t end)
{
	off_t in = offset, out = offset;

	while (in < end) {
		ssize_t copied = copy_file_range(from, &in, to, &out, (size_t)(end - in), 0);

		if (copied == 0)
			break; /* also said for files that do not know their size */
		if (copied > 0)
			continue;
		if (errno == ENOSPC || errno == EDQUOT || errno == EIO || errno == EFBIG)
			return -errno;
		break;
	}
	return in < end ? copy_extent_through_memory(from, to, in, end) : 0;
}

static int copy_extents(int from, int to, off_t end)
{
	off_t offset = 0;

	while (offset < end) {
		off_t data = lseek(from, offset, SEEK_DATA), hole;
		int error;

		if (data < 0 && errno == ENXIO)
			break; /* only a hole is left */
		if (data < 0)
			return copy_extent(from, to, offset, end);
		hole = lseek(from, data, SEEK_HOLE);
		if (hole < 0 || hole > end)
			hole = end;
		if (data >= end)
			break;
		error = copy_extent(from, to, data, hole);
		if (error)
			return error;
		offset = hole;
	}
	return 0;
}

/* Shares the whole data with the copy. Other refusals may be due to this file. */
static bool clone_data(int from, int to, atomic_bool *cannot_clone)
{
	if (*cannot_clone)
		return false;
	if (ioctl(to, FICLONE, from) == 0)
		return true;
	if (errno == EOPNOTSUPP || errno == EXDEV || errno == ENOTTY)
		*cannot_clone = true;
	return false;
}

int copy_data(int from, int to, const struct attributes *source, uint64_t length,
	      atomic_bool *cannot_clone)
{
	off_t end = (off_t)(length < source->size ? length : source->size);
	int error;

	if (end == 0)
		return 0;
	if ((uint64_t)end == source->size && clone_data(from, to, cannot_clone))
		return 0;
	/* Without a hole there is no need to look for one. */
	if (source->blocks * STAT_BLOCK >= source->size)
		return copy_extent(from, to, 0, end);
	error = copy_extents(from, to, end);
	if (!error && ftruncate(to, end) < 0)
		error = -errno;
	return error;
}

/* Attributes the target may be unable to take without that being the copy's failure. */
static bool may_be_left_out(int error)
{
	return error == -ENOTSUP || error == -EPERM || error == -EACCES || error == -EINVAL;
}

static ssize_t read_xattr(int fd, const char *name, const char *attribute, char **value)
{
	for (;;) {
		ssize_t size = confined_getxattr(fd, name, attribute, NULL, 0);

		if (size < 0)
			return size;
		free(*value);
		*value = malloc((size_t)size + 1);
		if (!*value)
			return -ENOMEM;
		size = confined_getxattr(fd, name, attribute, *value, (size_t)size + 1);
		if (size != -ERANGE)
			return size;
	}
}

static int copy_xattr(int from, const char *from_name, int to, const char *to_name,
		      const char *attribute)
{
	cleanup_free char *value = NULL;
	ssize_t size = read_xattr(from, from_name, attribute, &value);
	int error;

	if (size < 0)
		return size == -ENODATA ? 0 : (int)size;
	error = confined_setxattr(to, to_name, attribute, value, (size_t)size, 0);
	return may_be_left_out(error) ? 0 : error;
}

int copy_xattrs(int from, const char *from_name, int to, const char *to_name, bool privileged)
{
	cleanup_free char *list = NULL;
	ssize_t size = confined_listxattr(from, from_name, NULL, 0);
	int error = 0;

	if (size <= 0)
		return size == -ENOTSUP ? 0 : (int)size;
	list = malloc((size_t)size);
	if (!list)
		return -ENOMEM;
	size = confined_listxattr(from, from_name, list, (size_t)size);
	if (size < 0)
		return (int)size;
	size = (ssize_t)control_xattr_filter_list(list, (size_t)size);
	for (char *name = list; !error && name < list + size; name += strlen(name) + 1)
		if (privileged || strcmp(name, "security.capability") != 0)
			error = copy_xattr(from, from_name, to, to_name, name);
	return error;
}
