/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/change/new_object.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "union/acl.h"
#include "union/fs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* The largest default ACL we pass on; the file systems' own limits are lower. */

/* What an object is going to be: decided before it is made. */
struct plan {
	uid_t uid; /* as shown */
	gid_t gid;
	mode_t mode;	   /* type and permissions */
	void *acl;	   /* the access ACL to store, or NULL; owned */
	void *default_acl; /* of a directory, or NULL; owned */
	size_t acl_size;
	bool in_place; /* the disk does all that is needed by itself */
};

static void plan_free(struct plan *plan)
{
	free(plan->acl);
	free(plan->default_acl);
}

/* The directory's default ACL in *ret_acl, or NULL; that there is none is remembered. */
static ssize_t read_default_acl(const struct union_fs *fs, struct inode *dir, int fd,
				void **ret_acl)
{
	cleanup_free char *acl = NULL;
	ssize_t size;

	*ret_acl = NULL;
	if (dir->directory->default_acl == 0 && !fs->changing)
		return 0;
	acl = malloc(ACL_MAX);
	if (!acl)
		return -ENOMEM;
	size = confined_getxattr(fd, NULL, ACL_DEFAULT, acl, ACL_MAX);
	dir->directory->default_acl = size > 0;
	if (size <= 0)
		return size == -ENODATA || size == -ENOTSUP ? 0 : size;
	*ret_acl = steal_pointer(&acl);
	return size;
}

static int plan_acl(struct union_fs *fs, struct inode *dir, int fd,
		    const struct union_caller *caller, struct plan *plan)
{
	void *acl = NULL;
	ssize_t size = 0;

	if (S_ISLNK(plan->mode))
		return 0;
	if (!fs->no_xattr)
		size = read_default_acl(fs, dir, fd, &acl);
	if (size < 0)
		return (int)size;
	if (!acl) {
		plan->mode &= ~(caller->umask & 0777);
		return 0;
	}
	plan->in_place = false;
	plan->acl_size = (size_t)size;
	if (S_ISDIR(plan->mode)) {
		plan->default_acl = malloc((size_t)size);
		if (!plan->default_acl) {
			free(acl);
			return -ENOMEM;
		}
		memcpy(plan->default_acl, acl, (size_t)size);
	}
	if (acl_inherit(acl, (size_t)size, &plan->mode))
		plan->acl = acl;
	else
		free(acl);
	return 0;
}

/* True when the disk would make it with the owner that is wanted. */
static bool owner_comes_by_itself(const struct union_fs *fs, const struct plan *plan,
				  bool inherits_group)
{
	uid_t uid = plan->uid;
	gid_t gid = plan->gid;

	return !fs->ownership.xattr_permissions &&
	       ownership_to_disk(fs->upper->ownership, &uid, &gid) == 0 && uid == fs->process_uid &&
	       (inherits_group || gid == fs->process_gid);
}

/* Whether what is made in a directory gets its group, and which; that it does not is remembered. */
static int look_at_group(const struct union_fs *fs, struct inode *dir, int fd, bool *ret_gives,
			 gid_t *ret_gid)
{
	struct attributes parent;
	int error;

	*ret_gives = false;
	if (dir->directory->gives_group == 0 && !fs->changing)
		return 0;
	error = layer_stat(fs->upper, fd, NULL, &parent);
	if (error)
		return error;
	*ret_gives = parent.mode & S_ISGID;
	if (*ret_gives)
		*ret_gid = parent.gid;
	dir->directory->gives_group = *ret_gives;
	return 0;
}

static int make_plan(struct union_fs *fs, struct inode *dir, int fd, mode_t mode,
		     const struct union_caller *caller, struct plan *plan)
{
	gid_t gid = caller->gid;
	bool inherits_group;
	int error = look_at_group(fs, dir, fd, &inherits_group, &gid);

	if (error)
		return error;
	*plan = (struct plan){
		.uid = id_map_known(&fs->upper->ownership->users, caller->uid),
		.gid = id_map_known(&fs->upper->ownership->groups, gid),
		.mode = mode | (inherits_group && S_ISDIR(mode) ? (mode_t)S_ISGID : 0),
	};
	plan->in_place = owner_comes_by_itself(fs, plan, inherits_group);
	return plan_acl(fs, dir, fd, caller, plan);
}

/* One system call that makes the object; a regular file is left open both ways in *ret_fd. */
static int make_raw(const struct union_fs *fs, int directory, const char *name,
		    const struct new_object *object, mode_t mode, int *ret_fd)
{
	int result;

	switch (mode & S_IFMT) {
	case S_IFREG:
		result = confined_open(directory, name, fs_open_flags(fs) | O_CREAT | O_EXCL,
				       mode & 07777);
		if (result >= 0)
			*ret_fd = result;
		return result < 0 ? result : 0;
	case S_IFDIR:
		result = mkdirat(directory, name, mode & 07777);
		break;
	case S_IFLNK:
		result = symlinkat(object->target, directory, name);
		break;
	default:
		result = mknodat(directory, name, mode, object->rdev);
	}
	return result < 0 ? -errno : 0;
}

/* The type on disk: where owners are kept in attributes, special files are regular ones. */
static mode_t type_on_disk(const struct union_fs *fs, mode_t mode)
{
	if (fs->ownership.xattr_permissions && !S_ISDIR(mode) && !S_ISLNK(mode))
		return S_IFREG;
	return mode & S_IFMT;
}

static int store_acls(int work, const char *name, const struct plan *plan)
{
	int error = 0;

	if (plan->acl)
		error = confined_setxattr(work, name, ACL_ACCESS, plan->acl, plan->acl_size, 0);
	if (!error && plan->default_acl)
		error = confined_setxattr(work, name, ACL_DEFAULT, plan->default_acl,
					  plan->acl_size, 0);
	return error;
}

static int make_opaque(struct union_fs *fs, const char *name)
{
	cleanup_fd int fd = confined_open(fs->work.fd, name, O_PATH | O_DIRECTORY, 0);

	return fd < 0 ? fd : whiteout_make_opaque(fs->upper, fd);
}

static int make_in_work(struct union_fs *fs, const char *temporary, const struct new_object *object,
			const struct plan *plan, bool opaque, int *ret_fd)
{
	mode_t type = type_on_disk(fs, plan->mode);
	int error = make_raw(fs, fs->work.fd, temporary, object,
			     type | (S_ISDIR(plan->mode) ? 0700 : 0600), ret_fd);

	if (!error)
		error = layer_set_owner_and_mode(fs->upper, fs->work.fd, temporary, plan->uid,
						 plan->gid, plan->mode, object->rdev);
	if (!error)
		error = store_acls(fs->work.fd, temporary, plan);
	if (!error && opaque)
		error = make_opaque(fs, temporary);
	return error;
}

static int make_and_publish(struct union_fs *fs, int directory, const char *name,
			    const struct new_object *object, const struct plan *plan,
			    unsigned forms, bool opaque, int *ret_fd)
{
	char temporary[WORK_NAME_MAX];
	int error;

	work_new_name(&fs->work, temporary);
	error = make_in_work(fs, temporary, object, plan, opaque, ret_fd);
	if (!error)
		error = whiteout_publish(fs->work.fd, temporary, directory, name, forms);
	if (error)
		work_discard(&fs->work, temporary);
	return error;
}

int new_object_make(struct union_fs *fs, struct inode *dir, const char *name,
		    const struct new_object *object, const struct union_caller *caller,
		    unsigned forms, bool opaque, int *ret_fd)
{
	cleanup_fd int made = -1;
	struct plan plan = { 0 };
	struct cached_fd *fd;
	int error = layer_dir_open(dir->directory->upper, &fd);

	if (error)
		return error;
	error = make_plan(fs, dir, fd->fd, object->mode, caller, &plan);
	if (!error && plan.in_place && !forms && !opaque)
		error = make_raw(fs, fd->fd, name, object, plan.mode, &made);
	else if (!error)
		error = make_and_publish(fs, fd->fd, name, object, &plan, forms, opaque, &made);
	plan_free(&plan);
	fd_cache_release(fs->fds, fd);
	if (!error)
		*ret_fd = steal_fd(&made);
	return error;
}

int new_object_dress_unnamed(struct union_fs *fs, struct inode *dir, int fd, mode_t mode,
			     const struct union_caller *caller)
{
	struct plan plan = { 0 };
	struct cached_fd *parent;
	int error = layer_dir_open(dir->directory->upper, &parent);

	if (error)
		return error;
	error = make_plan(fs, dir, parent->fd, S_IFREG | (mode & 07777), caller, &plan);
	fd_cache_release(fs->fds, parent);
	if (!error)
		error = layer_set_owner_and_mode(fs->upper, fd, NULL, plan.uid, plan.gid, plan.mode,
						 0);
	if (!error)
		error = store_acls(fd, NULL, &plan);
	plan_free(&plan);
	return error;
}
