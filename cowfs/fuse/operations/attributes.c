/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attributes of one inode and of the whole: getattr, setattr, statx, statfs. */
#include "fuse/operations/killpriv.h"
#include "fuse/operations/operations.h"

#include <errno.h>
#include <sys/sysmacros.h>

void op_getattr(fuse_req_t req, fuse_ino_t node, struct fuse_file_info *file)
{
	struct session *session = begin(req, MESSAGE_GETATTR, node);
	struct inode *inode = inode_of(session, node);
	struct attributes attributes;
	int result = union_getattr(session->fs, inode, &attributes);

	(void)file;
	reply_attributes(session, req, inode, result, &attributes);
}

/* The change time is the disk's own affair: with the writeback cache the kernel sends one too. */
static struct union_change change_from_message(const struct stat *attr, int to_set)
{
	struct union_change change = {
		.mode = attr->st_mode & 07777,
		.uid = attr->st_uid,
		.gid = attr->st_gid,
		.size = (uint64_t)attr->st_size,
		.atime = attr->st_atim,
		.mtime = attr->st_mtim,
	};

	if (to_set & FUSE_SET_ATTR_MODE)
		change.what |= CHANGE_MODE;
	if (to_set & FUSE_SET_ATTR_UID)
		change.what |= CHANGE_UID;
	if (to_set & FUSE_SET_ATTR_GID)
		change.what |= CHANGE_GID;
	if (to_set & FUSE_SET_ATTR_SIZE)
		change.what |= CHANGE_SIZE;
	if (to_set & (FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_ATIME_NOW))
		change.what |= CHANGE_ATIME;
	if (to_set & FUSE_SET_ATTR_ATIME_NOW)
		change.atime.tv_nsec = UTIME_NOW;
	if (to_set & (FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_MTIME_NOW))
		change.what |= CHANGE_MTIME;
	if (to_set & FUSE_SET_ATTR_MTIME_NOW)
		change.mtime.tv_nsec = UTIME_NOW;
	if ((to_set & FUSE_SET_ATTR_SIZE) && killpriv_in_setattr(to_set))
		change.what |= CHANGE_KILL_PRIVILEGES;
	return change;
}

void op_setattr(fuse_req_t req, fuse_ino_t node, struct stat *attr, int to_set,
		struct fuse_file_info *file)
{
	struct session *session = begin(req, MESSAGE_SETATTR, node);
	struct inode *inode = inode_of(session, node);
	struct union_change change = change_from_message(attr, to_set);
	struct attributes attributes;
	int result;

	(void)file;
	if (change.what)
		result = union_setattr(session->fs, inode, &change, &attributes);
	else
		result = union_getattr(session->fs, inode, &attributes);
	reply_attributes(session, req, inode, result, &attributes);
}

#ifdef HAVE_STRUCT_FUSE_LOWLEVEL_OPS_STATX

static struct statx_timestamp statx_time(const struct timespec *time)
{
	return (struct statx_timestamp){
		.tv_sec = time->tv_sec,
		.tv_nsec = (uint32_t)time->tv_nsec,
	};
}

static void statx_from_attributes(const struct attributes *attributes, struct statx *ret_statx)
{
	*ret_statx = (struct statx){
		.stx_mask = STATX_BASIC_STATS,
		.stx_blksize = attributes->block_size,
		.stx_nlink = attributes->links,
		.stx_uid = attributes->uid,
		.stx_gid = attributes->gid,
		.stx_mode = (uint16_t)attributes->mode,
		.stx_ino = attributes->inode,
		.stx_size = attributes->size,
		.stx_blocks = attributes->blocks,
		.stx_atime = statx_time(&attributes->atime),
		.stx_mtime = statx_time(&attributes->mtime),
		.stx_ctime = statx_time(&attributes->ctime),
		.stx_rdev_major = major(attributes->rdev),
		.stx_rdev_minor = minor(attributes->rdev),
	};
	if (attributes->btime.tv_sec != 0 || attributes->btime.tv_nsec != 0) {
		ret_statx->stx_btime = statx_time(&attributes->btime);
		ret_statx->stx_mask |= STATX_BTIME;
	}
}

/* Sent only to somebody who asks for the birth time. */
void op_statx(fuse_req_t req, fuse_ino_t node, int flags, int mask, struct fuse_file_info *file)
{
	struct session *session = begin(req, MESSAGE_STATX, node);
	struct inode *inode = inode_of(session, node);
	struct attributes attributes;
	struct statx statx;
	int result = union_getattr(session->fs, inode, &attributes);

	(void)flags;
	(void)mask;
	(void)file;
	if (result < 0) {
		reply_result(req, result);
		return;
	}
	statx_from_attributes(&attributes, &statx);
	request_end(0);
	(void)fuse_reply_statx(req, 0, &statx, attributes_timeout(session, inode));
}

#endif

void op_statfs(fuse_req_t req, fuse_ino_t node)
{
	struct session *session = begin(req, MESSAGE_STATFS, node);
	struct statvfs statvfs;
	int result = union_statfs(session->fs, &statvfs);

	if (result < 0) {
		reply_result(req, result);
		return;
	}
	request_end(0);
	(void)fuse_reply_statfs(req, &statvfs);
}
