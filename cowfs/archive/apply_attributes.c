/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of apply_entry.h: owners, permissions, extended attributes and times; and whiteouts. */
#include "archive/apply_entry.h"
#include "base/confined.h"
#include "union/acl.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Free in any directory: names like it are never made by an archive. */
#define TEMPORARY WHITEOUT_META_PREFIX "cowfs-apply"

static int set_owner(struct entry_context *context, int directory, const char *name,
		     const struct target_attributes *attributes)
{
	int error = target_set_owner(context->target, directory, name, attributes);

	if (error == -EPERM || error == -EOVERFLOW || error == -EINVAL)
		return problem_set(&context->reason, error,
				   "it cannot be given its owner %u:%u here: %s", attributes->uid,
				   attributes->gid, strerror(-error));
	return error;
}

/* -- extended attributes -- */

struct xattr {
	const char *name;
	const void *value; /* the archive's, or translated */
	size_t size;
	void *translated; /* owned, or NULL */
};

/* The next attribute of the entry: 1, or 0, or -ENOMEM. ACLs come with ids as they are on the disk. */
static int next_xattr(struct entry_context *context, struct xattr *ret_xattr)
{
	struct xattr xattr = { 0 };

	if (archive_entry_xattr_next(context->entry, &xattr.name, &xattr.value, &xattr.size) !=
	    ARCHIVE_OK)
		return 0;
	if (acl_is_acl(xattr.name)) {
		xattr.translated = malloc(xattr.size + 1);
		if (!xattr.translated)
			return -ENOMEM;
		memcpy(xattr.translated, xattr.value, xattr.size);
		acl_translate(xattr.translated, xattr.size, &context->target->ownership, false);
		xattr.value = xattr.translated;
	}
	*ret_xattr = xattr;
	return 1;
}

static int set_xattr(struct entry_context *context, int directory, const char *name,
		     const struct xattr *xattr)
{
	int error = target_set_xattr(context->target, directory, name,
				     archive_entry_pathname(context->entry), xattr->name,
				     xattr->value, xattr->size);

	if (error)
		return problem_set(&context->reason, error,
				   "its attribute %.300s cannot be set: %s", xattr->name,
				   strerror(-error));
	return 0;
}

static int set_xattrs(struct entry_context *context, int directory, const char *name)
{
	struct xattr xattr;
	int result;

	(void)archive_entry_xattr_reset(context->entry);
	while ((result = next_xattr(context, &xattr)) > 0) {
		result = set_xattr(context, directory, name, &xattr);
		free(xattr.translated);
		if (result)
			break;
	}
	return result;
}

int apply_attributes(struct entry_context *context, int directory, const char *name,
		     const struct target_attributes *attributes)
{
	struct target_attributes first = *attributes;
	int error;

	/* Attributes can be set only of what we may write, and capabilities only after the owner. */
	if (archive_entry_xattr_count(context->entry) > 0)
		first.mode |= 0600;
	error = set_owner(context, directory, name, &first);
	if (!error)
		error = set_xattrs(context, directory, name);
	if (!error && first.mode != attributes->mode)
		error = set_owner(context, directory, name, attributes);
	if (!error)
		error = confined_set_times(directory, name, attributes->times);
	return error;
}

/* -- directories -- */

/* Sets what can be set now, and keeps the ACLs. */
static int sort_xattr(struct entry_context *context, int fd, struct xattr *xattr,
		      struct target_acl acls[2])
{
	struct target_acl *acl = &acls[strcmp(xattr->name, ACL_DEFAULT) == 0];

	if (!xattr->translated)
		return set_xattr(context, fd, NULL, xattr);
	free(acl->value);
	*acl = (struct target_acl){ xattr->translated, xattr->size };
	return 0;
}

static int sort_xattrs(struct entry_context *context, struct layer_dir *dir,
		       struct target_acl acls[2])
{
	struct xattr xattr;
	struct cached_fd *fd;
	int result;

	if (archive_entry_xattr_reset(context->entry) == 0)
		return 0;
	result = layer_dir_open(dir, &fd);
	if (result)
		return result;
	while ((result = next_xattr(context, &xattr)) > 0) {
		result = sort_xattr(context, fd->fd, &xattr, acls);
		if (result)
			break;
	}
	fd_cache_release(context->target->fds, fd);
	return result;
}

int apply_directory_attributes(struct entry_context *context, struct layer_dir *dir, uint64_t inode,
			       const struct target_attributes *attributes)
{
	struct target_acl acls[2] = { 0 };
	int error = sort_xattrs(context, dir, acls);

	if (error) {
		free(acls[0].value);
		free(acls[1].value);
		return error;
	}
	return target_note_directory(context->target, dir, inode, attributes, acls);
}

/* -- whiteouts -- */

/* Of a name that the archive has as well: it hides what the layers below have, as a file does anyway. */
static int hide_below(struct entry_context *context, const struct place *place,
		      const struct attributes *attributes)
{
	struct layer_dir *dir;
	struct cached_fd *fd;
	int error;

	if (!S_ISDIR(attributes->mode))
		return 0;
	dir = layer_dir_new(place->dir, place->name);
	error = dir ? layer_dir_open(dir, &fd) : -ENOMEM;
	if (!error) {
		error = whiteout_make_opaque(context->target->layer, fd->fd);
		fd_cache_release(context->target->fds, fd);
	}
	layer_dir_unref(dir);
	return error;
}

static int write_whiteout(struct entry_context *context, const struct place *place)
{
	enum whiteout_form form;
	struct attributes attributes;
	int fd = place->fd->fd, error = layer_stat_raw(fd, place->name, &attributes);

	if (!error && !whiteout_is_node(fd, place->name, &attributes))
		return hide_below(context, place, &attributes);
	if (error && error != -ENOENT)
		return error;
	context->target->has_whiteouts = true;
	return whiteout_put(context->target->layer, fd, place->name, TARGET_ABSENT, fd, TEMPORARY,
			    &form);
}

int apply_whiteout(struct entry_context *context, const struct place *place)
{
	if (context->target->options->changeset)
		return target_remove_older(context->target, place->dir,
					   place->kind == PLACE_OPAQUE ? NULL : place->name);
	return place->kind == PLACE_OPAQUE
		       ? whiteout_make_opaque(context->target->layer, place->fd->fd)
		       : write_whiteout(context, place);
}
