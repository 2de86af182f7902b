/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hard-link index: keeps the names of one lower file one file.
 *
 * A lower file with several names is known by its layer's id and inode number. When the first name is
 * copied up, the copy is also linked as index/ID-INODE; a lookup of another name finds it there.
 * index/ID-INODE.links, a symbolic link to `GONE:LOWER` in decimal, remembers how many links the lower
 * has and how many of those names are no more (unlinked, or replaced by an upper link):
 *
 *	links shown = (links in the lower - gone) + (links in the upper - the one in the index)
 *
 * The index of every layer with state of ours is read when the union is opened, so that an upper
 * used as a lower later shows the same tree. Records live as long as the union.
 */
#pragma once

#include <pthread.h>
#include <stdint.h>

struct union_fs;
struct layer;

#define HARD_LINK_NAME_MAX 48

struct hard_link {
	struct hard_link *next;	       /* in its bucket */
	uint64_t layer_id, inode;      /* which lower file */
	_Atomic(struct layer *) layer; /* whose index has the copy; NULL while there is none */
	int32_t gone;		       /* lower names that are no more */
	uint32_t lower_links;	       /* links in the lower */
};

#define HARD_LINK_BUCKETS 256

struct hard_links {
	pthread_mutex_t lock; /* guards all records */
	struct hard_link *buckets[HARD_LINK_BUCKETS];
	int *index_fds; /* by layer index; -1 where there is none */
};

/* Reads every layer's index. 0 or -errno. */
int hard_links_open(struct union_fs *fs);
void hard_links_close(struct union_fs *fs);

/* The record of a lower file with several names; NULL when none of its names was ever changed. */
struct hard_link *hard_links_find(struct union_fs *fs, const struct layer *layer, uint64_t inode);
/* The same, made when there is none; NULL: no memory. */
struct hard_link *hard_links_obtain(struct union_fs *fs, const struct layer *layer, uint64_t inode,
				    uint32_t lower_links);

/* Where the copy is: a descriptor of the index directory (borrowed) and the name in it. */
int hard_link_location(const struct union_fs *fs, const struct hard_link *link,
		       char name[HARD_LINK_NAME_MAX]);

/* Enters the file called temporary in work/ as the copy. 0 or -errno. */
int hard_link_enter(struct union_fs *fs, struct hard_link *link, const char *temporary);
/* One lower name less. Errors are not the caller's: at worst the number of links is off. */
void hard_link_count_gone(struct union_fs *fs, struct hard_link *link);
/* How many links to show; upper_links is st_nlink of the copy, 0 when there is none. */
uint32_t hard_link_shown(struct union_fs *fs, struct hard_link *link, uint32_t upper_links);
/* The last name is gone: forgets the copy and the count. */
void hard_link_remove(struct union_fs *fs, struct hard_link *link);
