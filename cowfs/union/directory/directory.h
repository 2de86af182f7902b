/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Merged directories: their parts in the layers, their listing, and the memory listings may use.
 */
#pragma once

#include "union/inode.h"

/* NULL when memory is short. */
struct directory *directory_new(void);
/* Accepts NULL. */
void directory_free(struct union_fs *fs, struct directory *directory);

/*
 * Locks dir for reading, or for writing, with its listing in memory, which is built when need be:
 * one reading of each of its parts. 0, or -errno with nothing locked.
 */
int directory_lock(struct union_fs *fs, struct inode *dir, bool write);
/*
 * Locks several for writing, in an order that cannot deadlock. The array of count directories,
 * where NULL means none and the same may stand twice, is sorted for it. 0, or -errno with none locked.
 */
int directory_lock_all(struct union_fs *fs, struct inode **dirs, size_t count);
/* Unlocks after reading or writing. */
void directory_unlock(struct inode *dir);
void directory_unlock_all(struct inode **dirs, size_t count);

/* The part of dir in the layer with this index, borrowed from it, or NULL. */
struct layer_dir *directory_part(const struct union_fs *fs, const struct inode *dir,
				 unsigned layer);

/* Opens the part of dir in the layer: a descriptor to release into fs->fds. 0 or -errno. */
int directory_open_part(struct union_fs *fs, const struct inode *dir, unsigned layer,
			struct cached_fd **ret_fd);

/* The directory's entry of name that can be seen, or NULL; the directory is locked. */
struct listing_entry *directory_find(const struct inode *dir, const char *name);

/* The entry of name in a directory locked for writing, a new one when it is not known. NULL: no memory. */
struct listing_entry *directory_obtain_entry(struct union_fs *fs, struct inode *dir,
					     const char *name);

/*
 * The directory, locked for writing, changed: entry now is of type (a DT_ type) in the upper with
 * these forms of whiteout; type 0: nothing of that name is there. An entry that is neither seen nor
 * whited out is erased.
 */
void directory_set_entry(struct inode *dir, struct listing_entry *entry, uint8_t type,
			 unsigned whiteout);
/* The same for one that was copied up, as type: for everybody else nothing has changed. */
void directory_set_copied(struct inode *dir, struct listing_entry *entry, uint8_t type);

/*
 * Owner, permissions or attributes of dir, which is not locked, have changed: what is made in it may inherit other
 * ones. Only with the directory locked may be noted what that is.
 */
void directory_forget_bequest(struct inode *dir);

/* True when it shows more than one layer's directory, as far as known without reading it. */
bool directory_is_merged(const struct directory *directory);

/*
 * Whether a known directory still has the parts that dir, which is locked, has under entry: others
 * may have made or removed directories in the layers.
 */
bool directory_has_parts_of(const struct inode *inode, const struct inode *dir,
			    const struct listing_entry *entry);

/*
 * Gives a new directory inode its parts: what dir, which is locked, has under entry. Follows the
 * redirects of layers with state of ours. 0 or -errno.
 */
int directory_adopt_parts(struct union_fs *fs, struct inode *inode, const struct inode *dir,
			  const struct listing_entry *entry);

/* Makes dir, which has an upper part, opaque, on disk and for us. 0 or -errno. */
int directory_make_opaque(struct union_fs *fs, struct inode *dir);

/* Frees the listing, if any, of a directory that is locked for writing or that nobody knows. */
void directory_free_listing(struct union_fs *fs, struct directory *directory);
