/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies whose data need not be on disk yet.
 *
 * A copy-up that waits for the disk makes chown -R as slow as the disk. But without waiting, a crash
 * could leave a copy with its name and owner and none of its data. So a copy made for the sake of
 * its attributes or names is marked before it appears: unsynced/INODE in the state directory, INODE
 * being its number in the upper, a symbolic link to `LAYER-ID:INODE` of the file it was copied from,
 * all in hexadecimal. As long as the mark is there its data is that file's; whoever is about to change
 * it settles the copy first: data to disk, then the mark off the disk. Hence after a crash the
 * data of what is marked is just copied again, and nothing can be lost by that.
 *
 * All marks together are settled by one syncfs(2), two seconds after the first, at the sync of a
 * directory, and at the end. Copies are synced one by one where a file system does not keep the order of
 * mark and name (base/file_system.h).
 */
#pragma once

#include "base/problem.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inode;
struct layer;
struct union_fs;

struct unsynced {
	int fd; /* unsynced/, open for reading; -1 where nothing is marked */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_mutex_t settling; /* held by the one that settles all; taken before lock */
	/* Under lock: */
	uint64_t *inodes; /* what is marked, 0 for what was settled by itself */
	size_t count;
	bool has_thread, ending;
	pthread_t thread;
};

/* Nothing open. */
void unsynced_init(struct unsynced *unsynced);

/*
 * Copies again what is still marked from before a crash, then gets ready. The layers must be open. 0 or
 * -errno with a problem; copies whose lower file cannot be found any more are told in warning.
 */
int unsynced_open(struct union_fs *fs, struct problem *problem, struct problem *warning);
/* Settles everything and stops. Accepts what was never opened. */
void unsynced_close(struct union_fs *fs);

/*
 * Marks the upper file of this number, still without a visible name, a complete copy of `inode` in
 * layer. False when that cannot be: then the caller syncs it.
 */
bool unsynced_mark(struct union_fs *fs, uint64_t upper_inode, const struct layer *layer,
		   uint64_t inode);
/*
 * Whether anything is marked: then an inode that becomes known again may be, for its number is all that is remembered of
 * a marked file that was forgotten.
 */
bool unsynced_is_any(struct union_fs *fs);
/* The file of this number, which may be marked, is no more. */
void unsynced_forget(struct union_fs *fs, uint64_t upper_inode);

/*
 * Puts the data of a file on disk and its mark off it, if it is marked, before it is changed. fd refers to
 * it, open for reading or writing. 0 or -errno, then it must not be changed.
 */
int unsynced_settle(struct union_fs *fs, struct inode *inode, int fd);
/* The same for all that is marked. */
int unsynced_settle_all(struct union_fs *fs);

/* How many are marked now. */
size_t unsynced_count(struct union_fs *fs);

/* -- for unsynced_recover.c and check/, and what the former offers -- */

#define UNSYNCED_NAME_MAX 24

/* The name of the mark for the upper file of this number. */
void unsynced_mark_name(char name[UNSYNCED_NAME_MAX], uint64_t upper_inode);
/* Takes it off the disk, if it is there; certain after unsynced_sync_marks(). 0 or -errno. */
int unsynced_remove_mark(const struct unsynced *unsynced, uint64_t upper_inode);
int unsynced_sync_marks(const struct unsynced *unsynced);

/* Opens the directory of the marks, which is there. 0 or -errno. */
int unsynced_open_marks(struct union_fs *fs);

/*
 * Copies again what is marked, then removes the marks; with keep_lost only those of copies that are sure to be complete. As
 * unsynced_open().
 */
int unsynced_recover(struct union_fs *fs, bool keep_lost, struct problem *problem,
		     struct problem *warning);
/* Reads the mark of this name: of which upper file it is, and what that is a copy of. False for garbage. */
bool unsynced_read_mark(int marks, const char *name, uint64_t *ret_upper_inode,
			uint64_t *ret_layer_id, uint64_t *ret_inode);
