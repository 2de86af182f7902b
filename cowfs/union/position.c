/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/fs.h"
#include "union/inode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t *lock_of(struct union_fs *fs, const struct inode *inode)
{
	return &fs->positions[((uintptr_t)inode / sizeof(*inode)) % POSITION_LOCKS];
}

int position_get(struct union_fs *fs, struct inode *inode, struct position *ret_position)
{
	pthread_mutex_t *lock = lock_of(fs, inode);
	int result = -ENOENT;

	pthread_mutex_lock(lock);
	if (inode->parent) {
		ret_position->parent = inode->parent;
		inode_ref(inode->parent);
		memcpy(ret_position->name, inode->name, strlen(inode->name) + 1);
		result = 0;
	}
	pthread_mutex_unlock(lock);
	return result;
}

void position_release(struct union_fs *fs, struct position *position)
{
	if (position->parent)
		inode_unref(fs, position->parent, 1);
	position->parent = NULL;
}

/* Puts the new position in place and hands out the old one; the caller holds the position lock. */
static void exchange(struct inode *inode, struct inode **parent, char **name)
{
	struct inode *old_parent = inode->parent;
	char *old_name = inode->name;

	inode->parent = *parent;
	inode->name = *name;
	*parent = old_parent;
	*name = old_name;
	inode->flags &= (uint8_t)~INODE_NAMELESS;
}

void position_move(struct union_fs *fs, struct inode *inode, struct inode *parent, char **name)
{
	pthread_mutex_t *lock = lock_of(fs, inode);

	inode_ref(parent);
	pthread_mutex_lock(lock);
	exchange(inode, &parent, name);
	pthread_mutex_unlock(lock);
	free(*name);
	*name = NULL;
	if (parent)
		inode_unref(fs, parent, 1);
}

int position_set(struct union_fs *fs, struct inode *inode, struct inode *parent, const char *name)
{
	char *copy = strdup(name);

	if (!copy)
		return -ENOMEM;
	position_move(fs, inode, parent, &copy);
	return 0;
}

void position_offer(struct union_fs *fs, struct inode *inode, struct inode *parent,
		    const char *name)
{
	if (inode_has(inode, INODE_NAMELESS) && !inode_has(inode, INODE_UNLINKED))
		(void)position_set(fs, inode, parent, name); /* it is reachable without, too */
}

bool position_is(struct union_fs *fs, struct inode *inode, const struct inode *parent,
		 const char *name)
{
	pthread_mutex_t *lock = lock_of(fs, inode);
	bool same;

	pthread_mutex_lock(lock);
	same = !inode_has(inode, INODE_NAMELESS) && inode->parent == parent &&
	       strcmp(inode->name, name) == 0;
	pthread_mutex_unlock(lock);
	return same;
}
