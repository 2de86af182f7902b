/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/copy_up/copy.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "union/acl.h"
#include "union/copy_up/copy_data.h"
#include "union/copy_up/copy_up.h"
#include "union/directory/times.h"
#include "union/fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* -- the source -- */

static int open_by_name(struct copy *copy)
{
	const struct location *from = &copy->from;
	cleanup_fd int path = confined_open(from->fd, from->name, O_PATH, 0);
	struct attributes source;
	int error = path < 0 ? path : layer_stat_raw(path, NULL, &source);

	if (error)
		return error;
	if (!S_ISREG(source.mode))
		return -ESTALE;
	layer_interpret(from->layer, path, NULL, &source);
	copy->data = confined_reopen(path, O_RDONLY);
	if (copy->data < 0)
		return copy->data;
	copy->source = source;
	return 0;
}

int copy_open_source(struct copy *copy)
{
	const struct location *from = &copy->from;
	int error;

	if (copy->inode->type == DT_REG && from->name)
		return open_by_name(copy);
	error = layer_stat(from->layer, from->fd, from->name, &copy->source);
	/* The descriptor by which it was read before. */
	if (!error && copy->inode->type == DT_REG)
		copy->data = from->fd;
	return error;
}

void copy_close_source(struct copy *copy)
{
	if (copy->data >= 0 && copy->from.name)
		close(copy->data);
	copy->data = -1;
}

/* -- the object -- */

static bool has_owner_on_disk(const struct copy *copy)
{
	return copy->fs->ownership.xattr_permissions == XATTR_PERMISSIONS_OFF;
}

/*
 * The permissions it is made with: its own, as far as they do not stop us from giving it attributes,
 * and hold whoever owns it. Nobody can see it.
 */
static mode_t first_mode(const struct copy *copy)
{
	mode_t ours = S_ISDIR(copy->source.mode) ? 0700 : 0600;

	return has_owner_on_disk(copy) ? (copy->source.mode & 0777) | ours : ours;
}

static int copy_regular(struct copy *copy)
{
	struct union_fs *fs = copy->fs;

	copy->fd = confined_open(fs->work.fd, copy->temporary, fs_open_flags(fs) | O_CREAT | O_EXCL,
				 first_mode(copy));
	if (copy->fd < 0)
		return copy->fd;
	return copy_data(copy->data, copy->fd, &copy->source, copy->length,
			 &fs->cannot_clone[copy->from.layer->index]);
}

static int copy_symlink(struct copy *copy)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(copy->from.fd, copy->from.name ? copy->from.name : "", target,
				    sizeof(target) - 1);

	if (length < 0)
		return -errno;
	target[length] = 0;
	return symlinkat(target, copy->fs->work.fd, copy->temporary) < 0 ? -errno : 0;
}

static int copy_special(struct copy *copy)
{
	mode_t type = copy->source.mode & S_IFMT;

	if (!has_owner_on_disk(copy))
		type = S_IFREG; /* what kind it is stands in the attribute */
	return mknodat(copy->fs->work.fd, copy->temporary, type | first_mode(copy),
		       copy->source.rdev) < 0
		       ? -errno
		       : 0;
}

static int copy_object(struct copy *copy)
{
	switch (copy->source.mode & S_IFMT) {
	case S_IFREG:
		return copy_regular(copy);
	case S_IFDIR:
		return mkdirat(copy->fs->work.fd, copy->temporary, first_mode(copy)) < 0 ? -errno
											 : 0;
	case S_IFLNK:
		return copy_symlink(copy);
	default:
		return copy_special(copy);
	}
}

/* -- what belongs to it -- */

/* How the copy is reached: by descriptor where there is one, or by its name in work/. */
struct place {
	int fd;
	const char *name;
};

static struct place place_of(const struct copy *copy)
{
	if (copy->fd >= 0)
		return (struct place){ copy->fd, NULL };
	return (struct place){ copy->fs->work.fd, copy->temporary };
}

/*
 * Gives the copy its owner. One that we cannot give, for want of privilege or because it is not
 * mapped, is replaced by ourselves, and then setuid, setgid and capabilities do not survive
 * (CVE-2023-0386): *privileged becomes false.
 */
static int copy_owner(struct copy *copy, struct place place, bool *privileged)
{
	struct attributes wanted = copy->source;
	int error;

	if (has_owner_on_disk(copy))
		wanted.mode = (wanted.mode & S_IFMT) | first_mode(copy);
	error = layer_give_owner_and_mode(copy->fs->upper, place.fd, place.name, &copy->result,
					  &wanted);
	*privileged = error != -EPERM && error != -EINVAL && error != -EOVERFLOW;
	return *privileged ? error : 0;
}

/* Last, for some modes would not let us do the rest. */
static int copy_mode(const struct copy *copy, struct place place, bool privileged)
{
	mode_t mode = copy->source.mode;
	mode_t kept = privileged ? 07777 : S_ISDIR(mode) ? 01777 : 0777;

	if (S_ISLNK(mode) || (privileged && !has_owner_on_disk(copy)))
		return 0;
	if ((mode & kept) == first_mode(copy))
		return 0;
	return confined_chmod(place.fd, place.name, mode & kept);
}

static int translate_acl(const struct copy *copy, struct place place, const char *name)
{
	cleanup_free char *acl = malloc(ACL_MAX);
	ssize_t size = acl ? confined_getxattr(place.fd, place.name, name, acl, ACL_MAX) : -ENOMEM;

	if (size <= 0)
		return size == -ENODATA || size == -ENOTSUP ? 0 : (int)size;
	acl_translate(acl, (size_t)size, copy->from.layer->ownership, true);
	acl_translate(acl, (size_t)size, copy->fs->upper->ownership, false);
	return confined_setxattr(place.fd, place.name, name, acl, (size_t)size, 0);
}

/* ACLs name ids, which may be others on the layer's disk than on the upper's. */
static int translate_acls(const struct copy *copy, struct place place)
{
	int error = 0;

	if (copy->from.layer->ownership == copy->fs->upper->ownership)
		return 0;
	if (!S_ISLNK(copy->source.mode))
		error = translate_acl(copy, place, ACL_ACCESS);
	if (!error && S_ISDIR(copy->source.mode))
		error = translate_acl(copy, place, ACL_DEFAULT);
	return error;
}

static int copy_attributes(struct copy *copy, struct place place, bool privileged)
{
	const struct location *from = &copy->from;
	int error;

	if (copy->fs->upper->xattr_namespace == XATTR_NAMESPACE_NONE ||
	    inode_has(copy->inode, INODE_NO_XATTR))
		return 0;
	if (copy->data >= 0)
		error = copy_xattrs(copy->data, NULL, place.fd, place.name, privileged);
	else
		error = copy_xattrs(from->fd, from->name, place.fd, place.name, privileged);
	return error ? error : translate_acls(copy, place);
}

static void record_origin(struct copy *copy, struct place place)
{
	struct union_fs *fs = copy->fs;
	const struct location *from = &copy->from;

	copy->origin = origin_of(fs, fs_layer(fs, from->layer->index), from->fd, from->name,
				 &copy->source);
	origin_record(fs, place.fd, place.name, &copy->result, &copy->origin);
}

static int copy_times(const struct copy *copy, struct place place)
{
	const struct timespec times[2] = { copy->source.atime, copy->source.mtime };

	return confined_set_times(place.fd, place.name, times);
}

/* Whatever crashes: once the copy has its name, that never shows less than the whole data. */
static int make_durable(struct copy *copy)
{
	struct union_fs *fs = copy->fs;

	if (copy->fd < 0 || !copy->result.size || fs->volatile_upper ||
	    inode_has(copy->inode, INODE_UNLINKED))
		return 0;
	/* A file with several names may have none where a mark is looked for. */
	copy->marked = copy->length == COPY_WHOLE && copy->source.links == 1 &&
		       unsynced_mark(fs, copy->result.inode, copy->from.layer, copy->source.inode);
	if (copy->marked)
		return 0;
	return fdatasync(copy->fd) < 0 ? -errno : 0;
}

/* Gives the object in work/ all that it is to have. */
static int dress(struct copy *copy)
{
	struct place place = place_of(copy);
	bool privileged;
	int error = layer_stat_raw(place.fd, place.name, &copy->result);

	if (error)
		return error;
	error = copy_owner(copy, place, &privileged);
	if (!error)
		error = copy_attributes(copy, place, privileged);
	if (error)
		return error;
	copy->result.mode = copy->source.mode;
	record_origin(copy, place);
	error = copy_mode(copy, place, privileged);
	return error ? error : copy_times(copy, place);
}

int copy_make(struct copy *copy)
{
	int error;

	work_new_name(&copy->fs->work, copy->temporary);
	error = copy_object(copy);
	if (!error)
		error = dress(copy);
	return error ? error : make_durable(copy);
}

int copy_rename_into(struct copy *copy, struct inode *dir, int parent, const char *name)
{
	struct attributes before;
	int error = directory_times_keep(dir, parent, &before);

	if (error)
		return error;
	error = whiteout_publish(copy->fs->work.fd, copy->temporary, parent, name,
				 WHITEOUT_FORM_NONE);
	directory_times_restore(copy->fs, dir, parent, &before);
	return error;
}

void copy_discard(struct copy *copy)
{
	if (copy->marked)
		unsynced_forget(copy->fs, copy->result.inode);
	if (*copy->temporary)
		work_discard(&copy->fs->work, copy->temporary);
}
