/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/copy_up.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/confined.h"
#include "union/copy_data.h"
#include "union/directory.h"
#include "union/fs.h"
#include "union/location.h"
#include "union/lookup.h"
#include "union/origin.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One copy while it is being made. */
struct copy {
	struct union_fs *fs;
	struct inode *inode;
	struct location from;
	struct attributes source;      /* as the lower layer has it, owners as shown */
	struct origin origin;	       /* of the source, and so of the copy */
	struct hard_link *link;	       /* whose copy it is, in the index already; or NULL */
	struct attributes result;      /* of the finished copy */
	uint64_t length;	       /* how much of the data is wanted */
	int fd;			       /* of a regular file's copy, open both ways; -1 for others */
	bool marked;		       /* unsynced.h */
	char temporary[WORK_NAME_MAX]; /* its name in work/ */
};

/* -- making the copy in work/ -- */

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

static int make_copy(struct copy *copy)
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

/* -- making the copy appear -- */

/* Renames the copy into the upper part of dir, which keeps its times: nothing changed in it. */
static int rename_into_parent(struct copy *copy, struct inode *dir, int parent, const char *name)
{
	struct attributes before;
	int error = layer_stat_raw(parent, NULL, &before);

	if (!error)
		error = whiteout_publish(copy->fs->work.fd, copy->temporary, parent, name,
					 WHITEOUT_FORM_NONE);
	if (error)
		return error;
	directory_restore_times(parent, &before);
	fs_tell(copy->fs, dir, STALE_ATTRIBUTES); /* all but its change time */
	return 0;
}

/*
 * From now on the inode is the copy. Whoever can find the copy is kept out meanwhile, by the lock of the
 * directory where it just appeared or that of the index: to them it would be a new file.
 */
static void move_inode(struct copy *copy)
{
	struct union_fs *fs = copy->fs;
	struct inode *inode = copy->inode;

	if (copy->link) {
		hard_links_lock(fs);
		hard_link_publish(fs, copy->link, copy->source.links);
		inode->hard_link = copy->link;
	}
	inode_change_identity(fs, inode, lookup_identity(fs, &copy->result));
	if (copy->marked)
		inode->flags |= INODE_UNSYNCED;
	inode->layer = 0; /* last: from here on others may change it */
	if (copy->link)
		hard_links_unlock(fs);
	fs->copied_up_files++;
	fs->copied_up_bytes += S_ISREG(copy->source.mode) ? copy->result.size : 0;
}

/* The descriptor of the copy becomes the one remembered; without memory, none is. */
static void move_descriptor(struct copy *copy)
{
	struct union_fs *fs = copy->fs;
	struct cached_fd *cached = NULL;

	fd_cache_drop(fs->fds, &copy->inode->fd);
	if (copy->fd >= 0)
		(void)fd_cache_install(fs->fds, &copy->inode->fd, steal_fd(&copy->fd), true,
				       &cached);
	fd_cache_release(fs->fds, cached);
}

/* Publishes as name of parent and notes it in the parent's listing. */
static int publish_as(struct copy *copy, struct inode *parent, const char *name)
{
	struct union_fs *fs = copy->fs;
	struct listing_entry *entry;
	struct cached_fd *fd;
	int error = directory_lock(fs, parent, true);

	if (error)
		return error;
	error = layer_dir_open(parent->directory->upper, &fd);
	if (!error) {
		entry = directory_find(parent, name);
		error = entry ? rename_into_parent(copy, parent, fd->fd, name) : -ESTALE;
		if (!error) {
			directory_set_entry(parent, entry, copy->inode->type, entry->whiteout);
			move_descriptor(copy);
			move_inode(copy);
		}
		fd_cache_release(fs->fds, fd);
	}
	directory_unlock(parent);
	if (!error && copy->link) /* its lower name now is an upper one */
		hard_link_count_gone(fs, copy->link);
	return error;
}

/* An unlinked file is still open somewhere: its copy never gets a name. */
static int keep_nameless(struct copy *copy)
{
	struct union_fs *fs = copy->fs;
	struct cached_fd *cached;
	int error;

	if (copy->fd < 0)
		copy->fd = confined_open(fs->work.fd, copy->temporary, O_PATH, 0);
	if (copy->fd < 0)
		return copy->fd;
	/* Until the copy is sure to be kept, the lower file can be opened again. */
	fd_cache_drop(fs->fds, &copy->inode->fd);
	error = fd_cache_install_pinned(fs->fds, &copy->inode->fd, steal_fd(&copy->fd), true,
					&cached);
	if (error)
		return error;
	fd_cache_release(fs->fds, cached);
	work_discard(&fs->work, copy->temporary);
	copy->inode->flags |= INODE_NAMELESS;
	move_inode(copy);
	return 0;
}

/* Enters the copy of a file with several names in the index. */
static int enter_in_index(struct copy *copy)
{
	struct union_fs *fs = copy->fs;
	uint32_t links = copy->source.links;
	struct hard_link *link =
		hard_links_obtain(fs, copy->origin.layer, copy->origin.inode, links);
	int error = link ? hard_link_enter(fs, link, links, copy->temporary) : -ENOMEM;

	if (!error)
		copy->link = link;
	return error;
}

/* Makes the copy the file, under its name or, when that is gone, only in the index. */
static int publish(struct copy *copy)
{
	struct union_fs *fs = copy->fs;
	struct position position;
	int error = position_get(fs, copy->inode, &position);

	if (error)
		return error;
	/* A lookup may have given a nameless file another name, in a directory not copied up. */
	if (!inode_has(copy->inode, INODE_NAMELESS) && position.parent->directory->upper) {
		error = publish_as(copy, position.parent, position.name);
	} else if (copy->link) {
		move_descriptor(copy);
		move_inode(copy);
		work_discard(&fs->work, copy->temporary);
	} else {
		error = -ESTALE;
	}
	position_release(fs, &position);
	return error;
}

static int publish_file(struct copy *copy)
{
	int error;

	if (inode_has(copy->inode, INODE_UNLINKED))
		return keep_nameless(copy);
	/* A copy in a lower layer's index may have no other link there than that. */
	error = copy->source.links > 1 || copy->inode->hard_link ? enter_in_index(copy) : 0;
	if (error)
		return error;
	error = publish(copy);
	if (error && copy->link)
		hard_link_withdraw(copy->fs, copy->link);
	return error;
}

/* Copies up a file whose parent is in the upper already. */
static int copy_up_file(struct union_fs *fs, struct inode *inode, uint64_t length)
{
	struct copy copy = { .fs = fs, .inode = inode, .length = length, .fd = -1 };
	int error = 0;

	pthread_mutex_lock(&inode->lock);
	if (inode_is_upper(fs, inode))
		goto out;
	error = location_find(fs, inode, &copy.from);
	if (error)
		goto out;
	error = layer_stat(copy.from.layer, copy.from.fd, copy.from.name, &copy.source);
	if (!error)
		error = make_copy(&copy);
	if (!error)
		error = publish_file(&copy);
	if (error && copy.marked)
		unsynced_forget(fs, copy.result.inode);
	if (error && *copy.temporary)
		work_discard(&fs->work, copy.temporary);
	location_release(fs, &copy.from);
	if (copy.fd >= 0)
		close(copy.fd);
out:
	pthread_mutex_unlock(&inode->lock);
	return error;
}

/* -- directories -- */

/* From here on the rest of the world may use the upper part. */
static void attach_upper(struct copy *copy, struct layer_dir *upper)
{
	copy->inode->directory->upper = upper;
	copy->inode->layer = 0;
	inode_change_identity(copy->fs, copy->inode, lookup_identity(copy->fs, &copy->result));
}

/* Makes the upper part of a directory under its parent's, which the caller has locked. */
static int make_directory(struct copy *copy, struct inode *parent, const char *name)
{
	struct listing_entry *entry = directory_find(parent, name);
	struct layer_dir *upper = layer_dir_new(parent->directory->upper, name);
	struct cached_fd *fd = NULL;
	int error = !upper ? -ENOMEM : entry ? 0 : -ESTALE;

	if (!error)
		error = layer_dir_open(parent->directory->upper, &fd);
	if (!error)
		error = make_copy(copy);
	if (!error)
		error = rename_into_parent(copy, parent, fd->fd, name);
	if (!error) {
		attach_upper(copy, upper);
		directory_set_entry(parent, entry, DT_DIR, entry->whiteout);
	} else {
		layer_dir_unref(upper);
		if (*copy->temporary)
			work_discard(&copy->fs->work, copy->temporary);
	}
	fd_cache_release(copy->fs->fds, fd);
	return error;
}

/* Copies up a directory whose parent is in the upper already; the parent's lock makes it happen once. */
static int copy_up_directory(struct union_fs *fs, struct inode *dir, struct inode *parent,
			     const char *name)
{
	struct copy copy = { .fs = fs, .inode = dir, .fd = -1 };
	int error = directory_lock(fs, parent, true);

	if (error)
		return error;
	if (!dir->directory->upper && dir->directory->removed)
		error = -ENOENT;
	if (!dir->directory->upper && !error) {
		error = location_find(fs, dir, &copy.from);
		if (!error) {
			error = layer_stat(copy.from.layer, copy.from.fd, copy.from.name,
					   &copy.source);
			if (!error)
				error = make_directory(&copy, parent, name);
			location_release(fs, &copy.from);
		}
	}
	directory_unlock(parent);
	return error;
}

/* The nearest ancestor of dir, or dir itself, that is not in the upper but whose parent is. */
static int find_next_step(struct union_fs *fs, struct inode *dir, struct inode **ret_step,
			  struct position *ret_position)
{
	struct inode *step = dir;

	inode_ref(step);
	for (;;) {
		struct position position;
		int error = position_get(fs, step, &position);

		if (error) {
			inode_unref(fs, step, 1);
			return error;
		}
		if (position.parent->directory->upper) {
			*ret_step = step;
			*ret_position = position;
			return 0;
		}
		inode_unref(fs, step, 1);
		step = steal_pointer(&position.parent);
	}
}

/* From the top down, one directory at a time, so that at most one parent is locked. */
static int copy_up_path_steps(struct union_fs *fs, struct inode *dir)
{
	while (!dir->directory->upper) {
		struct position position;
		struct inode *step;
		int error = find_next_step(fs, dir, &step, &position);

		if (error)
			return error;
		error = copy_up_directory(fs, step, position.parent, position.name);
		inode_unref(fs, step, 1);
		position_release(fs, &position);
		if (error)
			return error;
	}
	return 0;
}

/* Copies up a directory and what leads to it, while none of that is moved. */
static int copy_up_directory_path(struct union_fs *fs, struct inode *dir)
{
	int error;

	if (dir->directory->upper)
		return 0;
	pthread_rwlock_rdlock(&fs->topology);
	error = copy_up_path_steps(fs, dir);
	pthread_rwlock_unlock(&fs->topology);
	return error;
}

int copy_up(struct union_fs *fs, struct inode *inode, uint64_t length)
{
	struct position position;
	int error = fs_check_writable(fs);

	if (error || inode_is_upper(fs, inode))
		return error;
	if (inode_is_directory(inode))
		return copy_up_directory_path(fs, inode);
	if (!inode_has(inode, INODE_NAMELESS | INODE_UNLINKED)) {
		error = position_get(fs, inode, &position);
		if (error)
			return error;
		error = copy_up_directory_path(fs, position.parent);
		position_release(fs, &position);
	}
	return error ? error : copy_up_file(fs, inode, length);
}
