/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/lookup.h"

#include "base/confined.h"
#include "union/directory.h"
#include "union/fs.h"
#include "union/origin.h"

#include <dirent.h>
#include <string.h>

/* One file found on disk, before it has an inode. */
struct found {
	struct layer *layer;
	struct attributes attributes;
	uint64_t number;
	struct hard_link *hard_link;
};

struct identity lookup_identity(struct union_fs *fs, const struct attributes *attributes)
{
	return (struct identity){
		.inode = attributes->inode,
		.device = devices_index(&fs->devices, attributes->device),
	};
}

static uint32_t shown_links(struct union_fs *fs, struct inode *inode,
			    const struct attributes *attributes)
{
	if (inode_has(inode, INODE_UNLINKED))
		return 0;
	if (inode_is_directory(inode)) {
		bool removed = inode->directory->removed;

		if (removed)
			return 0;
		return fs->static_nlink || directory_is_merged(inode->directory)
			       ? 1
			       : attributes->links;
	}
	if (!inode->hard_link)
		return attributes->links;
	return hard_link_shown(
		fs, inode->hard_link,
		fs_layer(fs, inode->layer) == inode->hard_link->layer ? attributes->links : 0);
}

void lookup_present(struct union_fs *fs, struct inode *inode, struct attributes *attributes)
{
	attributes->links = shown_links(fs, inode, attributes);
	attributes->inode = inode->number;
	attributes->device = 0;
}

/* The copy of a lower file, one of whose other names has been copied up, takes its place. */
static int find_copy(struct union_fs *fs, struct found *found)
{
	char name[HARD_LINK_NAME_MAX];
	int directory = hard_link_location(fs, found->hard_link, name);

	found->layer = found->hard_link->layer;
	return layer_stat(found->layer, directory, name, &found->attributes);
}

static int find_origin(struct union_fs *fs, int directory, const char *name, struct found *found)
{
	struct attributes *attributes = &found->attributes;
	bool is_directory = S_ISDIR(attributes->mode);
	struct origin origin;

	found->number = devices_inode_number(devices_index(&fs->devices, attributes->device),
					     attributes->inode);
	if (found->layer->has_state || found->layer == fs->upper) {
		if (!origin_read(fs, found->layer, directory, name, attributes, &origin))
			return 0;
		found->number = devices_inode_number(
			devices_index(&fs->devices, origin.layer->device), origin.inode);
		if (!is_directory && attributes->links > 1)
			found->hard_link = hard_links_find(fs, origin.layer, origin.inode);
		return 0;
	}
	if (is_directory || attributes->links < 2)
		return 0;
	found->hard_link = hard_links_find(fs, found->layer, attributes->inode);
	return found->hard_link && found->hard_link->layer ? find_copy(fs, found) : 0;
}

static int find_file(struct union_fs *fs, struct inode *dir, const struct listing_entry *entry,
		     struct found *found)
{
	const char *name = listing_name(dir->directory->listing, entry);
	struct cached_fd *fd;
	int error;

	*found = (struct found){
		.layer = entry->upper_type ? fs->upper : fs_layer(fs, entry->lower),
	};
	error = directory_open_part(fs, dir, found->layer->index, &fd);
	if (error)
		return error;
	error = layer_stat(found->layer, fd->fd, name, &found->attributes);
	/* Changed underneath into a whiteout: there is nothing to see. */
	if (!error && attributes_are_whiteout(&found->attributes))
		error = -ENOENT;
	if (!error)
		error = find_origin(fs, fd->fd, name, found);
	fd_cache_release(fs->fds, fd);
	return error;
}

/* The inode known under this identity; one of another type is a file long gone, and leaves. */
static struct inode *find_known(struct union_fs *fs, struct identity identity, uint8_t type)
{
	struct inode *inode = inode_find(fs, identity);

	if (inode && inode->type != type) {
		inode_leave_table(fs, inode);
		inode_unref(fs, inode, 1);
		return NULL;
	}
	return inode;
}

static struct inode *make_inode(struct union_fs *fs, struct inode *dir, const char *name,
				const struct found *found, uint8_t type)
{
	struct inode *inode = inode_new(type);

	if (!inode)
		return NULL;
	inode->identity = lookup_identity(fs, &found->attributes);
	inode->layer = (uint16_t)found->layer->index;
	inode->number = found->number;
	inode->hard_link = found->hard_link;
	if (position_set(fs, inode, dir, name) < 0) {
		inode_unref(fs, inode, 1);
		return NULL;
	}
	return inode;
}

/* Makes and enters an inode for what was found under entry. */
static int enter_found(struct union_fs *fs, struct inode *dir, const struct listing_entry *entry,
		       const struct found *found, uint8_t type, struct inode **ret_inode)
{
	const char *name = listing_name(dir->directory->listing, entry);
	struct inode *inode = make_inode(fs, dir, name, found, type);
	int error = 0;

	if (!inode)
		return -ENOMEM;
	if (type == DT_DIR)
		error = directory_adopt_parts(fs, inode, dir, entry);
	if (error) {
		inode_unref(fs, inode, 1);
		return error;
	}
	*ret_inode = inode_enter(fs, inode);
	return 0;
}

/*
 * A directory has one place. The same one on disk found in another, by redirects made for that, is
 * another directory to us; as is one whose parts others have changed.
 */
static bool is_this_directory(struct union_fs *fs, struct inode *inode, const struct inode *dir,
			      const struct listing_entry *entry)
{
	return position_is(fs, inode, dir, listing_name(dir->directory->listing, entry)) &&
	       (!fs->changing || directory_has_parts_of(inode, dir, entry));
}

int lookup_entry(struct union_fs *fs, struct inode *dir, const struct listing_entry *entry,
		 struct union_entry *ret_entry)
{
	struct inode *inode;
	struct found found;
	uint8_t type;
	int error = find_file(fs, dir, entry, &found);

	if (error)
		return error;
	type = (uint8_t)IFTODT(found.attributes.mode);
	inode = find_known(fs, lookup_identity(fs, &found.attributes), type);
	if (inode && type == DT_DIR && !is_this_directory(fs, inode, dir, entry)) {
		inode_leave_table(fs, inode);
		inode_unref(fs, inode, 1);
		inode = NULL;
	}
	if (inode) {
		position_offer(fs, inode, dir, listing_name(dir->directory->listing, entry));
	} else {
		error = enter_found(fs, dir, entry, &found, type, &inode);
		if (error)
			return error;
	}
	lookup_present(fs, inode, &found.attributes);
	*ret_entry = (struct union_entry){ .inode = inode, .attributes = found.attributes };
	return 0;
}

int lookup_new(struct union_fs *fs, struct inode *dir, const char *name,
	       const struct attributes *attributes, struct union_entry *ret_entry)
{
	uint8_t type = (uint8_t)IFTODT(attributes->mode);
	struct identity identity = lookup_identity(fs, attributes);
	struct found found = {
		.layer = fs->upper,
		.attributes = *attributes,
		.number = devices_inode_number(identity.device, identity.inode),
	};
	struct inode *stale = inode_find(fs, identity);
	struct inode *inode = make_inode(fs, dir, name, &found, type);

	if (stale) {
		inode_leave_table(fs, stale);
		inode_unref(fs, stale, 1);
	}
	if (!inode)
		return -ENOMEM;
	if (type == DT_DIR) {
		inode->directory->upper = layer_dir_new(dir->directory->upper, name);
		inode->directory->resolved = true;
		if (!inode->directory->upper) {
			inode_unref(fs, inode, 1);
			return -ENOMEM;
		}
	}
	inode = inode_enter(fs, inode);
	lookup_present(fs, inode, &found.attributes);
	*ret_entry = (struct union_entry){ .inode = inode, .attributes = found.attributes };
	return 0;
}

int union_lookup(struct union_fs *fs, struct inode *dir, const char *name,
		 struct union_entry *ret_entry)
{
	struct listing_entry *entry;
	int error;

	if (strlen(name) > NAME_MAX)
		return -ENAMETOOLONG;
	if (!confined_name_is_valid(name) || whiteout_name_is_reserved(name))
		return -ENOENT;
	if (!inode_is_directory(dir))
		return -ENOTDIR;
	error = directory_lock(fs, dir, false);
	if (error)
		return error;
	entry = directory_find(dir, name);
	error = entry ? lookup_entry(fs, dir, entry, ret_entry) : -ENOENT;
	directory_unlock(dir);
	return error;
}
