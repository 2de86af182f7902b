/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copying up files; directories: directory.c. */
#include "union/copy_up/copy_up.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "union/copy_up/copy.h"
#include "union/copy_up/directory.h"
#include "union/directory/directory.h"
#include "union/fs.h"
#include "union/lookup.h"

#include <fcntl.h>
#include <unistd.h>

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
		error = entry ? copy_rename_into(copy, parent, fd->fd, name) : -ESTALE;
		if (!error) {
			directory_set_copied(parent, entry, copy->inode->type);
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
	struct copy copy = { .fs = fs, .inode = inode, .length = length, .data = -1, .fd = -1 };
	int error = 0;

	pthread_mutex_lock(&inode->lock);
	if (inode_is_upper(fs, inode))
		goto out;
	error = location_find(fs, inode, &copy.from);
	if (error)
		goto out;
	error = copy_open_source(&copy);
	if (!error)
		error = copy_make(&copy);
	if (!error)
		error = publish_file(&copy);
	if (error)
		copy_discard(&copy);
	copy_close_source(&copy);
	location_release(fs, &copy.from);
	if (copy.fd >= 0)
		close(copy.fd);
out:
	pthread_mutex_unlock(&inode->lock);
	return error;
}

int copy_up(struct union_fs *fs, struct inode *inode, uint64_t length)
{
	struct position position;
	int error = fs_check_writable(fs);

	if (error || inode_is_upper(fs, inode))
		return error;
	if (inode_is_directory(inode))
		return copy_up_directory(fs, inode);
	if (!inode_has(inode, INODE_NAMELESS | INODE_UNLINKED)) {
		error = position_get(fs, inode, &position);
		if (error)
			return error;
		error = copy_up_directory(fs, position.parent);
		position_release(fs, &position);
	}
	return error ? error : copy_up_file(fs, inode, length);
}
