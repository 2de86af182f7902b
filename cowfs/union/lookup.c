/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/lookup.h"

#include "base/confined.h"
#include "union/copy_up/origin.h"
#include "union/directory/directory.h"
#include "union/directory/times.h"
#include "union/fs.h"

#include <dirent.h>
#include <string.h>

/* One file found on disk, before it has an inode. */
struct found {
	struct layer *layer;
	struct attributes attributes;
	struct inode *known; /* that is it, with a reference; then nothing more is looked for */
	uint64_t number;
	/* Of a file with several names: */
	struct origin origin;
	struct hard_link *hard_link;
	bool linked;		  /* the lower one, or the copy that takes its place */
	struct layer *copy_layer; /* whose index has that, or NULL */
};

struct identity lookup_identity(struct union_fs *fs, const struct attributes *attributes)
{
	return (struct identity){
		.inode = attributes->inode,
		.device = devices_index(&fs->devices, attributes->device),
	};
}

static uint32_t shown_links(struct union_fs *fs, struct inode *inode, const struct layer *layer,
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
	return hard_link_shown(fs, inode->hard_link, layer, attributes->links);
}

void lookup_present(struct union_fs *fs, struct inode *inode, const struct layer *layer,
		    struct attributes *attributes)
{
	if (inode_is_directory(inode))
		directory_times_show(inode, attributes);
	attributes->links = shown_links(fs, inode, layer, attributes);
	attributes->inode = inode->number;
	attributes->device = 0;
}

/* Finds the record, and which layer's index has a copy that takes the file's place. */
static struct layer *find_copy_layer(struct union_fs *fs, struct found *found,
				     const struct layer *layer)
{
	struct hard_link *link = hard_links_find(fs, found->origin.layer, found->origin.inode);

	found->hard_link = link;
	return link && link->layer && link->layer->index < layer->index ? link->layer : NULL;
}

/*
 * A file with several names in a lower layer may have been copied up by another of them, in this
 * mount or an earlier one: then the copy takes its place.
 */
static int find_copy(struct union_fs *fs, struct found *found)
{
	char name[HARD_LINK_NAME_MAX];
	int directory;

	hard_links_lock(fs);
	found->copy_layer = find_copy_layer(fs, found, found->layer);
	hard_links_unlock(fs);
	if (!found->copy_layer || found->layer == fs->upper)
		return 0;
	directory = hard_link_location(fs, found->hard_link, found->copy_layer, name);
	found->layer = found->copy_layer;
	return layer_stat(found->layer, directory, name, &found->attributes);
}

static int find_origin(struct union_fs *fs, int directory, const char *name, struct found *found)
{
	const struct attributes *attributes = &found->attributes;

	found->origin = origin_of(fs, found->layer, directory, name, attributes);
	found->number = devices_inode_number(devices_index(&fs->devices, found->origin.device),
					     found->origin.inode);
	if (S_ISDIR(attributes->mode) || attributes->links < 2)
		return 0;
	found->linked = found->layer != fs->upper;
	return find_copy(fs, found);
}

/* The inode known under this identity; one of another type is a file long gone, and hidden. */
static struct inode *find_known(struct union_fs *fs, struct identity identity, uint8_t type)
{
	struct inode *inode = inode_find(fs, identity);

	if (inode && inode->type != type) {
		inode_hide(fs, inode);
		inode_unref(fs, inode, 1);
		return NULL;
	}
	return inode;
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

/* A lower file with several names is never known for sure before its copy was looked for. */
static struct inode *recognize(struct union_fs *fs, const struct inode *dir,
			       const struct listing_entry *entry, const struct found *found)
{
	uint8_t type = (uint8_t)IFTODT(found->attributes.mode);
	struct inode *inode;

	if (type != DT_DIR && found->attributes.links > 1 && found->layer != fs->upper)
		return NULL;
	inode = find_known(fs, lookup_identity(fs, &found->attributes), type);
	if (inode && type == DT_DIR && !is_this_directory(fs, inode, dir, entry)) {
		inode_hide(fs, inode);
		inode_unref(fs, inode, 1);
		return NULL;
	}
	return inode;
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
		found->known = recognize(fs, dir, entry, found);
	if (!error && !found->known)
		error = find_origin(fs, fd->fd, name, found);
	fd_cache_release(fs->fds, fd);
	return error;
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
	else if (type == DT_REG && found->layer == fs->upper && unsynced_is_any(fs))
		inode->flags |= INODE_UNSYNCED;
	if (error) {
		inode_unref(fs, inode, 1);
		return error;
	}
	*ret_inode = inode_enter(fs, inode);
	return 0;
}

static int obtain_inode(struct union_fs *fs, struct inode *dir, const struct listing_entry *entry,
			const struct found *found, struct inode **ret_inode)
{
	uint8_t type = (uint8_t)IFTODT(found->attributes.mode);
	struct inode *inode = found->known;

	/* Somebody else may have found it, or its copy, meanwhile: that is seen when it is entered. */
	if (!inode && found->linked)
		inode = find_known(fs, lookup_identity(fs, &found->attributes), type);
	if (!inode)
		return enter_found(fs, dir, entry, found, type, ret_inode);
	position_offer(fs, inode, dir, listing_name(dir->directory->listing, entry));
	*ret_inode = inode;
	return 0;
}

/*
 * The same for one with several names; result is that of looking for it. 1 when it has been copied up
 * by another name meanwhile, or its copy removed: then the other was looked at.
 */
static int obtain_linked(struct union_fs *fs, struct inode *dir, const struct listing_entry *entry,
			 struct found *found, int result, struct inode **ret_inode)
{
	hard_links_lock(fs);
	if (find_copy_layer(fs, found, fs_layer(fs, entry->lower)) != found->copy_layer)
		result = 1;
	else if (!result)
		result = obtain_inode(fs, dir, entry, found, ret_inode);
	hard_links_unlock(fs);
	return result;
}

int lookup_entry(struct union_fs *fs, struct inode *dir, const struct listing_entry *entry,
		 struct union_entry *ret_entry)
{
	struct inode *inode;
	struct found found;
	int result;

	do {
		result = find_file(fs, dir, entry, &found);
		if (found.linked)
			result = obtain_linked(fs, dir, entry, &found, result, &inode);
		else if (!result)
			result = obtain_inode(fs, dir, entry, &found, &inode);
	} while (result > 0);
	if (result)
		return result;
	lookup_present(fs, inode, found.layer, &found.attributes);
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
		inode_hide(fs, stale);
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
	lookup_present(fs, inode, fs->upper, &found.attributes);
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
