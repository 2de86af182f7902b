/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of operations.h: answers. Each ends the request (request.h) before the kernel gets it. */
#include "fuse/operations/operations.h"

#include <errno.h>

void reply_result(fuse_req_t req, int result)
{
	request_end(result);
	(void)fuse_reply_err(req, -result);
}

void reply_entry(struct session *session, fuse_req_t req, int result,
		 const struct union_entry *entry)
{
	struct fuse_entry_param param;

	if (result < 0) {
		reply_result(req, result);
		return;
	}
	param_from_entry(session, entry, &param);
	request_end(0);
	/* An answer that did not arrive is an entry that the kernel will never forget. */
	if (fuse_reply_entry(req, &param) != 0)
		union_forget(session->fs, entry->inode, 1);
}

void reply_absent(const struct session *session, fuse_req_t req)
{
	const struct fuse_entry_param absent = { .entry_timeout = session->timeout };

	request_end(-ENOENT);
	(void)fuse_reply_entry(req, &absent);
}

void reply_attributes(const struct session *session, fuse_req_t req, const struct inode *inode,
		      int result, const struct attributes *attributes)
{
	struct stat stat;

	if (result < 0) {
		reply_result(req, result);
		return;
	}
	stat_from_attributes(attributes, &stat);
	request_end(0);
	(void)fuse_reply_attr(req, &stat, attributes_timeout(session, inode));
}

void reply_open(fuse_req_t req, const struct fuse_file_info *file)
{
	request_end(0);
	(void)fuse_reply_open(req, file);
}

void reply_data(fuse_req_t req, const char *data, ssize_t length)
{
	if (length < 0) {
		reply_result(req, (int)length);
		return;
	}
	request_end(length);
	(void)fuse_reply_buf(req, data, (size_t)length);
}

void reply_written(fuse_req_t req, ssize_t length)
{
	if (length < 0) {
		reply_result(req, (int)length);
		return;
	}
	request_end(length);
	(void)fuse_reply_write(req, (size_t)length);
}

void reply_size(fuse_req_t req, size_t size)
{
	request_end((int64_t)size);
	(void)fuse_reply_xattr(req, size);
}

void reply_offset(fuse_req_t req, off_t offset)
{
	if (offset < 0) {
		reply_result(req, (int)offset);
		return;
	}
	request_end(offset);
	(void)fuse_reply_lseek(req, offset);
}

void reply_ioctl(fuse_req_t req, const void *data, size_t size)
{
	request_end(0);
	(void)fuse_reply_ioctl(req, 0, data, size);
}
