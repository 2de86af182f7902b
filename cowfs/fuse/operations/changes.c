/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of the tree: names made, moved and removed. */
#include "fuse/operations/operations.h"

void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev)
{
	struct session *session = begin_name(req, MESSAGE_MKNOD, parent, name);
	struct union_caller caller = caller_of(session, req);
	struct union_entry entry;
	int result = union_mknod(session->fs, inode_of(session, parent), name, mode, rdev, &caller,
				 &entry);

	reply_entry(session, req, result, &entry);
}

void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	struct session *session = begin_name(req, MESSAGE_MKDIR, parent, name);
	struct union_caller caller = caller_of(session, req);
	struct union_entry entry;
	int result =
		union_mkdir(session->fs, inode_of(session, parent), name, mode, &caller, &entry);

	reply_entry(session, req, result, &entry);
}

void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
	struct session *session = begin_name(req, MESSAGE_SYMLINK, parent, name);
	struct union_caller caller = caller_of(session, req);
	struct union_entry entry;
	int result;

	request_text(target);
	result = union_symlink(session->fs, inode_of(session, parent), name, target, &caller,
			       &entry);
	reply_entry(session, req, result, &entry);
}

#ifdef HAVE_STRUCT_FUSE_LOWLEVEL_OPS_TMPFILE

void op_tmpfile(fuse_req_t req, fuse_ino_t parent, mode_t mode, struct fuse_file_info *file)
{
	struct session *session = begin(req, MESSAGE_TMPFILE, parent);
	struct union_caller caller = caller_of(session, req);
	struct fuse_entry_param param;
	struct union_entry entry;
	int result = union_tmpfile(session->fs, inode_of(session, parent), mode, &caller, &entry);

	if (result < 0) {
		reply_result(req, result);
		return;
	}
	/* The handle means nothing to us; 0 would say that there is none. */
	file->fh = 1;
	file->keep_cache = 1;
	if (session->passthrough)
		result = passthrough_open(session, req, entry.inode, file);
	if (result < 0) {
		union_forget(session->fs, entry.inode, 1);
		reply_result(req, result);
		return;
	}
	param_from_entry(session, &entry, &param);
	request_end(0);
	if (fuse_reply_create(req, &param, file) == 0)
		return;
	if (session->passthrough)
		passthrough_release(session, req, file);
	union_forget(session->fs, entry.inode, 1);
}

#endif

void op_link(fuse_req_t req, fuse_ino_t node, fuse_ino_t parent, const char *name)
{
	struct session *session = begin(req, MESSAGE_LINK, node);
	struct union_entry entry;
	int result;

	request_to(parent, name);
	result = union_link(session->fs, inode_of(session, node), inode_of(session, parent), name,
			    &entry);
	reply_entry(session, req, result, &entry);
}

void op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct session *session = begin_name(req, MESSAGE_UNLINK, parent, name);

	reply_result(req, union_unlink(session->fs, inode_of(session, parent), name));
}

void op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct session *session = begin_name(req, MESSAGE_RMDIR, parent, name);

	reply_result(req, union_rmdir(session->fs, inode_of(session, parent), name));
}

void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
	       const char *new_name, unsigned flags)
{
	struct session *session = begin_name(req, MESSAGE_RENAME, parent, name);

	request_to(new_parent, new_name);
	reply_result(req, union_rename(session->fs, inode_of(session, parent), name,
				       inode_of(session, new_parent), new_name, flags));
}
