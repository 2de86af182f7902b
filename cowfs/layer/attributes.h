/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The attributes of one file: what stat(2) tells, with the birth time. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

struct attributes {
	uint64_t device; /* the device it lies on, as st_dev */
	uint64_t inode;	 /* as st_ino */
	mode_t mode;	 /* type and permissions */
	uint32_t links;
	uid_t uid;
	gid_t gid;
	dev_t rdev;
	uint64_t size;	     /* bytes */
	uint64_t blocks;     /* of 512 bytes */
	uint32_t block_size; /* preferred for I/O */
	struct timespec atime, mtime, ctime;
	struct timespec btime; /* all zero when the file system keeps none */
	bool is_protected;     /* immutable or append-only */
};

/* The kernel overlayfs's whiteout: a character device 0:0. */
static inline bool attributes_are_whiteout(const struct attributes *attributes)
{
	return S_ISCHR(attributes->mode) && attributes->rdev == 0;
}
