/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Passthrough: the kernel reads and writes the layers' files itself (Linux 6.9,
 * Documentation/filesystems/fuse/fuse-passthrough.rst), in their own page cache, and we see opens instead of data.
 *
 * All open files of one of the kernel's inodes must have the same file behind them, or none. A lower file moves to the
 * upper at the first change, and whoever has it open must see that. So only what cannot move has a file
 * behind it: what is in the upper when it is opened, and everything where nothing can be written. The rest is
 * served by us as ever, until all who have it open have closed it. So are files with setuid or setgid.
 *
 * Mappings change times unseen by us and the kernel's idea of our inode: while somebody may write to a file that way, its
 * attributes are remembered by nobody.
 */
#pragma once

#include "base/problem.h"

#include <fuse_lowlevel.h>
#include <stdbool.h>
#include <stdint.h>

struct inode;
struct passthrough;
struct session;

/* 0 when the library and the privileges of this process allow it, else -errno with a problem. */
int passthrough_check(struct problem *problem);
/* The problem when the kernel says no: -ENOTSUP. */
int passthrough_not_offered(struct problem *problem);

/* 0 or -ENOMEM. */
int passthrough_create(struct passthrough **ret_passthrough);
/* Accepts NULL. */
void passthrough_destroy(struct passthrough *passthrough);

/*
 * Puts a file behind a regular file that is being opened as file->flags say, if that can be, and fills in
 * what the answer needs. 0, then passthrough_release() must follow, or -errno.
 */
int passthrough_open(struct session *session, fuse_req_t req, struct inode *inode,
		     struct fuse_file_info *file);
void passthrough_release(struct session *session, fuse_req_t req,
			 const struct fuse_file_info *file);

/* Whether attributes of an inode may change without a message. */
bool passthrough_is_written(struct passthrough *passthrough, const struct inode *inode);

/* How many opens had a file put behind them, and how many had not. */
struct passthrough_counts {
	uint64_t passed, served;
};
struct passthrough_counts passthrough_count(const struct passthrough *passthrough);
