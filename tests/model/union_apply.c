/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations on a union through its API. */
#include "side_union.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/stat.h>

static struct union_caller caller_of(const struct operation *operation)
{
	return (struct union_caller){ operation->uid, operation->gid, operation->umask };
}

/* Half of the time the kernel has looked a name up before it asks for one to be made there. */
static int look_before(struct union_side *side, const struct union_place *place,
		       const struct operation *operation)
{
	struct union_entry entry;
	bool impossible = S_ISDIR(operation->mode) && operation->kind != OPERATION_MAKE &&
			  operation->kind != OPERATION_HELD_MAKE;
	int result;

	/* That it is there already counts more than that it may not be made. */
	if (S_ISCHR(operation->mode) && operation->rdev == 0)
		impossible = true;
	if (!(operation->content & 32) && !impossible)
		return 0;
	result = union_side_find(side, place, &entry);
	return result == 0 ? -EEXIST : result == -ENOENT ? 0 : result;
}

static long make_in(struct union_side *side, const struct union_place *place,
		    const struct operation *operation)
{
	struct union_caller caller = caller_of(operation);
	struct union_entry entry;
	int result = look_before(side, place, operation);

	if (result < 0)
		return result;
	if (S_ISDIR(operation->mode))
		result = union_mkdir(side->fs, place->directory, place->name,
				     operation->mode & 01777, &caller, &entry);
	else if (S_ISLNK(operation->mode))
		result = union_symlink(side->fs, place->directory, place->name, operation->other,
				       &caller, &entry);
	else
		result = union_mknod(side->fs, place->directory, place->name, operation->mode,
				     operation->rdev, &caller, &entry);
	if (result < 0)
		return result;
	union_side_keep(side, entry.inode);
	union_side_verify(side, place->name, &entry);
	return 0;
}

static long apply_make(struct union_side *side, const struct union_place *place,
		       const struct operation *operation, struct outcome *outcome)
{
	(void)outcome;
	return make_in(side, place, operation);
}

/* type is that of the inode. */
static long link_inode(struct union_side *side, struct inode *inode, mode_t type,
		       const struct union_place *target, const struct operation *operation)
{
	struct union_entry entry;
	struct operation looked = *operation;
	int result;

	looked.mode = S_ISDIR(type) ? S_IFDIR : S_IFREG;
	result = look_before(side, target, &looked);
	if (result == 0)
		result = union_link(side->fs, inode, target->directory, target->name, &entry);
	if (result < 0)
		return result;
	union_side_keep(side, entry.inode);
	union_side_verify(side, target->name, &entry);
	return 0;
}

static long apply_tmpfile(struct union_side *side, const struct union_place *place,
			  const struct operation *operation, struct outcome *outcome)
{
	struct union_caller caller = caller_of(operation);
	struct union_entry entry;
	char data[100];
	ssize_t written;
	int result;

	(void)outcome;
	result =
		union_tmpfile(side->fs, place->directory, operation->mode & 07777, &caller, &entry);
	if (result < 0)
		return result;
	union_side_keep(side, entry.inode);
	random_content(operation->content, 0, data, sizeof(data));
	written = union_write(side->fs, entry.inode, data, sizeof(data), 0, false);
	if (written < 0)
		return written;
	return link_inode(side, entry.inode, S_IFREG, place, operation);
}

static long apply_link(struct union_side *side, const struct union_place *place,
		       const struct operation *operation, struct outcome *outcome)
{
	struct union_place target;
	struct union_entry source;
	int result = union_side_find(side, place, &source);

	(void)outcome;
	if (result == 0)
		result = union_side_place(side, operation->other, &target);
	if (result < 0)
		return result;
	return link_inode(side, source.inode, source.attributes.mode, &target, operation);
}

static long apply_unlink(struct union_side *side, const struct union_place *place,
			 const struct operation *operation, struct outcome *outcome)
{
	(void)outcome;
	if (operation->kind == OPERATION_RMDIR)
		return union_rmdir(side->fs, place->directory, place->name);
	return union_unlink(side->fs, place->directory, place->name);
}

static long apply_rename(struct union_side *side, const struct union_place *place,
			 const struct operation *operation, struct outcome *outcome)
{
	struct union_place to;
	struct union_entry source, target;
	int result = union_side_place(side, operation->other, &to);

	(void)outcome;
	if (result == 0)
		result = union_side_find(side, place, &source);
	if (result < 0)
		return result;
	/* What is to be exchanged must be there, before anything else is asked. */
	if (operation->content & 32 || operation->flags == RENAME_EXCHANGE)
		result = union_side_find(side, &to, &target);
	if (result < 0 && operation->flags == RENAME_EXCHANGE)
		return result;
	return union_rename(side->fs, place->directory, place->name, to.directory, to.name,
			    operation->flags);
}

static long set_attributes(struct union_side *side, struct inode *inode,
			   const struct union_change *change)
{
	struct union_entry entry = { .inode = inode };
	int result = union_setattr(side->fs, inode, change, &entry.attributes);

	if (result == 0)
		union_side_verify(side, "changed", &entry);
	return result;
}

static long apply_chmod(struct union_side *side, const struct union_place *place,
			const struct operation *operation, struct outcome *outcome)
{
	struct union_change change = { .what = CHANGE_MODE, .mode = operation->mode & 07777 };
	struct union_entry entry;
	int result = union_side_find(side, place, &entry);

	(void)outcome;
	if (result < 0)
		return result;
	if (S_ISLNK(entry.attributes.mode))
		return -EINVAL;
	return set_attributes(side, entry.inode, &change);
}

/* As side_system.c chooses the ids. */
static long apply_chown(struct union_side *side, const struct union_place *place,
			const struct operation *operation, struct outcome *outcome)
{
	struct union_change change = { .uid = operation->uid, .gid = operation->gid };
	struct union_entry entry;
	int result = union_side_find(side, place, &entry);

	(void)outcome;
	if (result < 0)
		return result;
	if (operation->content & 1)
		change.what |= CHANGE_UID;
	if (operation->content & 2 || !(operation->content & 1))
		change.what |= CHANGE_GID;
	return set_attributes(side, entry.inode, &change);
}

static long apply_utimens(struct union_side *side, const struct union_place *place,
			  const struct operation *operation, struct outcome *outcome)
{
	struct union_change change = { .what = CHANGE_ATIME | CHANGE_MTIME,
				       .atime = { 1000, 5 },
				       .mtime = operation->mtime };
	struct union_entry entry;
	int result = union_side_find(side, place, &entry);

	(void)outcome;
	return result < 0 ? result : set_attributes(side, entry.inode, &change);
}

/* For what only makes sense on regular files. */
static int find_regular(struct union_side *side, const struct union_place *place,
			struct union_entry *entry)
{
	int result = union_side_find(side, place, entry);

	return result < 0 ? result : S_ISREG(entry->attributes.mode) ? 0 : -EINVAL;
}

static long truncate_inode(struct union_side *side, struct inode *inode,
			   const struct operation *operation)
{
	struct union_change change = { .what = CHANGE_SIZE, .size = operation->offset };

	return set_attributes(side, inode, &change);
}

static long apply_truncate(struct union_side *side, const struct union_place *place,
			   const struct operation *operation, struct outcome *outcome)
{
	struct union_entry entry;
	int result = find_regular(side, place, &entry);

	(void)outcome;
	return result < 0 ? result : truncate_inode(side, entry.inode, operation);
}

static long write_inode(struct union_side *side, struct inode *inode,
			const struct operation *operation)
{
	char *data = must_reallocate(NULL, operation->length);
	ssize_t written;

	random_content(operation->content, operation->offset, data, operation->length);
	written = union_write(side->fs, inode, data, operation->length, operation->offset,
			      operation->kill_privileges);
	free(data);
	return written;
}

static long apply_write(struct union_side *side, const struct union_place *place,
			const struct operation *operation, struct outcome *outcome)
{
	struct union_entry entry;
	int result = find_regular(side, place, &entry);

	(void)outcome;
	return result < 0 ? result : write_inode(side, entry.inode, operation);
}

static long read_inode(struct union_side *side, struct inode *inode,
		       const struct operation *operation, struct outcome *outcome)
{
	char *data = must_reallocate(NULL, operation->length);
	ssize_t got = union_read(side->fs, inode, data, operation->length, operation->offset);

	if (got > 0)
		outcome_append(outcome, data, (size_t)got);
	free(data);
	return got;
}

static long apply_read(struct union_side *side, const struct union_place *place,
		       const struct operation *operation, struct outcome *outcome)
{
	struct union_entry entry;
	int result = find_regular(side, place, &entry);

	return result < 0 ? result : read_inode(side, entry.inode, operation, outcome);
}

static long apply_fallocate(struct union_side *side, const struct union_place *place,
			    const struct operation *operation, struct outcome *outcome)
{
	struct union_entry entry;
	int result = find_regular(side, place, &entry);

	(void)outcome;
	if (result < 0)
		return result;
	return union_fallocate(side->fs, entry.inode, (int)operation->flags, operation->offset,
			       operation->length);
}

static long copy_by_hand(struct union_side *side, struct inode *from, struct inode *to,
			 const struct operation *operation)
{
	char *data = must_reallocate(NULL, operation->length);
	ssize_t size = union_read(side->fs, from, data, operation->length, operation->other_offset);

	if (size > 0)
		size = union_write(side->fs, to, data, (size_t)size, operation->offset, false);
	free(data);
	return size;
}

static long copy_range(struct union_side *side, struct inode *from, struct inode *to,
		       const struct operation *operation)
{
	uint64_t a = operation->offset, b = operation->other_offset, length;
	struct attributes source;
	ssize_t copied = union_getattr(side->fs, from, &source);

	if (copied < 0)
		return copied;
	/* The kernel knows where the source ends, and refuses ranges that overlap. */
	length = b >= source.size ? 0 : source.size - b;
	if (length > operation->length)
		length = operation->length;
	if (length > 0 && from == to && a < b + length && b < a + length)
		return -EINVAL;
	copied = union_copy_file_range(side->fs, from, b, to, a, length);
	/* Then the kernel copies by itself. */
	if (copied == -EXDEV || copied == -EOPNOTSUPP)
		copied = copy_by_hand(side, from, to, operation);
	return copied;
}

static long apply_copy_range(struct union_side *side, const struct union_place *place,
			     const struct operation *operation, struct outcome *outcome)
{
	struct union_place from;
	struct union_entry source, target;
	int result = union_side_place(side, operation->other, &from);

	(void)outcome;
	if (result == 0)
		result = find_regular(side, &from, &source);
	if (result == 0)
		result = find_regular(side, place, &target);
	if (result < 0)
		return result;
	return copy_range(side, source.inode, target.inode, operation);
}

static long apply_fsync(struct union_side *side, const struct union_place *place,
			const struct operation *operation, struct outcome *outcome)
{
	struct union_entry entry;
	int result = find_regular(side, place, &entry);

	(void)outcome;
	return result < 0 ? result : union_fsync(side->fs, entry.inode, operation->content & 1);
}

static int find_for_attribute(struct union_side *side, const struct union_place *place,
			      const struct operation *operation, struct union_entry *entry)
{
	int result = union_side_find(side, place, entry);

	if (result < 0)
		return result;
	if (attribute_is_acl(operation->attribute) && !S_ISREG(entry->attributes.mode) &&
	    !S_ISDIR(entry->attributes.mode))
		return -EOPNOTSUPP;
	/* The kernel keeps user attributes to files and directories. */
	if (strncmp(operation->attribute, "user.", 5) == 0 && !S_ISREG(entry->attributes.mode) &&
	    !S_ISDIR(entry->attributes.mode))
		return operation->kind == OPERATION_GET_XATTR ? -ENODATA : -EPERM;
	return 0;
}

static long set_xattr(struct union_side *side, struct inode *inode,
		      const struct operation *operation)
{
	char value[64];
	size_t size = operation_attribute_value(operation, value);
	/* The kernel has no such flags for ACLs. */
	unsigned flags = attribute_is_acl(operation->attribute) ? 0 : operation->flags;

	return union_setxattr(side->fs, inode, operation->attribute, value, size, (int)flags);
}

static long apply_set_xattr(struct union_side *side, const struct union_place *place,
			    const struct operation *operation, struct outcome *outcome)
{
	struct union_entry entry;
	int result = find_for_attribute(side, place, operation, &entry);

	(void)outcome;
	return result < 0 ? result : set_xattr(side, entry.inode, operation);
}

static long apply_remove_xattr(struct union_side *side, const struct union_place *place,
			       const struct operation *operation, struct outcome *outcome)
{
	struct union_entry entry;
	int result = find_for_attribute(side, place, operation, &entry);

	(void)outcome;
	if (result == 0)
		result = union_removexattr(side->fs, entry.inode, operation->attribute);
	/* Taking away what is hidden may be refused for either reason. */
	if (result == -EPERM && attribute_is_hidden(operation->attribute))
		result = -ENODATA;
	return result;
}

static long apply_get_xattr(struct union_side *side, const struct union_place *place,
			    const struct operation *operation, struct outcome *outcome)
{
	struct union_entry entry;
	char value[200];
	ssize_t size = find_for_attribute(side, place, operation, &entry);

	if (size == 0)
		size = union_getxattr(side->fs, entry.inode, operation->attribute, value,
				      sizeof(value));
	if (size > 0)
		outcome_append(outcome, value, (size_t)size);
	return size;
}

static long apply_set_flags(struct union_side *side, const struct union_place *place,
			    const struct operation *operation, struct outcome *outcome)
{
	int flags = operation->content & 1 ? FS_NODUMP_FL : 0;
	struct union_entry entry;
	int before, result = find_regular(side, place, &entry);

	if (result == 0)
		result = union_get_flags(side->fs, entry.inode, &before);
	if (result < 0)
		return result;
	flags |= before & ~FS_NODUMP_FL;
	result = union_set_flags(side->fs, entry.inode, flags);
	if (result == 0)
		result = union_get_flags(side->fs, entry.inode, &flags);
	if (result == 0)
		outcome_tell(outcome, "from %d to %d", before & FS_NODUMP_FL, flags & FS_NODUMP_FL);
	return result;
}

static void tell_attributes(struct outcome *outcome, const struct attributes *attributes)
{
	struct snapshot_entry entry = {
		.mode = attributes->mode,
		.links = attributes->links,
		.uid = attributes->uid,
		.gid = attributes->gid,
		.rdev = attributes->rdev,
		.size = attributes->size,
	};

	outcome_tell_stat(outcome, &entry);
}

static long apply_stat(struct union_side *side, const struct union_place *place,
		       const struct operation *operation, struct outcome *outcome)
{
	struct union_entry entry;
	int result = union_side_find(side, place, &entry);

	(void)operation;
	if (result == 0)
		tell_attributes(outcome, &entry.attributes);
	return result;
}

static long apply_readlink(struct union_side *side, const struct union_place *place,
			   const struct operation *operation, struct outcome *outcome)
{
	cleanup_buffer struct buffer target = BUFFER_INIT;
	struct union_entry entry;
	int result = union_side_find(side, place, &entry);

	(void)operation;
	if (result < 0)
		return result;
	if (!S_ISLNK(entry.attributes.mode))
		return -EINVAL;
	result = union_readlink(side->fs, entry.inode, &target);
	if (result < 0)
		return result;
	outcome_append(outcome, target.data, target.length);
	return (long)target.length;
}

/* -- held inodes -- */

static long apply_hold(struct union_side *side, const struct union_place *place,
		       const struct operation *operation, struct outcome *outcome)
{
	struct union_entry entry;
	int result;

	(void)outcome;
	union_side_release(side, operation->slot);
	if (*place->name == '\0')
		return 0; /* the root needs no reference */
	result = union_lookup(side->fs, place->directory, place->name, &entry);
	if (result < 0)
		return result;
	side->held[operation->slot] = entry.inode;
	union_side_verify(side, place->name, &entry);
	return 0;
}

/* As check_held() of side_system.c. */
static int check_held(const struct attributes *attributes, enum operation_kind kind)
{
	switch (kind) {
	case OPERATION_HELD_READ:
	case OPERATION_HELD_WRITE:
	case OPERATION_HELD_TRUNCATE:
	case OPERATION_HELD_LINK:
		return S_ISREG(attributes->mode) ? 0 : -EINVAL;
	case OPERATION_HELD_CHMOD:
	case OPERATION_HELD_SET_XATTR:
		return S_ISREG(attributes->mode) || S_ISDIR(attributes->mode) ? 0 : -EINVAL;
	case OPERATION_HELD_MAKE:
		return !S_ISDIR(attributes->mode) ? -EINVAL : attributes->links == 0 ? -ENOENT : 0;
	default:
		return 0;
	}
}

static long held_link(struct union_side *side, struct inode *inode,
		      const struct attributes *attributes, const struct operation *operation)
{
	struct union_place place;
	int result;

	if (attributes->links == 0)
		return -ENOENT;
	result = union_side_place(side, operation->path, &place);
	return result < 0 ? result : link_inode(side, inode, attributes->mode, &place, operation);
}

static long apply_held(struct union_side *side, const struct operation *operation,
		       struct outcome *outcome)
{
	struct union_change change = { .what = CHANGE_MODE, .mode = operation->mode & 07777 };
	struct inode *inode = side->held[operation->slot];
	struct union_place place = { inode, operation->path };
	struct attributes attributes;
	int result;

	if (!inode)
		return -EBADF;
	result = union_getattr(side->fs, inode, &attributes);
	if (result == 0)
		result = check_held(&attributes, operation->kind);
	if (result < 0)
		return result;
	switch (operation->kind) {
	case OPERATION_HELD_STAT:
		tell_attributes(outcome, &attributes);
		return 0;
	case OPERATION_HELD_READ:
		return read_inode(side, inode, operation, outcome);
	case OPERATION_HELD_WRITE:
		return write_inode(side, inode, operation);
	case OPERATION_HELD_TRUNCATE:
		return truncate_inode(side, inode, operation);
	case OPERATION_HELD_CHMOD:
		return set_attributes(side, inode, &change);
	case OPERATION_HELD_SET_XATTR:
		return set_xattr(side, inode, operation);
	case OPERATION_HELD_LINK:
		return held_link(side, inode, &attributes, operation);
	default:
		return make_in(side, &place, operation);
	}
}

typedef long apply_function(struct union_side *side, const struct union_place *place,
			    const struct operation *operation, struct outcome *outcome);

static apply_function *const functions[OPERATION_COUNT] = {
	[OPERATION_MAKE] = apply_make,
	[OPERATION_TMPFILE] = apply_tmpfile,
	[OPERATION_LINK] = apply_link,
	[OPERATION_UNLINK] = apply_unlink,
	[OPERATION_RMDIR] = apply_unlink,
	[OPERATION_RENAME] = apply_rename,
	[OPERATION_CHMOD] = apply_chmod,
	[OPERATION_CHOWN] = apply_chown,
	[OPERATION_UTIMENS] = apply_utimens,
	[OPERATION_TRUNCATE] = apply_truncate,
	[OPERATION_WRITE] = apply_write,
	[OPERATION_READ] = apply_read,
	[OPERATION_FALLOCATE] = apply_fallocate,
	[OPERATION_COPY_RANGE] = apply_copy_range,
	[OPERATION_FSYNC] = apply_fsync,
	[OPERATION_SET_XATTR] = apply_set_xattr,
	[OPERATION_REMOVE_XATTR] = apply_remove_xattr,
	[OPERATION_GET_XATTR] = apply_get_xattr,
	[OPERATION_SET_FLAGS] = apply_set_flags,
	[OPERATION_STAT] = apply_stat,
	[OPERATION_READLINK] = apply_readlink,
	[OPERATION_HOLD] = apply_hold,
};

long union_side_apply(struct union_side *side, const struct operation *operation,
		      struct outcome *outcome)
{
	struct union_place place;
	int result;

	if (operation->kind == OPERATION_RELEASE) {
		union_side_release(side, operation->slot);
		return 0;
	}
	if (!functions[operation->kind])
		return apply_held(side, operation, outcome);
	result = union_side_place(side, operation->path, &place);
	if (result < 0) {
		if (operation->kind == OPERATION_HOLD)
			union_side_release(side, operation->slot);
		return result;
	}
	return functions[operation->kind](side, &place, operation, outcome);
}
