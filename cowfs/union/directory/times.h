/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times of directories in which we did something that is nobody's business.
 *
 * A copy-up puts a file into the upper part of its directory, in which nothing has changed for anybody. Access and
 * modification time are put back, but nobody can set a change time. So it is remembered what it was, and shown
 * until something really changes, with the size that the directory had, which many file systems derive from its
 * entries; else the kernel would have to forget all it knows of the directory at each copy-up,
 * and ask again at the next step through it. Once the kernel has forgotten the directory, and after a remount, the
 * disk's change time shows.
 */
#pragma once

#include "union/inode.h"

/* What directory->times is: nothing is kept. */
void directory_times_init(struct directory_times *times);
void directory_times_destroy(struct directory_times *times);

/*
 * Before our bookkeeping in dir, locked for writing, whose upper part fd refers to. 0 or -errno; after 0
 * directory_times_restore() must follow, whether the bookkeeping succeeded or not.
 */
int directory_times_keep(struct inode *dir, int fd, struct attributes *ret_before);
/* After it. Whoever caches attributes is told if they could not be kept. */
void directory_times_restore(struct union_fs *fs, struct inode *dir, int fd,
			     const struct attributes *before);

/* Before the upper part just made for dir is seen: it has the attributes `now`, and `shown` is the change time to be shown. */
void directory_times_take(struct inode *dir, const struct timespec *shown,
			  const struct attributes *now);

/* Something changed in dir, or of it: it shows what the disk says. */
void directory_times_changed(struct inode *dir);

/* Replaces the change time and the size in attributes just read of dir from the disk. */
void directory_times_show(struct inode *dir, struct attributes *attributes);
