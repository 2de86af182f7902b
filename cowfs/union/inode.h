/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inodes: what the union knows of one file, for as long as somebody refers to it.
 *
 * An inode is found by its identity: the file on disk that it is NOW. Copy-up gives it another one
 * and changes nothing else, least of all the inode number it shows. One whose last name is gone
 * is hidden in the table, for the disk may give its number to a new file.
 *
 * Locking, outermost first:
 *	fs->topology	read while walking from a directory to its ancestors, written to move one
 *	inode->lock	copy-up of a file, opening its data, changes of its names; two in address order;
 *			of any inode: changes of attributes
 *	directory->lock	the merged listing and the names in it; several in address order
 *	hard_links.lock	which copy stands for a file with several names
 *	position lock	parent and name (striped; leaf)
 *	table shards, descriptor cache, listing cache, marks of unsynced copies, directories' times (leaves)
 */
#pragma once

#include "base/fd_cache.h"
#include "base/list.h"
#include "layer/attributes.h"
#include "layer/layer_dir.h"
#include "union/directory/listing.h"

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct union_fs;
struct hard_link;

/* Which file on disk: its inode number and the index of its device (devices.h). */
struct identity {
	uint64_t inode;
	uint16_t device;
};

enum {
	INODE_IN_TABLE = 1 << 0,
	/* The name at its position is gone; an upper file is reached by index or pinned descriptor. */
	INODE_NAMELESS = 1 << 1,
	INODE_UNLINKED = 1 << 2,  /* the last name is gone: it shows no links */
	INODE_NO_XATTR = 1 << 3,  /* known to have no extended attributes */
	INODE_UNSYNCED = 1 << 4,  /* perhaps still marked: see copy_up/unsynced.h */
	INODE_HIDDEN = 1 << 5,	  /* its identity is not its own any more: nobody finds it */
	INODE_HAS_XATTR = 1 << 6, /* known to have some, so that asking is no waste */
};

struct inode {
	struct inode *next;	  /* in its bucket; guarded by the shard */
	struct identity identity; /* guarded by the shard */
	_Atomic uint16_t
		layer; /* index of the layer where it (the topmost part of a directory) is */
	_Atomic uint8_t flags; /* INODE_ bits */
	uint8_t type;	       /* DT_ type; never changes */
	_Atomic uint8_t shard; /* where its identity belongs; changes under both shards' locks */
	uint64_t number;       /* the inode number it shows; never changes */
	_Atomic uint64_t references;
	struct inode *parent; /* position, with a reference; NULL for the root */
	char *name;	      /* owned */
	struct cached_fd *fd; /* slot: its data, read-only or both ways */
	_Atomic(struct hard_link *)
		hard_link; /* of a file that began as one of several links in a lower layer */
	struct directory *directory; /* of directories; owned */
	pthread_mutex_t lock;
};

/* Which change time a directory shows: directory/times.h. */
struct directory_times {
	pthread_mutex_t lock; /* leaf */
	_Atomic bool kept;
	struct timespec shown, until; /* in place of a time from shown to until */
	uint64_t size, blocks;	      /* shown with it */
};

/* What more there is to a directory. */
struct directory {
	pthread_rwlock_t lock;
	_Atomic(struct layer_dir *) upper; /* set once, by copy-up; never goes back to NULL */
	/*
	 * Its parts in lower layers, topmost first. Until the first listing these are candidates:
	 * only reading tells where an opaque one ends the merge. Then they never change.
	 */
	struct layer_dir **lowers;
	_Atomic uint16_t lower_count;
	uint16_t named_lowers; /* how many have it under its own name; a redirect led to the rest */
	bool resolved;	       /* lowers are final */
	bool cut;	       /* by an opaque part or a redirect: deeper ones may have its name */
	uint64_t stamp;	       /* of the parts as they were read; only where others change them */
	_Atomic bool
		opaque; /* nothing is merged, though lowers may still be there for open files */
	_Atomic bool removed;	    /* by rmdir: nothing can be made in it */
	_Atomic int8_t default_acl; /* has a default ACL: 1, 0, or -1 unknown */
	_Atomic int8_t
		gives_group; /* its group to what is made in it (setgid): 1, 0, or -1 unknown */
	struct directory_times times;
	/* The upper's: where the lowers have it, when not under its own name; owned. Set once. */
	_Atomic(char *) redirect;
	struct listing *listing; /* NULL when not in memory */
	size_t visible;		 /* names in the listing that can be seen */
	size_t counted_bytes;	 /* what the listing cache thinks the listing needs */
	struct list recently_used;
};

/* -- the table: inode.c -- */

/* The inode with this identity and one more reference, or NULL. */
struct inode *inode_find(struct union_fs *fs, struct identity identity);

/* A new one with one reference, not in the table yet. A directory gets its struct directory. NULL: no memory. */
struct inode *inode_new(uint8_t type);

/*
 * Enters inode under its identity and returns it; when another thread was faster, frees it and
 * returns that one's with one more reference.
 */
struct inode *inode_enter(struct union_fs *fs, struct inode *inode);
/* Lets nobody find it any more: the file on disk is gone or is no longer what the table says. */
void inode_hide(struct union_fs *fs, struct inode *inode);
/* Gives it another identity, after copy-up. What was known under that is long gone, and hidden. */
void inode_change_identity(struct union_fs *fs, struct inode *inode, struct identity identity);

/* Frees every inode, whoever has not given it back; nobody may use them any more. */
void inode_table_free(struct union_fs *fs);

void inode_ref(struct inode *inode);
/* Gives back count references; the last one frees it, and its parent's reference with it. */
void inode_unref(struct union_fs *fs, struct inode *inode, uint64_t count);

static inline bool inode_has(const struct inode *inode, uint8_t flag)
{
	return (inode->flags & flag) != 0;
}

static inline bool inode_is_directory(const struct inode *inode)
{
	return inode->directory != NULL;
}

/* True when it lives in the upper layer, so that it can be changed in place. */
bool inode_is_upper(const struct union_fs *fs, const struct inode *inode);

/* -- position: where in the union it was last seen: position.c -- */

struct position {
	struct inode *parent; /* with a reference */
	char name[NAME_MAX + 1];
};

/* -ENOENT when it has none (the root, nameless files); released with position_release(). */
int position_get(struct union_fs *fs, struct inode *inode, struct position *ret_position);
void position_release(struct union_fs *fs, struct position *position);
/* Replaces the position and ends NAMELESS. 0 or -ENOMEM. */
int position_set(struct union_fs *fs, struct inode *inode, struct inode *parent, const char *name);
/* The same with a name from malloc(3), which it takes over: for when failing is too late. */
void position_move(struct union_fs *fs, struct inode *inode, struct inode *parent, char **name);
/* Sets it only if the inode is NAMELESS: a lookup found another link. */
void position_offer(struct union_fs *fs, struct inode *inode, struct inode *parent,
		    const char *name);
/* True when the position is exactly this one. */
bool position_is(struct union_fs *fs, struct inode *inode, const struct inode *parent,
		 const char *name);
