/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/operations/operations.h"

#include "base/cleanup.h"
#include "fuse/serving/uring.h"

#include <stdint.h>

struct inode *inode_of(const struct session *session, fuse_ino_t node)
{
	if (node == FUSE_ROOT_ID)
		return union_root(session->fs);
	return (struct inode *)(uintptr_t)node;
}

fuse_ino_t node_of(const struct session *session, const struct inode *inode)
{
	if (inode == union_root(session->fs))
		return FUSE_ROOT_ID;
	return (fuse_ino_t)(uintptr_t)inode;
}

double attributes_timeout(const struct session *session, const struct inode *inode)
{
	if (session->passthrough && passthrough_is_written(session->passthrough, inode))
		return 0;
	return session->timeout;
}

struct union_caller caller_of(const struct session *session, fuse_req_t req)
{
	const struct fuse_ctx *context = fuse_req_ctx(req);

	return (struct union_caller){
		.uid = context->uid,
		.gid = context->gid,
		/* Otherwise the kernel has applied it already. */
		.umask = session->negotiated.dont_mask ? context->umask : 0,
	};
}

static void op_init(void *userdata, struct fuse_conn_info *connection)
{
	struct session *session = userdata;
	struct negotiation wanted = {
		.changing = session->options.changing,
		.writeback = session->options.writeback && !session->options.read_only,
		.posix_acl = !session->options.no_acl && !session->options.no_xattr,
		.io_uring = session->options.io_uring,
		.passthrough = session->passthrough != NULL,
	};

	negotiate(&wanted, connection, &session->negotiated);
	if (wanted.io_uring && !session->negotiated.io_uring)
		(void)uring_not_offered(&session->warnings[WARNING_IO_URING]);
	if (session->passthrough && !session->negotiated.passthrough) {
		if (!session->options.passthrough_or_not)
			(void)passthrough_not_offered(&session->warnings[WARNING_PASSTHROUGH]);
		passthrough_destroy(steal_pointer(&session->passthrough));
	}
	if (session->options.ready)
		session->options.ready(session, session->options.context);
}

/*
 * Left out on purpose, so that libfuse answers ENOSYS and the kernel never asks again: flush, as
 * nothing happens at close; create, because MKNOD and an open without a message save the RELEASE of
 * every new file; access, which default_permissions decides; locks, which the kernel keeps itself.
 */
const struct fuse_lowlevel_ops session_operations = {
	.init = op_init,
	.lookup = op_lookup,
	.forget = op_forget,
	.forget_multi = op_forget_multi,
	.getattr = op_getattr,
	.setattr = op_setattr,
	.readlink = op_readlink,
	.mknod = op_mknod,
	.mkdir = op_mkdir,
	.symlink = op_symlink,
	.link = op_link,
	.unlink = op_unlink,
	.rmdir = op_rmdir,
	.rename = op_rename,
	.open = op_open,
	.release = op_release,
	.read = op_read,
	.write = op_write,
	.fsync = op_fsync,
	.fallocate = op_fallocate,
	.copy_file_range = op_copy_file_range,
	.lseek = op_lseek,
	.opendir = op_opendir,
	.releasedir = op_releasedir,
	.readdir = op_readdir,
	.readdirplus = op_readdirplus,
	.fsyncdir = op_fsyncdir,
	.statfs = op_statfs,
	.getxattr = op_getxattr,
	.listxattr = op_listxattr,
	.setxattr = op_setxattr,
	.removexattr = op_removexattr,
	.ioctl = op_ioctl,
#ifdef HAVE_STRUCT_FUSE_LOWLEVEL_OPS_TMPFILE
	.tmpfile = op_tmpfile,
#endif
#ifdef HAVE_STRUCT_FUSE_LOWLEVEL_OPS_STATX
	.statx = op_statx,
#endif
};
