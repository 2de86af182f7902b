/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hard-link index: keeps the names of one lower file one file.
 *
 * A lower file with several names is known by its origin (copy_up/origin.h), a layer's id and an inode number.
 * When the first name is copied up, the copy is also linked as index/ID-INODE; a lookup of another name
 * finds it there. index/ID-INODE.links, a symbolic link to `GONE:LOWER` in decimal, remembers how
 * many links there are below and how many of those names are no more (unlinked, or replaced by an upper
 * link):
 *
 *	links shown = (links below - gone) + (links in the upper - the one in the index)
 *
 * The index of every layer with state of ours is read when the union is opened, so that an upper
 * used as a lower later shows the same tree; what is copied up from there goes on under the same
 * origin. Records live as long as the union.
 *
 * Locking: the counts of a record change under the lock of the file's inode. Where the copy is changes
 * together with the identity of that inode, under hard_links.lock: hard_links_lock() keeps both still for
 * a lookup, which knows no inode yet.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct union_fs;
struct layer;

#define HARD_LINK_NAME_MAX 48

struct hard_link {
	struct hard_link *next;	  /* in its bucket */
	uint64_t layer_id, inode; /* which lower file */
	struct layer *layer;	  /* whose index has the copy; NULL while there is none */
	int32_t gone;		  /* lower names that are no more */
	uint32_t lower_links;	  /* links in the lower */
};

#define HARD_LINK_BUCKETS 256

struct hard_links {
	pthread_mutex_t lock; /* guards all records; table shards are locked within */
	struct hard_link *buckets[HARD_LINK_BUCKETS];
	int *index_fds; /* by layer index; -1 where there is none */
};

/* The name in an index of the copy of a lower file, or of what counts its links; and back: false for anything else. */
void hard_link_format_name(char name[HARD_LINK_NAME_MAX], uint64_t layer_id, uint64_t inode,
			   bool is_counts);
bool hard_link_scan_name(const char *name, uint64_t *ret_layer_id, uint64_t *ret_inode,
			 bool *ret_is_counts);
/* What the latter says. False when that makes no sense. */
bool hard_link_read_counts(int index, const char *name, int32_t *ret_gone, uint32_t *ret_lower);

/* Reads every layer's index. 0 or -errno. */
int hard_links_open(struct union_fs *fs);
void hard_links_close(struct union_fs *fs);

/*
 * The record of a lower file with several names; NULL when none of its names was ever changed. Within
 * hard_links_lock().
 */
struct hard_link *hard_links_find(struct union_fs *fs, const struct layer *layer, uint64_t inode);
/* The same, made when there is none; NULL: no memory. */
struct hard_link *hard_links_obtain(struct union_fs *fs, const struct layer *layer, uint64_t inode,
				    uint32_t lower_links);

/*
 * Whether a copy in this layer's index takes the place of names that only deeper layers have: then the layer changes
 * what it has no name of.
 */
bool hard_links_reach_beyond(struct union_fs *fs, const struct layer *layer);

/* The layer that has the copy now, or NULL. */
struct layer *hard_link_layer(struct union_fs *fs, const struct hard_link *link);
/* Where the copy is in that layer: a descriptor of the index directory (borrowed) and the name in it. */
int hard_link_location(const struct union_fs *fs, const struct hard_link *link,
		       const struct layer *layer, char name[HARD_LINK_NAME_MAX]);

void hard_links_lock(struct union_fs *fs);
void hard_links_unlock(struct union_fs *fs);

/*
 * Puts the file called temporary in work/ into the index, a copy of one with below links in its layer.
 * Nobody looks for it there until hard_link_publish(), or else hard_link_withdraw() takes it out.
 * 0 or -errno.
 */
int hard_link_enter(struct union_fs *fs, struct hard_link *link, uint32_t below,
		    const char *temporary);
/* The copy in the upper's index is the file from now on. Within hard_links_lock(). */
void hard_link_publish(struct union_fs *fs, struct hard_link *link, uint32_t below);
void hard_link_withdraw(struct union_fs *fs, struct hard_link *link);

/* One lower name less. Errors are not the caller's: at worst too many links are shown. */
void hard_link_count_gone(struct union_fs *fs, struct hard_link *link);
/* How many links to show for the file that has `links` of them in this layer. */
uint32_t hard_link_shown(struct union_fs *fs, struct hard_link *link, const struct layer *layer,
			 uint32_t links);
/* The last name is gone: forgets the copy and the count. */
void hard_link_remove(struct union_fs *fs, struct hard_link *link);
