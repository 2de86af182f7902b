/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extended attributes, and those of our own that nothing lists. */
#include "base/cleanup.h"
#include "fuse/operations/operations.h"
#include "fuse/operations/scratch.h"

#include <errno.h>
#include <string.h>

#define ACL_PREFIX "system.posix_acl_"
#define ACL_ACCESS "system.posix_acl_access"

static bool is_acl(const char *name)
{
	return strncmp(name, ACL_PREFIX, strlen(ACL_PREFIX)) == 0;
}

static bool is_stat(const char *name)
{
	return strcmp(name, STAT_ATTRIBUTE) == 0;
}

/* What ends a request before the union is asked: 0 or -errno. */
static int refuse(const struct session *session, const char *name)
{
	/* After ENOSYS the kernel answers all of its kind by itself. */
	if (session->options.no_xattr)
		return -ENOSYS;
	if (session->options.no_acl && is_acl(name))
		return -EOPNOTSUPP;
	return 0;
}

/* Answers with length bytes, or with the length when size is 0; or with an error. */
static void reply_value(fuse_req_t req, const char *value, ssize_t length, size_t size)
{
	if (length >= 0 && size == 0)
		reply_size(req, (size_t)length);
	else
		reply_data(req, value, length);
}

static void reply_stat(const struct session *session, fuse_req_t req, size_t size)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int result = stat_report(session, &text);

	if (result < 0)
		reply_result(req, result);
	else if (size == 0) /* the numbers may have grown by the time they are read */
		reply_size(req, STAT_SIZE_MAX);
	else if (text.length > size)
		reply_result(req, -ERANGE);
	else
		reply_data(req, text.data, (ssize_t)text.length);
}

static void reply_virtual(const struct session *session, fuse_req_t req, fuse_ino_t node,
			  const char *name, size_t size)
{
	cleanup_buffer struct buffer value = BUFFER_INIT;
	int result = virtual_xattr_get(session, inode_of(session, node), name, &value);

	if (result == 0 && size > 0 && value.length > size)
		result = -ERANGE;
	reply_value(req, value.data, result < 0 ? result : (ssize_t)value.length, size);
}

void op_getxattr(fuse_req_t req, fuse_ino_t node, const char *name, size_t size)
{
	struct session *session = fuse_req_userdata(req);
	char *value = NULL;
	int refused = refuse(session, name);

	/* A look at the counts does not change them. */
	if (is_stat(name) && !refused) {
		reply_stat(session, req, size);
		return;
	}
	(void)begin(req, MESSAGE_GETXATTR, node);
	request_text(name);
	if (refused) {
		reply_result(req, refused);
		return;
	}
	if (virtual_xattr_may_be(name)) {
		reply_virtual(session, req, node, name, size);
		return;
	}
	if (size > 0) {
		value = scratch(size);
		if (!value) {
			reply_result(req, -ENOMEM);
			return;
		}
	}
	reply_value(req, value,
		    union_getxattr(session->fs, inode_of(session, node), name, value, size), size);
}

/* Removes the names of ACLs from a list; returns its new length. */
static ssize_t drop_acls(char *list, ssize_t length)
{
	char *from = list, *to = list, *end = list + length;

	while (from < end) {
		size_t name_length = strnlen(from, (size_t)(end - from));

		if (name_length < (size_t)(end - from))
			name_length++; /* its zero byte */
		if (!is_acl(from)) {
			memmove(to, from, name_length);
			to += name_length;
		}
		from += name_length;
	}
	return to - list;
}

void op_listxattr(fuse_req_t req, fuse_ino_t node, size_t size)
{
	struct session *session = begin(req, MESSAGE_LISTXATTR, node);
	char *list = NULL;
	ssize_t length;

	if (session->options.no_xattr) {
		reply_result(req, -ENOSYS);
		return;
	}
	if (size > 0) {
		list = scratch(size);
		if (!list) {
			reply_result(req, -ENOMEM);
			return;
		}
	}
	length = union_listxattr(session->fs, inode_of(session, node), list, size);
	if (session->options.no_acl && list && length > 0)
		length = drop_acls(list, length);
	reply_value(req, list, length, size);
}

/* Whether the caller may keep setgid on a file of this group. */
static bool caller_is_in_group(fuse_req_t req, gid_t gid)
{
	const struct fuse_ctx *context = fuse_req_ctx(req);
	cleanup_free gid_t *groups = NULL;
	int count;

	if (context->uid == 0 || context->gid == gid)
		return true;
	count = fuse_req_getgroups(req, 0, NULL);
	if (count <= 0)
		return false;
	groups = calloc((size_t)count, sizeof(*groups));
	if (!groups || fuse_req_getgroups(req, count, groups) != count)
		return false;
	for (int i = 0; i < count; i++) {
		if (groups[i] == gid)
			return true;
	}
	return false;
}

/*
 * An access ACL sets the mode, and as chmod(2) does it must drop setgid when the caller is not in
 * the file's group (CVE-2016-7097). The daemon's own privilege would keep it, and libfuse does not
 * pass on FUSE_SETXATTR_ACL_KILL_SGID.
 */
static int drop_setgid(struct session *session, fuse_req_t req, struct inode *inode)
{
	struct attributes attributes;
	struct union_change change = { .what = CHANGE_MODE };
	int result = union_getattr(session->fs, inode, &attributes);

	if (result < 0 || !(attributes.mode & S_ISGID) || caller_is_in_group(req, attributes.gid))
		return result;
	change.mode = attributes.mode & 07777 & ~(mode_t)S_ISGID;
	return union_setattr(session->fs, inode, &change, &attributes);
}

void op_setxattr(fuse_req_t req, fuse_ino_t node, const char *name, const char *value, size_t size,
		 int flags)
{
	struct session *session = begin(req, MESSAGE_SETXATTR, node);
	struct inode *inode = inode_of(session, node);
	int result = refuse(session, name);

	request_text(name);
	if (result == 0 && is_stat(name))
		result = -EPERM;
	if (result == 0)
		result = union_setxattr(session->fs, inode, name, value, size, flags);
	if (result == 0 && strcmp(name, ACL_ACCESS) == 0)
		result = drop_setgid(session, req, inode);
	reply_result(req, result);
}

void op_removexattr(fuse_req_t req, fuse_ino_t node, const char *name)
{
	struct session *session = begin(req, MESSAGE_REMOVEXATTR, node);
	int result = refuse(session, name);

	request_text(name);
	if (result == 0 && is_stat(name))
		result = -EPERM;
	if (result == 0)
		result = union_removexattr(session->fs, inode_of(session, node), name);
	reply_result(req, result);
}
