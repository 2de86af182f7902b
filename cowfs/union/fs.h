/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of a union: what one mount holds. For cowfs/union only; callers include union.h. */
#pragma once

#include "base/fd_cache.h"
#include "base/list.h"
#include "layer/layer.h"
#include "layer/layer_dir.h"
#include "union/change/hard_links.h"
#include "union/change/work.h"
#include "union/copy_up/unsynced.h"
#include "union/devices.h"
#include "union/inode.h"
#include "union/union.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>

#define INODE_SHARDS 16
#define POSITION_LOCKS 64
#define DEFAULT_LISTING_BYTES ((size_t)16 << 20)
#define DEFAULT_DESCRIPTORS 192

struct inode_shard {
	pthread_mutex_t lock;
	struct inode **buckets;
	size_t bucket_count; /* a power of two */
	size_t inode_count;
};

/* Which directories have their listing in memory; see directory/listing_cache.c. */
struct listing_cache {
	pthread_mutex_t lock;
	struct list directories;
	size_t bytes, budget, count;
};

struct union_fs {
	struct layer **layers; /* the topmost first; each struct and the array owned */
	unsigned layer_count;
	struct layer *upper; /* layers[0], or NULL */
	/* Of each layer: its files are known to share no data with the upper's (FICLONE); owned. */
	atomic_bool *cannot_clone;

	bool has_upper; /* also true of one that is only looked at, when upper is NULL */
	enum whiteout_dialect dialect;
	enum redirect_mode redirect;
	bool volatile_upper, read_only, no_xattr, changing, static_nlink, no_atime;
	struct ownership ownership; /* its maps are borrowed from the options */
	uid_t process_uid;	    /* who we are on disk: what needs no chown */
	gid_t process_gid;

	struct work work;
	struct unsynced unsynced;
	struct hard_links hard_links;
	struct devices devices;
	struct fd_cache *fds;
	uint64_t seed;

	pthread_rwlock_t topology;
	struct inode_shard inodes[INODE_SHARDS];
	pthread_mutex_t positions[POSITION_LOCKS];
	struct listing_cache listings;
	struct inode *root;

	union_observer *observer; /* or NULL */
	void *observer_context;

	_Atomic uint64_t copied_up_files, copied_up_bytes;
};

/* The layer that an inode or a listing entry names by its index. */
static inline struct layer *fs_layer(const struct union_fs *fs, unsigned index)
{
	return fs->layers[index];
}

static inline void fs_tell(const struct union_fs *fs, struct inode *inode, enum union_stale what)
{
	if (fs->observer)
		fs->observer(fs->observer_context, inode, what);
}

/* How files of the upper are opened: both ways, so that a later write need not open again. */
static inline int fs_open_flags(const struct union_fs *fs)
{
	return O_RDWR | (fs->no_atime ? O_NOATIME : 0);
}

/* 0, or -EROFS when nothing may be changed. */
static inline int fs_check_writable(const struct union_fs *fs)
{
	return fs->upper && !fs->read_only ? 0 : -EROFS;
}
