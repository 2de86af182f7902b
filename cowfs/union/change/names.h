/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names that come and go: what creating, linking, removing and renaming have in common. */
#pragma once

#include "union/inode.h"
#include "union/union.h"

/* Whether name may be made in dir: writable union, valid and not reserved, a directory. 0 or -errno. */
int names_check_new(struct union_fs *fs, struct inode *dir, const char *name);
/* Whether name can stand for something in dir that is to be changed. 0 or -errno. */
int names_check_old(struct union_fs *fs, struct inode *dir, const char *name);

/* Locks the inodes of files (NULL and directories are passed over), which may be the same. */
void names_lock_files(struct inode *a, struct inode *b);
void names_unlock_files(struct inode *a, struct inode *b);

/*
 * Looks again at what the caller had found before it could lock: entry is that of the name in dir, which is
 * locked now, as is the file. -ESTALE when another thread has put another file there; else found's
 * attributes are as of now.
 */
int names_look_again(struct union_fs *fs, struct inode *dir, const struct listing_entry *entry,
		     struct union_entry *found);

/* A name of a file that is about to go, and what the file was before. */
struct doomed_name {
	struct inode *inode;
	struct inode *dir; /* locked for writing, as is the inode */
	const char *name;
	uint32_t links;	     /* as shown, while the name was there */
	bool was_upper_name; /* the name stood in the upper, not only in a lower layer */
};

/* Before: keeps what must outlive the name (data_pin()). 0 or -errno, then it must not go. */
int names_prepare_removal(struct union_fs *fs, const struct doomed_name *doomed);
/* After: counts links, forgets what is gone. */
void names_finish_removal(struct union_fs *fs, const struct doomed_name *doomed);

/* The same for a directory, which is empty; both it and dir are locked for writing. */
int names_prepare_rmdir(struct union_fs *fs, struct inode *dir);
void names_finish_rmdir(struct union_fs *fs, struct inode *dir);

/*
 * Undoes the making of a name in the upper part of dir, which is locked and knows of it already, before
 * anybody can have seen it. When that fails, too, it stays.
 */
void names_take_back(struct union_fs *fs, struct inode *dir, const char *name);

/*
 * Gives the name of a copied-up file that only a lower layer has yet a link in the upper too: in
 * directory, the upper part of a directory locked for writing. The inode is locked. 0 or -errno.
 */
int link_bring_up(struct union_fs *fs, struct inode *inode, int directory, const char *name);
