/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors of regular files' data, for the other rooms of the union. */
#pragma once

#include "union/inode.h"

#include <stdbool.h>

/*
 * A descriptor of the inode's data where it lives now, remembered for the next time; writable only for
 * one in the upper. Takes the inode's lock. To be given back with fd_cache_release(). 0 or -errno.
 */
int data_open(struct union_fs *fs, struct inode *inode, bool writable, struct cached_fd **ret_fd);

struct location;

/*
 * A descriptor for reading and writing of the regular file at a location in the upper, also of one that
 * its owner, who we are, made read-only. The caller's own. -errno when there is none.
 */
int data_open_upper(const struct union_fs *fs, const struct location *location);

/*
 * Before the last name of an upper file goes: makes sure that a descriptor of it is kept until it is
 * forgotten, for nobody told us whether it is open. The inode's lock is held. 0 or -errno.
 */
int data_pin(struct union_fs *fs, struct inode *inode);

/*
 * Clears setuid, setgid (of executables) and capabilities, as a write by a stranger does, of the
 * inode that fd is open on. Whoever caches its mode is told. 0 or -errno.
 */
int data_kill_privileges(struct union_fs *fs, struct inode *inode, int fd);
