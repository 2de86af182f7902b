/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and what they stand for: lookup, forget, readlink. */
#include "fuse/operations/operations.h"

#include <errno.h>
#include <malloc.h>

void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct session *session = begin_name(req, MESSAGE_LOOKUP, parent, name);
	struct union_entry entry;
	int result = union_lookup(session->fs, inode_of(session, parent), name, &entry);

	if (result == -ENOENT) {
		reply_absent(session, req);
		return;
	}
	reply_entry(session, req, result, &entry);
}

/*
 * What the C library got back it keeps, scattered, for its next use. After so many forgotten inodes
 * it is worth a few milliseconds to give whole pages back to the machine.
 */
#define FORGOTTEN_BEFORE_TRIM 32768

static void forget(struct session *session, fuse_ino_t node, uint64_t count)
{
	/* The root was never given out by us. */
	if (node == FUSE_ROOT_ID)
		return;
	union_forget(session->fs, inode_of(session, node), count);
	if (++session->forgotten % FORGOTTEN_BEFORE_TRIM == 0)
		(void)malloc_trim(0);
}

void op_forget(fuse_req_t req, fuse_ino_t node, uint64_t count)
{
	struct session *session = begin(req, MESSAGE_FORGET, node);

	request_end((int64_t)count);
	forget(session, node, count);
	fuse_reply_none(req);
}

void op_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
	struct session *session = begin(req, MESSAGE_FORGET, FUSE_ROOT_ID);

	for (size_t i = 0; i < count; i++) {
		request_forget(forgets[i].ino, forgets[i].nlookup);
		forget(session, forgets[i].ino, forgets[i].nlookup);
	}
	fuse_reply_none(req);
}

void op_readlink(fuse_req_t req, fuse_ino_t node)
{
	struct session *session = begin(req, MESSAGE_READLINK, node);
	cleanup_buffer struct buffer target = BUFFER_INIT;
	int result = union_readlink(session->fs, inode_of(session, node), &target);

	if (result < 0) {
		reply_result(req, result);
		return;
	}
	request_end((int64_t)target.length);
	(void)fuse_reply_readlink(req, buffer_string(&target));
}
