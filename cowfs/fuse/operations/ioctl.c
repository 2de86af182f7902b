/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The flags of chattr(1), and our own reports; every other ioctl is unknown. */
#include "fuse/operations/operations.h"

#include <errno.h>
#include <linux/fs.h>
#include <string.h>

/*
 * The kernel passes an int whatever the request's number says (long, for history's sake), and
 * answers EIO to the caller when more than out_size bytes come back.
 */
static void get_flags(struct session *session, fuse_req_t req, struct inode *inode, size_t out_size)
{
	int flags = 0;
	int result;

	if (out_size < sizeof(flags)) {
		reply_result(req, -EINVAL);
		return;
	}
	result = union_get_flags(session->fs, inode, &flags);
	if (result < 0)
		reply_result(req, result);
	else
		reply_ioctl(req, &flags, sizeof(flags));
}

static void set_flags(struct session *session, fuse_req_t req, struct inode *inode, const void *in,
		      size_t in_size)
{
	int flags;
	int result;

	if (in_size < sizeof(flags)) {
		reply_result(req, -EINVAL);
		return;
	}
	memcpy(&flags, in, sizeof(flags));
	result = union_set_flags(session->fs, inode, flags);
	if (result < 0)
		reply_result(req, result);
	else
		reply_ioctl(req, NULL, 0);
}

/*
 * The flags that FS_IOC_FSGETXATTR shows too, under other numbers. The kernel asks by that request
 * before it sets anything, also when chattr(1) asked for FS_IOC_SETFLAGS.
 */
static const struct shared_flag {
	unsigned flag, xflag;
} shared_flags[] = {
	{ FS_SYNC_FL, FS_XFLAG_SYNC },
	{ FS_IMMUTABLE_FL, FS_XFLAG_IMMUTABLE },
	{ FS_APPEND_FL, FS_XFLAG_APPEND },
	{ FS_NODUMP_FL, FS_XFLAG_NODUMP },
	{ FS_NOATIME_FL, FS_XFLAG_NOATIME },
	{ FS_DAX_FL, FS_XFLAG_DAX },
	{ FS_PROJINHERIT_FL, FS_XFLAG_PROJINHERIT },
};

#define SHARED_FLAG_COUNT (sizeof(shared_flags) / sizeof(shared_flags[0]))

static void get_xflags(struct session *session, fuse_req_t req, struct inode *inode,
		       size_t out_size)
{
	struct fsxattr answer = { 0 };
	int flags = 0;
	int result;

	if (out_size < sizeof(answer)) {
		reply_result(req, -EINVAL);
		return;
	}
	result = union_get_flags(session->fs, inode, &flags);
	if (result < 0) {
		reply_result(req, result);
		return;
	}
	for (size_t i = 0; i < SHARED_FLAG_COUNT; i++) {
		if ((unsigned)flags & shared_flags[i].flag)
			answer.fsx_xflags |= shared_flags[i].xflag;
	}
	reply_ioctl(req, &answer, sizeof(answer));
}

/* Flags without a counterpart stay as they are; projects and extent sizes are not kept. */
static void set_xflags(struct session *session, fuse_req_t req, struct inode *inode, const void *in,
		       size_t in_size)
{
	struct fsxattr wanted;
	unsigned left;
	int flags = 0;
	int result;

	if (in_size < sizeof(wanted)) {
		reply_result(req, -EINVAL);
		return;
	}
	memcpy(&wanted, in, sizeof(wanted));
	left = wanted.fsx_xflags;
	result = union_get_flags(session->fs, inode, &flags);
	for (size_t i = 0; i < SHARED_FLAG_COUNT; i++) {
		const struct shared_flag *shared = &shared_flags[i];

		flags = (int)((unsigned)flags & ~shared->flag);
		if (left & shared->xflag)
			flags = (int)((unsigned)flags | shared->flag);
		left &= ~shared->xflag;
	}
	if (result == 0 &&
	    (left || wanted.fsx_extsize || wanted.fsx_projid || wanted.fsx_cowextsize))
		result = -EOPNOTSUPP;
	if (result == 0)
		result = union_set_flags(session->fs, inode, flags);
	if (result < 0)
		reply_result(req, result);
	else
		reply_ioctl(req, NULL, 0);
}

static void report(struct session *session, fuse_req_t req, size_t out_size)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int result = stat_report(session, &text);

	if (result < 0)
		reply_result(req, result);
	else if (text.length + 1 > out_size)
		reply_result(req, -ERANGE);
	else
		reply_ioctl(req, text.data, text.length + 1);
}

static void report_stack(struct session *session, fuse_req_t req, struct inode *inode,
			 const void *in, size_t in_size, size_t out_size)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	struct stack_page page = { 0 };
	int result = stack_report(session, inode, &text);

	if (result == 0 && (in_size < sizeof(page) || out_size < sizeof(page)))
		result = -EINVAL;
	if (result < 0) {
		reply_result(req, result);
		return;
	}
	memcpy(&page.offset, in, sizeof(page.offset));
	if (page.offset < text.length) {
		size_t left = text.length - (size_t)page.offset;

		page.size = (uint32_t)(left < sizeof(page.text) ? left : sizeof(page.text));
		memcpy(page.text, text.data + page.offset, page.size);
	}
	reply_ioctl(req, &page, sizeof(page));
}

void op_ioctl(fuse_req_t req, fuse_ino_t node, unsigned command, void *argument,
	      struct fuse_file_info *file, unsigned flags, const void *in, size_t in_size,
	      size_t out_size)
{
	struct session *session = fuse_req_userdata(req);
	struct inode *inode = inode_of(session, node);

	(void)argument;
	(void)file;
	(void)flags;
	/* A look at the counts does not change them. */
	if (command == STAT_IOCTL) {
		report(session, req, out_size);
		return;
	}
	if (command == STACK_IOCTL) {
		report_stack(session, req, inode, in, in_size, out_size);
		return;
	}
	(void)begin(req, MESSAGE_IOCTL, node);
	switch (command) {
	case FS_IOC_GETFLAGS:
	case FS_IOC32_GETFLAGS:
		get_flags(session, req, inode, out_size);
		break;
	case FS_IOC_SETFLAGS:
	case FS_IOC32_SETFLAGS:
		set_flags(session, req, inode, in, in_size);
		break;
	case FS_IOC_FSGETXATTR:
		get_xflags(session, req, inode, out_size);
		break;
	case FS_IOC_FSSETXATTR:
		set_xflags(session, req, inode, in, in_size);
		break;
	default:
		reply_result(req, -ENOTTY);
		break;
	}
}
