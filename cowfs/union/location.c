/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/location.h"

#include "union/directory/directory.h"
#include "union/fs.h"
#include "union/lookup.h"

#include <string.h>

static int find_by_position(struct union_fs *fs, struct inode *inode, struct location *location)
{
	struct position position;
	int error = position_get(fs, inode, &position);

	if (error)
		return error;
	error = directory_open_part(fs, position.parent, inode->layer, &location->held);
	if (!error) {
		memcpy(location->name_buffer, position.name, strlen(position.name) + 1);
		location->name = location->name_buffer;
		location->fd = location->held->fd;
	}
	position_release(fs, &position);
	return error;
}

int location_find(struct union_fs *fs, struct inode *inode, struct location *location)
{
	struct hard_link *link = inode->hard_link;
	int error;

	/* Where a hard link's copy is changes under the file's lock only, which is held. */
	location->layer = fs_layer(fs, inode->layer);
	location->name = NULL;
	location->held = NULL;
	if (inode_is_directory(inode)) {
		error = directory_open_part(fs, inode, inode->layer, &location->held);
		if (!error)
			location->fd = location->held->fd;
		return error;
	}
	location->held = fd_cache_acquire(fs->fds, &inode->fd);
	if (location->held) {
		location->fd = location->held->fd;
		return 0;
	}
	if (link && hard_link_layer(fs, link) == location->layer) {
		location->name = location->name_buffer;
		location->fd = hard_link_location(fs, link, location->layer, location->name_buffer);
		return 0;
	}
	return find_by_position(fs, inode, location);
}

void location_release(struct union_fs *fs, struct location *location)
{
	fd_cache_release(fs->fds, location->held);
	location->held = NULL;
}

int location_stat_locked(struct union_fs *fs, struct inode *inode,
			 struct attributes *ret_attributes)
{
	struct attributes attributes;
	struct location location;
	int error = location_find(fs, inode, &location);

	if (error)
		return error;
	error = layer_stat(location.layer, location.fd, location.name, &attributes);
	location_release(fs, &location);
	if (error)
		return error;
	/* Somebody has put another file in its place: the name has to be looked up again. */
	if (fs->changing && !inode_is_directory(inode) && attributes.inode != inode->identity.inode)
		return -ESTALE;
	lookup_present(fs, inode, location.layer, &attributes);
	*ret_attributes = attributes;
	return 0;
}

int location_stat(struct union_fs *fs, struct inode *inode, struct attributes *ret_attributes)
{
	bool is_file = !inode_is_directory(inode);
	int error;

	if (is_file)
		pthread_mutex_lock(&inode->lock);
	error = location_stat_locked(fs, inode, ret_attributes);
	if (is_file)
		pthread_mutex_unlock(&inode->lock);
	return error;
}
