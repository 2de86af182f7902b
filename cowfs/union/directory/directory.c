/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/directory/directory.h"

#include "base/cleanup.h"
#include "union/change/redirect.h"
#include "union/directory/times.h"
#include "union/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

struct directory *directory_new(void)
{
	struct directory *directory = calloc(1, sizeof(*directory));

	if (!directory)
		return NULL;
	directory->default_acl = -1;
	directory->gives_group = -1;
	list_init(&directory->recently_used);
	directory_times_init(&directory->times);
	pthread_rwlock_init(&directory->lock, NULL);
	return directory;
}

void directory_free(struct union_fs *fs, struct directory *directory)
{
	if (!directory)
		return;
	directory_free_listing(fs, directory);
	for (unsigned i = 0; i < directory->lower_count; i++)
		layer_dir_unref(directory->lowers[i]);
	layer_dir_unref(directory->upper);
	free(directory->lowers);
	free(directory->redirect);
	directory_times_destroy(&directory->times);
	pthread_rwlock_destroy(&directory->lock);
	free(directory);
}

/* -- parts -- */

static struct layer_dir *lower_part(const struct directory *directory, unsigned layer)
{
	size_t low = 0, high = directory->lower_count;

	/* Not locked, a directory may be listed meanwhile, which only its first part is sure to survive. */
	if (high && directory->lowers[0]->layer->index == layer)
		return directory->lowers[0];
	while (low < high) {
		size_t middle = (low + high) / 2;
		unsigned index = directory->lowers[middle]->layer->index;

		if (index == layer)
			return directory->lowers[middle];
		if (index < layer)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

struct layer_dir *directory_part(const struct union_fs *fs, const struct inode *dir, unsigned layer)
{
	if (fs->upper && layer == 0)
		return dir->directory->upper;
	return lower_part(dir->directory, layer);
}

int directory_open_part(struct union_fs *fs, const struct inode *dir, unsigned layer,
			struct cached_fd **ret_fd)
{
	struct layer_dir *part = directory_part(fs, dir, layer);

	return part ? layer_dir_open(part, ret_fd) : -ENOENT;
}

bool directory_is_merged(const struct directory *directory)
{
	return !directory->opaque && directory->lower_count + (directory->upper != NULL) > 1;
}

void directory_forget_bequest(struct inode *dir)
{
	struct directory *directory = dir->directory;

	/* Whoever has looked, but not yet noted what was there, is waited for. */
	pthread_rwlock_wrlock(&directory->lock);
	directory->default_acl = -1;
	directory->gives_group = -1;
	pthread_rwlock_unlock(&directory->lock);
}

/* -- entries -- */

struct listing_entry *directory_find(const struct inode *dir, const char *name)
{
	struct listing_entry *entry = listing_find(dir->directory->listing, name);

	return entry && listing_entry_is_visible(entry) ? entry : NULL;
}

static void set_entry(struct inode *dir, struct listing_entry *entry, uint8_t type,
		      unsigned whiteout)
{
	struct directory *directory = dir->directory;

	directory->visible -= listing_entry_is_visible(entry);
	entry->upper_type = type;
	entry->whiteout = (uint8_t)whiteout;
	directory->visible += listing_entry_is_visible(entry);
	if (!entry->upper_type && !entry->lower_type && !entry->whiteout)
		listing_erase(directory->listing, entry);
}

void directory_set_entry(struct inode *dir, struct listing_entry *entry, uint8_t type,
			 unsigned whiteout)
{
	set_entry(dir, entry, type, whiteout);
	directory_times_changed(dir);
}

void directory_set_copied(struct inode *dir, struct listing_entry *entry, uint8_t type)
{
	set_entry(dir, entry, type, entry->whiteout);
}

static bool has_lowers_of(const struct directory *directory, const struct inode *dir,
			  const struct listing_entry *entry)
{
	uint16_t layers[UNION_LAYERS_MAX];
	size_t count = listing_layers(dir->directory->listing, entry, layers, UNION_LAYERS_MAX);
	size_t named = directory->named_lowers;

	if (directory->cut ? count < named : count != named)
		return false;
	for (size_t i = 0; i < named; i++)
		if (directory->lowers[i]->layer->index != layers[i])
			return false;
	return true;
}

/* What nobody has read may be opaque on disk, and known to be so only in an inode that was forgotten. */
static bool turns_out_opaque(const struct directory *directory)
{
	return !directory->resolved && directory->upper &&
	       layer_dir_is_opaque(directory->upper) == 1;
}

bool directory_has_parts_of(const struct inode *inode, const struct inode *dir,
			    const struct listing_entry *entry)
{
	struct directory *directory = inode->directory;
	bool result;

	/* Who lists it may just cut its parts. We may not wait; the next lookup asks again. */
	if (pthread_rwlock_tryrdlock(&directory->lock) != 0)
		return true;
	/* What a redirected or an opaque one shows does not depend on what stands below its name. */
	result = directory->redirect || directory->opaque || has_lowers_of(directory, dir, entry) ||
		 turns_out_opaque(directory);
	pthread_rwlock_unlock(&directory->lock);
	return result;
}

/* -- the parts of a child -- */

static int append_part(struct directory *directory, struct layer_dir *part)
{
	struct layer_dir **grown = reallocarray(directory->lowers, directory->lower_count + 1U,
						sizeof(struct layer_dir *));

	if (!part || !grown) {
		directory->lowers = grown ? grown : directory->lowers;
		layer_dir_unref(part);
		return -ENOMEM;
	}
	directory->lowers = grown;
	directory->lowers[directory->lower_count++] = part;
	return 0;
}

/*
 * When part carries a redirect, what follows it comes from there: 1. Otherwise 0. Only layers
 * with state of ours are asked.
 */
static int follow_redirect(struct union_fs *fs, struct directory *directory, struct layer_dir *part)
{
	struct layer_parts parts = { 0 };
	char *path = NULL;
	int error;

	if (!part->layer->has_state)
		return 0;
	error = redirect_read(part, &path);
	if (error || !path)
		return error;
	error = redirect_resolve(fs, part->layer->index, path, &parts);
	for (uint16_t i = 0; !error && i < parts.count; i++)
		error = append_part(directory, layer_dir_ref(parts.dirs[i]));
	layer_parts_free(&parts);
	directory->cut = true;
	if (!error && part->layer == fs->upper)
		directory->redirect = steal_pointer(&path);
	free(path);
	return error ? error : 1;
}

static int adopt_lower_parts(struct union_fs *fs, struct directory *directory,
			     const struct inode *dir, const struct listing_entry *entry)
{
	const char *name = listing_name(dir->directory->listing, entry);
	size_t count = listing_layers(dir->directory->listing, entry, NULL, 0);
	uint16_t *layers = calloc(count + 1, sizeof(*layers));
	int result = 0;

	if (!layers)
		return -ENOMEM;
	(void)listing_layers(dir->directory->listing, entry, layers, count);
	for (size_t i = 0; result == 0 && i < count; i++) {
		struct layer_dir *parent = lower_part(dir->directory, layers[i]);

		if (!parent)
			break;
		result = append_part(directory, layer_dir_new(parent, name));
		directory->named_lowers = directory->lower_count;
		if (!result)
			result = follow_redirect(fs, directory,
						 directory->lowers[directory->lower_count - 1]);
	}
	free(layers);
	return result < 0 ? result : 0;
}

int directory_adopt_parts(struct union_fs *fs, struct inode *inode, const struct inode *dir,
			  const struct listing_entry *entry)
{
	struct directory *directory = inode->directory;
	const char *name = listing_name(dir->directory->listing, entry);
	int result;

	if (entry->upper_type) {
		directory->upper = layer_dir_new(dir->directory->upper, name);
		if (!directory->upper)
			return -ENOMEM;
		result = follow_redirect(fs, directory, directory->upper);
		if (result)
			return result < 0 ? result : 0;
	}
	return adopt_lower_parts(fs, directory, dir, entry);
}

int directory_make_opaque(struct union_fs *fs, struct inode *dir)
{
	struct attributes before;
	struct cached_fd *fd;
	int error = layer_dir_open(dir->directory->upper, &fd);

	if (error)
		return error;
	error = directory_times_keep(dir, fd->fd, &before);
	if (!error) {
		error = whiteout_make_opaque(fs->upper, fd->fd);
		directory_times_restore(fs, dir, fd->fd, &before);
	}
	if (!error)
		dir->directory->opaque = true;
	fd_cache_release(fs->fds, fd);
	return error;
}
