/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/inode.h"

#include "base/hash.h"
#include "union/directory/directory.h"
#include "union/fs.h"

#include <dirent.h>
#include <stdatomic.h>
#include <stdlib.h>

static uint64_t hash_of(const struct union_fs *fs, struct identity identity)
{
	return hash_pair(fs->seed, identity.inode, identity.device);
}

static uint8_t shard_index(uint64_t hash)
{
	return (uint8_t)(hash % INODE_SHARDS);
}

static struct inode_shard *shard_of(struct union_fs *fs, uint64_t hash)
{
	return &fs->inodes[shard_index(hash)];
}

/* Locks the shard an inode belongs to, which may become another one until it is locked. */
static struct inode_shard *lock_shard_of(struct union_fs *fs, const struct inode *inode)
{
	for (;;) {
		uint8_t index = inode->shard;

		pthread_mutex_lock(&fs->inodes[index].lock);
		if (inode->shard == index)
			return &fs->inodes[index];
		pthread_mutex_unlock(&fs->inodes[index].lock);
	}
}

/* The bucket's index uses other bits than the shard's. */
static struct inode **bucket_of(struct inode_shard *shard, uint64_t hash)
{
	return &shard->buckets[(hash >> 32) & (shard->bucket_count - 1)];
}

static bool is_found_as(const struct inode *inode, struct identity identity)
{
	return inode->identity.inode == identity.inode &&
	       inode->identity.device == identity.device && !inode_has(inode, INODE_HIDDEN);
}

static struct inode *find_in_bucket(struct inode *inode, struct identity identity)
{
	while (inode && !is_found_as(inode, identity))
		inode = inode->next;
	return inode;
}

/* Doubles the buckets when there are more inodes than buckets; without memory chains grow instead. */
static void grow_if_crowded(struct union_fs *fs, struct inode_shard *shard)
{
	struct inode **old = shard->buckets, **grown;
	size_t old_count = shard->bucket_count;

	if (shard->inode_count < old_count)
		return;
	grown = calloc(old_count * 2, sizeof(struct inode *));
	if (!grown)
		return;
	shard->buckets = grown;
	shard->bucket_count = old_count * 2;
	for (size_t i = 0; i < old_count; i++) {
		for (struct inode *inode = old[i], *next; inode; inode = next) {
			struct inode **bucket = bucket_of(shard, hash_of(fs, inode->identity));

			next = inode->next;
			inode->next = *bucket;
			*bucket = inode;
		}
	}
	free(old);
}

static void insert(struct union_fs *fs, struct inode_shard *shard, struct inode *inode)
{
	uint64_t hash = hash_of(fs, inode->identity);
	struct inode **bucket;

	grow_if_crowded(fs, shard);
	bucket = bucket_of(shard, hash);
	inode->shard = shard_index(hash);
	inode->next = *bucket;
	*bucket = inode;
	inode->flags |= INODE_IN_TABLE;
	shard->inode_count++;
}

static void take_out(struct union_fs *fs, struct inode_shard *shard, struct inode *inode)
{
	struct inode **link;

	if (!inode_has(inode, INODE_IN_TABLE))
		return;
	link = bucket_of(shard, hash_of(fs, inode->identity));
	while (*link != inode)
		link = &(*link)->next;
	*link = inode->next;
	inode->flags &= (uint8_t)~INODE_IN_TABLE;
	shard->inode_count--;
}

struct inode *inode_find(struct union_fs *fs, struct identity identity)
{
	uint64_t hash = hash_of(fs, identity);
	struct inode_shard *shard = shard_of(fs, hash);
	struct inode *inode;

	pthread_mutex_lock(&shard->lock);
	inode = find_in_bucket(*bucket_of(shard, hash), identity);
	if (inode)
		inode->references++;
	pthread_mutex_unlock(&shard->lock);
	return inode;
}

struct inode *inode_new(uint8_t type)
{
	struct inode *inode = calloc(1, sizeof(*inode));

	if (!inode)
		return NULL;
	inode->type = type;
	inode->references = 1;
	if (type == DT_DIR) {
		inode->directory = directory_new();
		if (!inode->directory) {
			free(inode);
			return NULL;
		}
	}
	pthread_mutex_init(&inode->lock, NULL);
	return inode;
}

/* Frees what the inode holds, except its parent, whose reference passes to the caller. */
static struct inode *destroy(struct union_fs *fs, struct inode *inode)
{
	struct inode *parent = inode->parent;

	fd_cache_drop(fs->fds, &inode->fd);
	directory_free(fs, inode->directory);
	free(inode->name);
	pthread_mutex_destroy(&inode->lock);
	free(inode);
	return parent;
}

struct inode *inode_enter(struct union_fs *fs, struct inode *inode)
{
	uint64_t hash = hash_of(fs, inode->identity);
	struct inode_shard *shard = shard_of(fs, hash);
	struct inode *known;

	pthread_mutex_lock(&shard->lock);
	known = find_in_bucket(*bucket_of(shard, hash), inode->identity);
	if (known)
		known->references++;
	else
		insert(fs, shard, inode);
	pthread_mutex_unlock(&shard->lock);
	if (!known)
		return inode;
	inode_unref(fs, inode, 1);
	return known;
}

void inode_hide(struct union_fs *fs, struct inode *inode)
{
	struct inode_shard *shard = lock_shard_of(fs, inode);

	inode->flags |= INODE_HIDDEN;
	pthread_mutex_unlock(&shard->lock);
}

void inode_change_identity(struct union_fs *fs, struct inode *inode, struct identity identity)
{
	/* Nobody else changes it: the caller holds the inode's lock, or its directory's. */
	struct inode_shard *old = &fs->inodes[inode->shard];
	struct inode_shard *new = shard_of(fs, hash_of(fs, identity));
	struct inode_shard *first = old < new ? old : new, *second = old < new ? new : old;
	struct inode *stale;

	pthread_mutex_lock(&first->lock);
	if (second != first)
		pthread_mutex_lock(&second->lock);
	stale = find_in_bucket(*bucket_of(new, hash_of(fs, identity)), identity);
	if (stale)
		stale->flags |= INODE_HIDDEN;
	take_out(fs, old, inode);
	inode->identity = identity;
	insert(fs, new, inode);
	if (second != first)
		pthread_mutex_unlock(&second->lock);
	pthread_mutex_unlock(&first->lock);
}

void inode_table_free(struct union_fs *fs)
{
	for (size_t i = 0; i < INODE_SHARDS; i++) {
		struct inode_shard *shard = &fs->inodes[i];

		for (size_t j = 0; shard->buckets && j < shard->bucket_count; j++)
			for (struct inode *inode = shard->buckets[j], *next; inode; inode = next) {
				next = inode->next;
				(void)destroy(fs, inode);
			}
		free(shard->buckets);
	}
}

void inode_ref(struct inode *inode)
{
	inode->references++;
}

/* Subtracts count unless that leaves nothing; the last references only go under the shard's lock. */
static bool unref_unless_last(struct inode *inode, uint64_t count)
{
	uint64_t references = inode->references;

	while (references > count)
		if (atomic_compare_exchange_weak(&inode->references, &references,
						 references - count))
			return true;
	return false;
}

/* Subtracts count; true when that was the last of it and it is out of the table. */
static bool unref_last(struct union_fs *fs, struct inode *inode, uint64_t count)
{
	struct inode_shard *shard = lock_shard_of(fs, inode);
	bool last;

	last = atomic_fetch_sub(&inode->references, count) <= count;
	if (last)
		take_out(fs, shard, inode);
	pthread_mutex_unlock(&shard->lock);
	return last;
}

void inode_unref(struct union_fs *fs, struct inode *inode, uint64_t count)
{
	while (inode && count) {
		if (unref_unless_last(inode, count) || !unref_last(fs, inode, count))
			return;
		inode = destroy(fs, inode);
		count = 1;
	}
}

bool inode_is_upper(const struct union_fs *fs, const struct inode *inode)
{
	return fs->upper && inode->layer == 0;
}
