/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/directory.h"

#include "base/cleanup.h"
#include "union/fs.h"
#include "union/redirect.h"

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
	list_init(&directory->recently_used);
	pthread_rwlock_init(&directory->lock, NULL);
	return directory;
}

/* -- the listing cache: the least recently built or changed listing goes first -- */

/* Frees the listing; both the cache and the directory are locked. */
static void free_listing(struct listing_cache *cache, struct directory *directory)
{
	list_remove(&directory->recently_used);
	cache->bytes -= directory->counted_bytes;
	cache->count--;
	directory->counted_bytes = 0;
	listing_free(steal_pointer(&directory->listing));
}

/* Frees listings nobody uses until the budget is met; the most recent one always stays. */
static void evict_listings(struct listing_cache *cache)
{
	struct list *node = cache->directories.previous;

	while (cache->bytes > cache->budget && node != &cache->directories &&
	       node != cache->directories.next) {
		struct directory *victim = container_of(node, struct directory, recently_used);

		node = node->previous;
		if (pthread_rwlock_trywrlock(&victim->lock) != 0)
			continue;
		free_listing(cache, victim);
		pthread_rwlock_unlock(&victim->lock);
	}
}

/* Tells the cache how large the listing of a directory, locked for writing, has become. */
static void account_listing(struct union_fs *fs, struct directory *directory)
{
	struct listing_cache *cache = &fs->listings;
	size_t bytes = listing_bytes(directory->listing);

	if (bytes == directory->counted_bytes)
		return;
	pthread_mutex_lock(&cache->lock);
	if (!directory->counted_bytes)
		cache->count++;
	cache->bytes += bytes - directory->counted_bytes;
	directory->counted_bytes = bytes;
	list_remove(&directory->recently_used);
	list_push_front(&cache->directories, &directory->recently_used);
	evict_listings(cache);
	pthread_mutex_unlock(&cache->lock);
}

void directory_drop_listing(struct union_fs *fs, struct inode *dir)
{
	struct directory *directory = dir->directory;

	if (pthread_rwlock_trywrlock(&directory->lock) != 0)
		return;
	pthread_mutex_lock(&fs->listings.lock);
	if (directory->listing)
		free_listing(&fs->listings, directory);
	pthread_mutex_unlock(&fs->listings.lock);
	pthread_rwlock_unlock(&directory->lock);
}

void directory_free(struct union_fs *fs, struct directory *directory)
{
	if (!directory)
		return;
	pthread_mutex_lock(&fs->listings.lock);
	if (directory->listing)
		free_listing(&fs->listings, directory);
	pthread_mutex_unlock(&fs->listings.lock);
	for (unsigned i = 0; i < directory->lower_count; i++)
		layer_dir_unref(directory->lowers[i]);
	layer_dir_unref(directory->upper);
	free(directory->lowers);
	free(directory->redirect);
	pthread_rwlock_destroy(&directory->lock);
	free(directory);
}

/* -- building the listing -- */

struct building {
	struct listing *listing;
	unsigned layer;
	bool is_upper;
};

static int add_entry(void *context, const struct layer_entry *entry)
{
	struct building *building = context;

	if (building->is_upper)
		return listing_add_upper(building->listing, entry->name, entry->type,
					 entry->whiteout);
	return listing_add_lower(building->listing, building->layer, entry->name, entry->type,
				 entry->whiteout != WHITEOUT_FORM_NONE);
}

/* Another file system mounted inside a layer is not part of it: such a directory shows nothing. */
static int add_part(struct union_fs *fs, struct listing *listing, struct layer_dir *part,
		    bool *ret_opaque)
{
	struct building building = {
		.listing = listing,
		.layer = part->layer->index,
		.is_upper = part->layer == fs->upper,
	};
	int error;

	*ret_opaque = false;
	error = layer_dir_read(part, add_entry, &building, ret_opaque);
	return error == -EXDEV ? 0 : error;
}

/* The merge ends at an opaque part: lets go of the candidates behind it. */
static void cut_lowers(struct directory *directory, uint16_t count)
{
	for (unsigned i = count; i < directory->lower_count; i++)
		layer_dir_unref(directory->lowers[i]);
	directory->lower_count = count;
}

static int merge_parts(struct union_fs *fs, struct directory *directory, struct listing *listing)
{
	struct layer_dir *upper = directory->upper;
	bool opaque = directory->opaque, upper_opaque = false;
	int error = 0;

	if (upper) {
		error = add_part(fs, listing, upper, &upper_opaque);
		opaque = opaque || upper_opaque;
	}
	if (!error && opaque && !directory->resolved)
		cut_lowers(directory, 0);
	for (uint16_t i = 0; !error && !opaque && i < directory->lower_count; i++) {
		error = add_part(fs, listing, directory->lowers[i], &opaque);
		if (!error && opaque && !directory->resolved)
			cut_lowers(directory, (uint16_t)(i + 1));
	}
	if (!error)
		directory->resolved = true;
	return error;
}

static size_t count_visible(struct listing *listing)
{
	size_t count = 0;

	for (struct listing_entry *entry = listing_after(listing, 0); entry;
	     entry = listing_next(listing, entry))
		count += listing_entry_is_visible(entry);
	return count;
}

static int build_listing(struct union_fs *fs, struct directory *directory)
{
	struct listing *listing = listing_create(fs->seed);
	int error;

	if (!listing)
		return -ENOMEM;
	error = merge_parts(fs, directory, listing);
	if (error) {
		listing_free(listing);
		return error;
	}
	listing_finish(listing);
	directory->listing = listing;
	directory->visible = count_visible(listing);
	account_listing(fs, directory);
	return 0;
}

/* -- locking -- */

int directory_lock(struct union_fs *fs, struct inode *dir, bool write)
{
	struct directory *directory = dir->directory;
	int error;

	for (;;) {
		if (!write) {
			pthread_rwlock_rdlock(&directory->lock);
			if (directory->listing)
				return 0;
			pthread_rwlock_unlock(&directory->lock);
		}
		pthread_rwlock_wrlock(&directory->lock);
		error = directory->listing ? 0 : build_listing(fs, directory);
		if (error || !write)
			pthread_rwlock_unlock(&directory->lock);
		if (error || write)
			return error;
	}
}

static int compare_addresses(const void *a, const void *b)
{
	uintptr_t left = (uintptr_t) * (struct inode *const *)a;
	uintptr_t right = (uintptr_t) * (struct inode *const *)b;

	return (left > right) - (left < right);
}

int directory_lock_all(struct union_fs *fs, struct inode **dirs, size_t count)
{
	qsort(dirs, count, sizeof(*dirs), compare_addresses);
	for (size_t i = 0; i < count; i++) {
		int error = 0;

		if (dirs[i] && (!i || dirs[i] != dirs[i - 1]))
			error = directory_lock(fs, dirs[i], true);
		if (error) {
			directory_unlock_all(dirs, i);
			return error;
		}
	}
	return 0;
}

void directory_unlock(struct inode *dir)
{
	pthread_rwlock_unlock(&dir->directory->lock);
}

void directory_unlock_all(struct inode **dirs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (dirs[i] && (!i || dirs[i] != dirs[i - 1]))
			directory_unlock(dirs[i]);
}

/* -- parts -- */

static struct layer_dir *lower_part(const struct directory *directory, unsigned layer)
{
	size_t low = 0, high = directory->lower_count;

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

struct layer_dir *directory_part(const struct union_fs *fs, const struct inode *dir,
				 unsigned layer)
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

/* -- entries -- */

struct listing_entry *directory_find(const struct inode *dir, const char *name)
{
	struct listing_entry *entry = listing_find(dir->directory->listing, name);

	return entry && listing_entry_is_visible(entry) ? entry : NULL;
}

struct listing_entry *directory_obtain_entry(struct union_fs *fs, struct inode *dir,
					     const char *name)
{
	struct listing_entry *entry = listing_obtain(dir->directory->listing, name);

	account_listing(fs, dir->directory);
	return entry;
}

void directory_set_entry(struct inode *dir, struct listing_entry *entry, uint8_t type,
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
static int follow_redirect(struct union_fs *fs, struct directory *directory,
			   struct layer_dir *part)
{
	struct layer_dir **parts = NULL;
	uint16_t count = 0;
	char *path = NULL;
	int error;

	if (!part->layer->has_state)
		return 0;
	error = redirect_read(part, &path);
	if (error || !path)
		return error;
	error = redirect_resolve(fs, part->layer->index, path, &parts, &count);
	for (uint16_t i = 0; i < count; i++)
		if (!error)
			error = append_part(directory, parts[i]);
		else
			layer_dir_unref(parts[i]);
	free(parts);
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

void directory_restore_times(int fd, const struct attributes *before)
{
	struct timespec times[2] = { before->atime, before->mtime };

	(void)utimensat(fd, "", times, AT_EMPTY_PATH);
}

int directory_make_opaque(struct union_fs *fs, struct inode *dir)
{
	struct attributes before;
	struct cached_fd *fd;
	int error = layer_dir_open(dir->directory->upper, &fd);

	if (error)
		return error;
	error = layer_stat_raw(fd->fd, NULL, &before);
	if (!error)
		error = whiteout_make_opaque(fs->upper, fd->fd);
	if (!error) {
		dir->directory->opaque = true;
		directory_restore_times(fd->fd, &before);
	}
	fd_cache_release(fs->fds, fd);
	return error;
}
