/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of directory.h: listings, how they are built, locked and kept within their budget. */
#include "base/cleanup.h"
#include "base/hash.h"
#include "union/directory/directory.h"
#include "union/fs.h"

#include <errno.h>
#include <stdlib.h>

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

void directory_free_listing(struct union_fs *fs, struct directory *directory)
{
	pthread_mutex_lock(&fs->listings.lock);
	if (directory->listing)
		free_listing(&fs->listings, directory);
	pthread_mutex_unlock(&fs->listings.lock);
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

/* -- noticing what others change in a layer -- */

static uint64_t stamp_of_part(struct union_fs *fs, struct layer_dir *part)
{
	struct attributes now;
	struct cached_fd *fd;
	int error = layer_dir_open(part, &fd);

	if (error)
		return (uint64_t)-error;
	error = layer_stat_raw(fd->fd, NULL, &now);
	fd_cache_release(fs->fds, fd);
	if (error)
		return (uint64_t)-error;
	return hash_pair(
		(uint64_t)now.ctime.tv_sec, (uint64_t)now.ctime.tv_nsec,
		hash_pair(now.inode, (uint64_t)now.mtime.tv_sec, (uint64_t)now.mtime.tv_nsec));
}

/* Differs when anything was made, removed or renamed in one of the parts. */
static uint64_t stamp_of(struct union_fs *fs, const struct directory *directory)
{
	uint64_t stamp = 0;

	if (!fs->changing)
		return 0;
	if (directory->upper)
		stamp = stamp_of_part(fs, directory->upper);
	for (unsigned i = 0; i < directory->lower_count; i++)
		stamp = hash_pair(stamp, i, stamp_of_part(fs, directory->lowers[i]));
	return stamp;
}

/* True when there is a listing that still holds; the directory is locked. */
static bool has_listing(struct union_fs *fs, const struct directory *directory)
{
	return directory->listing && directory->stamp == stamp_of(fs, directory);
}

/* The merge ends at an opaque part: lets go of the candidates behind it. */
static void cut_lowers(struct directory *directory, uint16_t count)
{
	directory->cut = directory->cut || count < directory->lower_count;
	for (unsigned i = count; i < directory->lower_count; i++)
		layer_dir_unref(directory->lowers[i]);
	directory->lower_count = count;
	if (directory->named_lowers > count)
		directory->named_lowers = count;
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
	uint64_t stamp = stamp_of(fs, directory);
	int error;

	if (!listing)
		return -ENOMEM;
	error = merge_parts(fs, directory, listing);
	if (error) {
		listing_free(listing);
		return error;
	}
	listing_finish(listing);
	directory_free_listing(fs, directory);
	directory->listing = listing;
	directory->stamp = stamp;
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
			if (has_listing(fs, directory))
				return 0;
			pthread_rwlock_unlock(&directory->lock);
		}
		pthread_rwlock_wrlock(&directory->lock);
		error = has_listing(fs, directory) ? 0 : build_listing(fs, directory);
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

struct listing_entry *directory_obtain_entry(struct union_fs *fs, struct inode *dir,
					     const char *name)
{
	struct listing_entry *entry = listing_obtain(dir->directory->listing, name);

	account_listing(fs, dir->directory);
	return entry;
}
