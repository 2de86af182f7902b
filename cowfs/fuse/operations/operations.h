/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the operations share. Each operation is thin: it translates a message into one call of the
 * union, and the result into the answer. One file per theme; operations.c has the table.
 *
 * The kernel knows an inode by a number of ours, the node id: the address of the struct inode, on
 * which each answer that carries an entry gives it one reference, taken back by FORGET.
 */
#pragma once

#include "fuse/counts.h"
#include "fuse/negotiate.h"
#include "fuse/operations/passthrough.h"
#include "fuse/request.h"
#include "fuse/serving/serving.h"
#include "fuse/session.h"
#include "union/union.h"

#include <fuse_lowlevel.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

struct seeker;

struct session {
	struct union_fs *fs; /* borrowed */
	struct session_options options;
	struct fuse_session *fuse;
	double timeout; /* of entries, attributes and absent names, in seconds */
	struct negotiated negotiated;
	struct problem warnings[SESSION_WARNINGS];
	struct passthrough *passthrough; /* NULL: all data passes through us */
	struct counts counts;
	struct workers workers;
	struct serving_counts serving_counts;
	_Atomic uint64_t forgotten; /* inodes, since the start */
	struct seeker *seeker;	    /* seek.c */
	struct timespec started;    /* by the monotonic clock */
	char *mountpoint;	    /* NULL until mounted */
	uint64_t mount_id;	    /* tells our mount from another in its place; 0: unknown */
};

extern const struct fuse_lowlevel_ops session_operations;

/* -- operations.c -- */

/* The inode that a node id stands for; and the reverse. */
struct inode *inode_of(const struct session *session, fuse_ino_t node);
fuse_ino_t node_of(const struct session *session, const struct inode *inode);

/* How long the kernel may believe what it is told of an inode, in seconds. */
double attributes_timeout(const struct session *session, const struct inode *inode);

/* On whose behalf a request creates something. */
struct union_caller caller_of(const struct session *session, fuse_req_t req);

/* -- reply.c: every answer to a request is one of these, or follows request_end() -- */

/* A result as the union gives it: 0 or -errno. */
void reply_result(fuse_req_t req, int result);
/* An entry, whose reference goes to the kernel; or an error. */
void reply_entry(struct session *session, fuse_req_t req, int result,
		 const struct union_entry *entry);
/* There is no such name. The kernel remembers that only when told so: by an entry without an inode. */
void reply_absent(const struct session *session, fuse_req_t req);
void reply_attributes(const struct session *session, fuse_req_t req, const struct inode *inode,
		      int result, const struct attributes *attributes);
void reply_open(fuse_req_t req, const struct fuse_file_info *file);
/* length bytes, how many were written, or where it is; or the error that a negative one stands for. */
void reply_data(fuse_req_t req, const char *data, ssize_t length);
void reply_written(fuse_req_t req, ssize_t length);
void reply_offset(fuse_req_t req, off_t offset);
/* How large the data is that was not asked for yet. */
void reply_size(fuse_req_t req, size_t size);
void reply_ioctl(fuse_req_t req, const void *data, size_t size);

/* -- convert.c -- */

void stat_from_attributes(const struct attributes *attributes, struct stat *ret_stat);
void param_from_entry(const struct session *session, const struct union_entry *entry,
		      struct fuse_entry_param *ret_param);

/* -- the operations, named as in struct fuse_lowlevel_ops -- */

/* names.c */
void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name);
void op_forget(fuse_req_t req, fuse_ino_t node, uint64_t count);
void op_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets);
void op_readlink(fuse_req_t req, fuse_ino_t node);

/* attributes.c */
void op_getattr(fuse_req_t req, fuse_ino_t node, struct fuse_file_info *file);
void op_setattr(fuse_req_t req, fuse_ino_t node, struct stat *attr, int to_set,
		struct fuse_file_info *file);
void op_statx(fuse_req_t req, fuse_ino_t node, int flags, int mask, struct fuse_file_info *file);
void op_statfs(fuse_req_t req, fuse_ino_t node);

/* changes.c */
void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev);
void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode);
void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name);
void op_tmpfile(fuse_req_t req, fuse_ino_t parent, mode_t mode, struct fuse_file_info *file);
void op_link(fuse_req_t req, fuse_ino_t node, fuse_ino_t parent, const char *name);
void op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name);
void op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name);
void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
	       const char *new_name, unsigned flags);

/* data.c */
void op_open(fuse_req_t req, fuse_ino_t node, struct fuse_file_info *file);
void op_release(fuse_req_t req, fuse_ino_t node, struct fuse_file_info *file);
void op_read(fuse_req_t req, fuse_ino_t node, size_t size, off_t offset,
	     struct fuse_file_info *file);
void op_write(fuse_req_t req, fuse_ino_t node, const char *data, size_t size, off_t offset,
	      struct fuse_file_info *file);
void op_fsync(fuse_req_t req, fuse_ino_t node, int data_only, struct fuse_file_info *file);
void op_fallocate(fuse_req_t req, fuse_ino_t node, int mode, off_t offset, off_t length,
		  struct fuse_file_info *file);
void op_copy_file_range(fuse_req_t req, fuse_ino_t from, off_t from_offset,
			struct fuse_file_info *from_file, fuse_ino_t to, off_t to_offset,
			struct fuse_file_info *to_file, size_t length, int flags);

/* seek.c */
int seeker_create(struct session *session, struct seeker **ret_seeker);
void seeker_destroy(struct seeker *seeker);
void op_lseek(fuse_req_t req, fuse_ino_t node, off_t offset, int whence,
	      struct fuse_file_info *file);

/* directory.c */
void op_opendir(fuse_req_t req, fuse_ino_t node, struct fuse_file_info *file);
void op_releasedir(fuse_req_t req, fuse_ino_t node, struct fuse_file_info *file);
void op_readdir(fuse_req_t req, fuse_ino_t node, size_t size, off_t cookie,
		struct fuse_file_info *file);
void op_readdirplus(fuse_req_t req, fuse_ino_t node, size_t size, off_t cookie,
		    struct fuse_file_info *file);
void op_fsyncdir(fuse_req_t req, fuse_ino_t node, int data_only, struct fuse_file_info *file);

/* xattr.c */
void op_getxattr(fuse_req_t req, fuse_ino_t node, const char *name, size_t size);
void op_listxattr(fuse_req_t req, fuse_ino_t node, size_t size);
void op_setxattr(fuse_req_t req, fuse_ino_t node, const char *name, const char *value, size_t size,
		 int flags);
void op_removexattr(fuse_req_t req, fuse_ino_t node, const char *name);

/*
 * virtual_xattr.c: attributes that tell where a file comes from, never listed: user.cowfs.layer and kin, see
 * cowfs-formats(5). 0 or -errno: -ENODATA for what is none.
 */
bool virtual_xattr_may_be(const char *name);
int virtual_xattr_get(const struct session *session, struct inode *inode, const char *name,
		      struct buffer *value);

/* ioctl.c */
void op_ioctl(fuse_req_t req, fuse_ino_t node, unsigned command, void *argument,
	      struct fuse_file_info *file, unsigned flags, const void *in, size_t in_size,
	      size_t out_size);

/* stat_report.c: the text of `cowfs stat`, in JSON. 0 or -ENOMEM. */
int stat_report(const struct session *session, struct buffer *text);

/*
 * stack_report.c: the layers, how they are read, and where inode is in the union, in JSON. Paths are those of this
 * process, whose mount namespace it names. 0 or -errno.
 */
int stack_report(const struct session *session, struct inode *inode, struct buffer *text);
