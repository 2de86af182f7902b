/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The data of files, addressed by inode: a handle never matters, but to passthrough. */
#include "fuse/operations/killpriv.h"
#include "fuse/operations/operations.h"
#include "fuse/operations/scratch.h"

#include <errno.h>

#define COPY_MAX (1UL << 30)

static void open_passed(struct session *session, fuse_req_t req, struct inode *inode,
			struct fuse_file_info *file)
{
	int result = passthrough_open(session, req, inode, file);

	if (result < 0) {
		reply_result(req, result);
		return;
	}
	request_end(0);
	if (fuse_reply_open(req, file) != 0)
		passthrough_release(session, req, file);
}

void op_open(fuse_req_t req, fuse_ino_t node, struct fuse_file_info *file)
{
	struct session *session = begin(req, MESSAGE_OPEN, node);

	if (session->passthrough) {
		open_passed(session, req, inode_of(session, node), file);
		return;
	}
	/* Ends this message and RELEASE for good; the kernel then keeps the page cache. */
	if (session->negotiated.no_open) {
		reply_result(req, -ENOSYS);
		return;
	}
	file->fh = 0;
	/* Without keep_cache each open drops what others may have changed. */
	file->keep_cache = !session->options.changing;
	reply_open(req, file);
}

void op_release(fuse_req_t req, fuse_ino_t node, struct fuse_file_info *file)
{
	struct session *session = begin(req, MESSAGE_RELEASE, node);

	if (session->passthrough)
		passthrough_release(session, req, file);
	reply_result(req, 0);
}

void op_read(fuse_req_t req, fuse_ino_t node, size_t size, off_t offset,
	     struct fuse_file_info *file)
{
	struct session *session = begin(req, MESSAGE_READ, node);
	char *data = scratch(size);
	ssize_t length;

	(void)file;
	request_range(offset, size);
	if (!data) {
		reply_result(req, -ENOMEM);
		return;
	}
	length = union_read(session->fs, inode_of(session, node), data, size, (uint64_t)offset);
	reply_data(req, data, length);
}

/*
 * Whether clearing setuid and kin is left to us and this caller may not keep them. That depends on
 * CAP_FSETID, which these messages do not tell; it is guessed from who calls.
 */
static bool may_not_keep_privileges(const struct session *session, fuse_req_t req)
{
	return session->negotiated.kill_privileges && fuse_req_ctx(req)->uid != 0;
}

void op_write(fuse_req_t req, fuse_ino_t node, const char *data, size_t size, off_t offset,
	      struct fuse_file_info *file)
{
	struct session *session = begin(req, MESSAGE_WRITE, node);

	request_range(offset, size);
	reply_written(req, union_write(session->fs, inode_of(session, node), data, size,
				       (uint64_t)offset, killpriv_in_write(file)));
}

void op_fsync(fuse_req_t req, fuse_ino_t node, int data_only, struct fuse_file_info *file)
{
	struct session *session = begin(req, MESSAGE_FSYNC, node);

	(void)file;
	/* ENOSYS counts as done, for this call and for all to come. */
	if (session->options.never_sync)
		reply_result(req, -ENOSYS);
	else
		reply_result(req, union_fsync(session->fs, inode_of(session, node), data_only));
}

void op_fallocate(fuse_req_t req, fuse_ino_t node, int mode, off_t offset, off_t length,
		  struct fuse_file_info *file)
{
	struct session *session = begin(req, MESSAGE_FALLOCATE, node);
	struct inode *inode = inode_of(session, node);
	int result = 0;

	(void)file;
	request_range(offset, (size_t)length);
	if (may_not_keep_privileges(session, req))
		result = union_kill_privileges(session->fs, inode);
	if (!result)
		result = union_fallocate(session->fs, inode, mode, (uint64_t)offset,
					 (uint64_t)length);
	reply_result(req, result);
}

void op_copy_file_range(fuse_req_t req, fuse_ino_t from, off_t from_offset,
			struct fuse_file_info *from_file, fuse_ino_t to, off_t to_offset,
			struct fuse_file_info *to_file, size_t length, int flags)
{
	struct session *session = begin(req, MESSAGE_COPY_FILE_RANGE, from);
	ssize_t copied = 0;

	(void)from_file;
	(void)to_file;
	request_to(to, NULL);
	request_range(from_offset, length);
	if (flags) {
		reply_result(req, -EINVAL);
		return;
	}
	/* The answer has room for 32 bits; the caller comes again for the rest. */
	if (length > COPY_MAX)
		length = COPY_MAX;
	if (may_not_keep_privileges(session, req))
		copied = union_kill_privileges(session->fs, inode_of(session, to));
	if (!copied)
		copied = union_copy_file_range(session->fs, inode_of(session, from),
					       (uint64_t)from_offset, inode_of(session, to),
					       (uint64_t)to_offset, length);
	reply_written(req, copied);
}
