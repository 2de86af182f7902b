/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/operations/operations.h"

void stat_from_attributes(const struct attributes *attributes, struct stat *ret_stat)
{
	*ret_stat = (struct stat){
		.st_dev = (dev_t)attributes->device,
		.st_ino = (ino_t)attributes->inode,
		.st_mode = attributes->mode,
		.st_nlink = attributes->links,
		.st_uid = attributes->uid,
		.st_gid = attributes->gid,
		.st_rdev = attributes->rdev,
		.st_size = (off_t)attributes->size,
		.st_blksize = (blksize_t)attributes->block_size,
		.st_blocks = (blkcnt_t)attributes->blocks,
		.st_atim = attributes->atime,
		.st_mtim = attributes->mtime,
		.st_ctim = attributes->ctime,
	};
}

void param_from_entry(const struct session *session, const struct union_entry *entry,
		      struct fuse_entry_param *ret_param)
{
	*ret_param = (struct fuse_entry_param){
		.ino = node_of(session, entry->inode),
		/* Differs when an address is used again for another file. */
		.generation = entry->attributes.inode,
		.attr_timeout = attributes_timeout(session, entry->inode),
		.entry_timeout = session->timeout,
	};
	stat_from_attributes(&entry->attributes, &ret_param->attr);
}
