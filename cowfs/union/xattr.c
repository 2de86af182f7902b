/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "base/confined.h"
#include "union/acl.h"
#include "union/copy_up/copy_up.h"
#include "union/directory/directory.h"
#include "union/directory/times.h"
#include "union/fs.h"
#include "union/location.h"

#include <stdlib.h>
#include <string.h>

/* Longer lists are surely not all ours. */
#define SHORT_LIST 512

/* Others may give a file attributes at any time where they change the layers. */
static void note(const struct union_fs *fs, struct inode *inode, bool has_some)
{
	if (!fs->changing)
		inode->flags |= has_some ? INODE_HAS_XATTR : INODE_NO_XATTR;
}

/*
 * Most files have no attributes, and are asked for several: the list of their names tells at once, so that no further
 * question needs a system call.
 */
static void learn(const struct union_fs *fs, struct inode *inode, const struct location *location)
{
	char list[SHORT_LIST];
	ssize_t length;

	if (fs->changing || inode_has(inode, INODE_NO_XATTR | INODE_HAS_XATTR))
		return;
	length = confined_listxattr(location->fd, location->name, list, sizeof(list));
	if (length >= 0)
		length = (ssize_t)control_xattr_filter_list(list, (size_t)length);
	if (length >= 0 || length == -ERANGE)
		note(fs, inode, length != 0);
}

static ssize_t get_locked(struct union_fs *fs, struct inode *inode, const char *name, void *value,
			  size_t size)
{
	struct location location;
	ssize_t result = location_find(fs, inode, &location);

	if (result < 0)
		return result;
	learn(fs, inode, &location);
	result = inode_has(inode, INODE_NO_XATTR)
			 ? -ENODATA
			 : confined_getxattr(location.fd, location.name, name, value, size);
	if (result > 0 && size && acl_is_acl(name))
		acl_translate(value, (size_t)result, location.layer->ownership, true);
	location_release(fs, &location);
	return result;
}

ssize_t union_getxattr(struct union_fs *fs, struct inode *inode, const char *name, void *value,
		       size_t size)
{
	ssize_t result;

	if (fs->no_xattr)
		return -ENOTSUP;
	if (inode_has(inode, INODE_NO_XATTR) || control_xattr_is_hidden(name))
		return -ENODATA;
	pthread_mutex_lock(&inode->lock);
	result = get_locked(fs, inode, name, value, size);
	pthread_mutex_unlock(&inode->lock);
	return result;
}

static ssize_t list_locked(struct union_fs *fs, struct inode *inode, char **ret_list)
{
	struct location location;
	cleanup_free char *list = NULL;
	ssize_t size = location_find(fs, inode, &location);

	if (size < 0)
		return size;
	do { /* until nobody made it longer between the two calls */
		size = confined_listxattr(location.fd, location.name, NULL, 0);
		if (size <= 0)
			break;
		free(list);
		list = malloc((size_t)size);
		size = list ? confined_listxattr(location.fd, location.name, list, (size_t)size)
			    : -ENOMEM;
	} while (size == -ERANGE);
	if (size >= 0)
		size = (ssize_t)control_xattr_filter_list(list, (size_t)size);
	if (size >= 0)
		note(fs, inode, size > 0);
	location_release(fs, &location);
	*ret_list = steal_pointer(&list);
	return size;
}

ssize_t union_listxattr(struct union_fs *fs, struct inode *inode, char *list, size_t size)
{
	cleanup_free char *all = NULL;
	ssize_t length;

	if (fs->no_xattr)
		return -ENOTSUP;
	if (inode_has(inode, INODE_NO_XATTR))
		return 0;
	pthread_mutex_lock(&inode->lock);
	length = list_locked(fs, inode, &all);
	pthread_mutex_unlock(&inode->lock);
	if (length <= 0)
		return length == -ENOTSUP ? 0 : length;
	if (!size)
		return length;
	if ((size_t)length > size)
		return -ERANGE;
	memcpy(list, all, (size_t)length);
	return length;
}

/* Sets, or with a NULL value removes. */
static int change_locked(struct union_fs *fs, struct inode *inode, const char *name,
			 const void *value, size_t size, int flags)
{
	struct location location;
	int error = location_find(fs, inode, &location);

	if (error)
		return error;
	if (value)
		error = confined_setxattr(location.fd, location.name, name, value, size, flags);
	else
		error = confined_removexattr(location.fd, location.name, name);
	location_release(fs, &location);
	inode->flags &= (uint8_t) ~(INODE_NO_XATTR | INODE_HAS_XATTR);
	if (inode_is_directory(inode)) {
		directory_forget_bequest(inode);
		directory_times_changed(inode);
	}
	return error;
}

static int change_xattr(struct union_fs *fs, struct inode *inode, const char *name,
			const void *value, size_t size, int flags)
{
	int error = fs_check_writable(fs);

	if (error)
		return error;
	if (fs->no_xattr)
		return -ENOTSUP;
	if (control_xattr_is_hidden(name))
		return value ? -EPERM : -ENODATA;
	/* Nothing to remove is no reason to copy up. */
	if (!value && union_getxattr(fs, inode, name, NULL, 0) == -ENODATA)
		return acl_is_acl(name) ? 0 : -ENODATA; /* as file systems answer for ACLs */
	error = copy_up(fs, inode, COPY_WHOLE);
	if (error)
		return error;
	pthread_mutex_lock(&inode->lock);
	error = change_locked(fs, inode, name, value, size, flags);
	pthread_mutex_unlock(&inode->lock);
	return error;
}

int union_setxattr(struct union_fs *fs, struct inode *inode, const char *name, const void *value,
		   size_t size, int flags)
{
	cleanup_free char *copy = NULL;

	if (!acl_is_acl(name))
		return change_xattr(fs, inode, name, value ? value : "", size, flags);
	copy = malloc(size + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, value, size);
	acl_translate(copy, size, fs->upper->ownership, false);
	return change_xattr(fs, inode, name, copy, size, flags);
}

int union_removexattr(struct union_fs *fs, struct inode *inode, const char *name)
{
	return change_xattr(fs, inode, name, NULL, 0, 0);
}
