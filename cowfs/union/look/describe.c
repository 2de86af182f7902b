/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a union is made of, for those who look into it. */
#include "base/buffer.h"
#include "union/fs.h"

#include <string.h>

unsigned union_layer_count(const struct union_fs *fs)
{
	return fs->layer_count;
}

void union_get_layer(const struct union_fs *fs, unsigned index, struct union_layer *ret_layer)
{
	const struct layer *layer = fs_layer(fs, index);

	*ret_layer = (struct union_layer){
		.path = layer->real_path ? layer->real_path : layer->path,
		.device = layer->device,
		.inode = layer->root_inode,
		.xattr_namespace = layer->xattr_namespace,
		.is_upper = fs->has_upper && index == 0,
		.dialect = layer->dialect,
	};
}

void union_get_options(const struct union_fs *fs, struct union_options *ret_options)
{
	*ret_options = (struct union_options){
		.workdir = fs->work.path,
		.dialect = fs->dialect,
		.redirect = fs->redirect,
		.ownership = fs->ownership,
		.volatile_upper = fs->volatile_upper,
		.read_only = fs->read_only,
		.no_xattr = fs->no_xattr,
		.changing = fs->changing,
		.static_nlink = fs->static_nlink,
	};
}

void union_get_source(const struct inode *inode, struct union_source *ret_source)
{
	*ret_source = (struct union_source){ inode->layer, inode->identity.inode };
}

/* With topology held for reading, so that directories stay where they are. */
static int prepend_ancestors(struct union_fs *fs, struct inode *inode, struct buffer *path)
{
	struct position position;
	int error = 0;

	inode_ref(inode);
	while (inode != fs->root) {
		error = position_get(fs, inode, &position);
		if (error)
			break;
		inode_unref(fs, inode, 1);
		inode = position.parent; /* and its reference */
		error = buffer_prepend(path, position.name, strlen(position.name));
		if (!error)
			error = buffer_prepend(path, "/", 1);
		if (error)
			break;
	}
	inode_unref(fs, inode, 1);
	return error;
}

int union_path(struct union_fs *fs, struct inode *inode, struct buffer *path)
{
	cleanup_buffer struct buffer whole = BUFFER_INIT;
	int error;

	pthread_rwlock_rdlock(&fs->topology);
	error = prepend_ancestors(fs, inode, &whole);
	pthread_rwlock_unlock(&fs->topology);
	if (error)
		return error;
	return buffer_append_string(path, whole.length ? buffer_string(&whole) : "/");
}
