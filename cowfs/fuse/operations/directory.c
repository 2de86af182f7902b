/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading directories. Their cookies are the union's, so no state is kept between calls. */
#include "fuse/operations/operations.h"
#include "fuse/operations/scratch.h"

#include <errno.h>

void op_opendir(fuse_req_t req, fuse_ino_t node, struct fuse_file_info *file)
{
	struct session *session = begin(req, MESSAGE_OPENDIR, node);

	/* Ends this message and RELEASEDIR for good; the kernel then caches listings. */
	if (session->negotiated.no_opendir) {
		reply_result(req, -ENOSYS);
		return;
	}
	file->fh = 0;
	file->keep_cache = !session->options.changing;
	file->cache_readdir = !session->options.changing;
	reply_open(req, file);
}

void op_releasedir(fuse_req_t req, fuse_ino_t node, struct fuse_file_info *file)
{
	(void)begin(req, MESSAGE_RELEASEDIR, node);
	(void)file;
	reply_result(req, 0);
}

struct listing_reply {
	const struct session *session;
	fuse_req_t req;
	char *data;
	size_t size, used;
	bool details;
};

/* A name with what is known of it; "." and ".." carry only their number, and count no lookup. */
static void param_from_dirent(const struct session *session, const struct union_dirent *dirent,
			      struct fuse_entry_param *ret_param)
{
	if (dirent->entry) {
		param_from_entry(session, dirent->entry, ret_param);
		return;
	}
	*ret_param = (struct fuse_entry_param){ 0 };
	ret_param->attr.st_ino = (ino_t)dirent->ino;
	ret_param->attr.st_mode = dirent->type;
}

static int add_dirent(void *context, const struct union_dirent *dirent)
{
	struct listing_reply *reply = context;
	size_t room = reply->size - reply->used;
	struct fuse_entry_param param;
	size_t length;

	param_from_dirent(reply->session, dirent, &param);
	if (reply->details)
		length = fuse_add_direntry_plus(reply->req, reply->data + reply->used, room,
						dirent->name, &param, (off_t)dirent->cookie);
	else
		length = fuse_add_direntry(reply->req, reply->data + reply->used, room,
					   dirent->name, &param.attr, (off_t)dirent->cookie);
	if (length > room)
		return 1;
	reply->used += length;
	return 0;
}

static void list(struct session *session, fuse_req_t req, fuse_ino_t node, size_t size,
		 off_t cookie, bool details)
{
	struct listing_reply reply = {
		.session = session,
		.req = req,
		.data = scratch(size),
		.size = size,
		.details = details,
	};
	int result;

	if (!reply.data) {
		reply_result(req, -ENOMEM);
		return;
	}
	result = union_readdir(session->fs, inode_of(session, node), (uint64_t)cookie, details,
			       add_dirent, &reply);
	/* What was taken must arrive, or its references would be lost; an error shows next time. */
	reply_data(req, reply.data, reply.used || result >= 0 ? (ssize_t)reply.used : result);
}

void op_readdir(fuse_req_t req, fuse_ino_t node, size_t size, off_t cookie,
		struct fuse_file_info *file)
{
	struct session *session = begin(req, MESSAGE_READDIR, node);

	(void)file;
	list(session, req, node, size, cookie, false);
}

void op_readdirplus(fuse_req_t req, fuse_ino_t node, size_t size, off_t cookie,
		    struct fuse_file_info *file)
{
	struct session *session = begin(req, MESSAGE_READDIRPLUS, node);

	(void)file;
	list(session, req, node, size, cookie, true);
}

void op_fsyncdir(fuse_req_t req, fuse_ino_t node, int data_only, struct fuse_file_info *file)
{
	struct session *session = begin(req, MESSAGE_FSYNCDIR, node);

	(void)file;
	if (session->options.never_sync)
		reply_result(req, -ENOSYS);
	else
		reply_result(req, union_fsync(session->fs, inode_of(session, node), data_only));
}
