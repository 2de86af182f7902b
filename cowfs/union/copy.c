/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/copy.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "union/copy_data.h"
#include "union/copy_up.h"
#include "union/directory_times.h"
#include "union/fs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int copy_regular(struct copy *copy)
{
	struct union_fs *fs = copy->fs;
	cleanup_fd int from = -1;

	from = copy->from.name ? confined_open_regular(copy->from.fd, copy->from.name, O_RDONLY)
			       : confined_reopen(copy->from.fd, O_RDONLY);
	if (from < 0)
		return from;
	copy->fd = confined_open(fs->work.fd, copy->temporary, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (copy->fd < 0)
		return copy->fd;
	return copy_data(from, copy->fd, copy->length);
}

static int copy_symlink(struct copy *copy)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(copy->from.fd, copy->from.name ? copy->from.name : "", target,
				    sizeof(target) - 1);

	if (length < 0)
		return -errno;
	target[length] = 0;
	return symlinkat(target, copy->fs->work.fd, copy->temporary) < 0 ? -errno : 0;
}

static int copy_object(struct copy *copy)
{
	int work = copy->fs->work.fd;
	mode_t mode = copy->source.mode;

	switch (mode & S_IFMT) {
	case S_IFREG:
		return copy_regular(copy);
	case S_IFDIR:
		return mkdirat(work, copy->temporary, 0700) < 0 ? -errno : 0;
	case S_IFLNK:
		return copy_symlink(copy);
	default:
		if (copy->fs->ownership.xattr_permissions)
			mode = S_IFREG; /* what kind it is stands in the attribute */
		return mknodat(work, copy->temporary, (mode & S_IFMT) | 0600, copy->source.rdev) < 0
			       ? -errno
			       : 0;
	}
}

/*
 * Gives the copy its owner and mode. An owner that we cannot give, for want of privilege or because
 * it is not mapped, is replaced by ourselves, and then setuid, setgid and capabilities do
 * not survive (CVE-2023-0386): *privileged becomes false.
 */
static int copy_owner(struct copy *copy, bool *privileged)
{
	const struct attributes *source = &copy->source;
	struct union_fs *fs = copy->fs;
	mode_t mode = source->mode;
	int error = layer_set_owner_and_mode(fs->upper, fs->work.fd, copy->temporary, source->uid,
					     source->gid, mode, source->rdev);

	*privileged = true;
	if (error != -EPERM && error != -EINVAL && error != -EOVERFLOW)
		return error;
	*privileged = false;
	if (S_ISLNK(mode))
		return 0;
	return confined_chmod(fs->work.fd, copy->temporary,
			      mode & (S_ISDIR(mode) ? 01777U : 0777U));
}

static int copy_times(struct copy *copy)
{
	struct timespec times[2] = { copy->source.atime, copy->source.mtime };

	return utimensat(copy->fs->work.fd, copy->temporary, times, AT_SYMLINK_NOFOLLOW) < 0
		       ? -errno
		       : 0;
}

/* Whatever crashes: once the copy has its name, that never shows less than the whole data. */
static int make_durable(struct copy *copy)
{
	struct union_fs *fs = copy->fs;

	if (copy->fd < 0 || !copy->result.size || fs->volatile_upper ||
	    inode_has(copy->inode, INODE_UNLINKED))
		return 0;
	/* A file with several names may have none where a mark is looked for. */
	copy->marked = copy->length == COPY_WHOLE && copy->source.links == 1 &&
		       unsynced_mark(fs, copy->result.inode, copy->from.layer, copy->source.inode);
	if (copy->marked)
		return 0;
	return fdatasync(copy->fd) < 0 ? -errno : 0;
}

int copy_make(struct copy *copy)
{
	struct union_fs *fs = copy->fs;
	bool privileged;
	int error;

	work_new_name(&fs->work, copy->temporary);
	error = copy_object(copy);
	if (!error)
		error = copy_owner(copy, &privileged);
	if (!error && fs->upper->xattr_namespace != XATTR_NAMESPACE_NONE)
		error = copy_xattrs(copy->from.fd, copy->from.name, fs->work.fd, copy->temporary,
				    privileged);
	if (!error)
		error = layer_stat(fs->upper, fs->work.fd, copy->temporary, &copy->result);
	if (error)
		return error;
	copy->origin = origin_of(fs, fs_layer(fs, copy->from.layer->index), copy->from.fd,
				 copy->from.name, &copy->source);
	origin_record(fs, fs->work.fd, copy->temporary, &copy->result, &copy->origin);
	error = copy_times(copy);
	return error ? error : make_durable(copy);
}

int copy_rename_into(struct copy *copy, struct inode *dir, int parent, const char *name)
{
	struct attributes before;
	int error = directory_times_keep(dir, parent, &before);

	if (error)
		return error;
	error = whiteout_publish(copy->fs->work.fd, copy->temporary, parent, name,
				 WHITEOUT_FORM_NONE);
	directory_times_restore(copy->fs, dir, parent, &before);
	return error;
}

void copy_discard(struct copy *copy)
{
	if (copy->marked)
		unsynced_forget(copy->fs, copy->result.inode);
	if (*copy->temporary)
		work_discard(&copy->fs->work, copy->temporary);
}
