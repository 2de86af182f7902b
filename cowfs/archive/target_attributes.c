/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of target.h: owners, permissions, times and extended attributes, those of directories last. */
#include "archive/target.h"
#include "base/confined.h"
#include "union/acl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Where all owners become one, a file that was to run as somebody else must not run as that one
 * (CVE-2023-0386 and kin).
 */
static mode_t permitted_mode(const struct ownership *ownership,
			     const struct target_attributes *attributes)
{
	mode_t mode = attributes->mode;

	if (S_ISDIR(mode))
		return mode;
	if (ownership->squash_users && attributes->uid != ownership->squashed_uid)
		mode &= ~(mode_t)S_ISUID;
	if (ownership->squash_groups && attributes->gid != ownership->squashed_gid)
		mode &= ~(mode_t)S_ISGID;
	return mode;
}

int target_set_owner(struct target *target, int directory, const char *name,
		     const struct target_attributes *attributes)
{
	return layer_set_owner_and_mode(
		target->layer, directory, name, attributes->uid, attributes->gid,
		permitted_mode(&target->ownership, attributes), attributes->rdev);
}

/* What no archive may bring, and what the machine decides by itself. */
static bool is_unwanted(const char *attribute)
{
	return control_xattr_is_hidden(attribute) || strcmp(attribute, "security.selinux") == 0;
}

/* Without the privilege, or the support of the file system, or with a value that the kernel makes nothing of. */
static bool may_be_left_out(int error)
{
	return error == -EPERM || error == -ENOTSUP || error == -EACCES || error == -EINVAL;
}

int target_set_xattr(struct target *target, int directory, const char *name, const char *path,
		     const char *attribute, const void *value, size_t size)
{
	int error;

	if (is_unwanted(attribute))
		return 0;
	error = confined_setxattr(directory, name, attribute, value, size, 0);
	if (!may_be_left_out(error))
		return error;
	target_leave_out(target, "\"%s\": its attribute %s cannot be kept here: %s", path,
			 attribute, strerror(-error));
	return 0;
}

/* -- directories -- */

static size_t depth_of(const struct layer_dir *dir)
{
	size_t depth = 0;

	for (; dir->parent; dir = dir->parent)
		depth++;
	return depth;
}

static struct target_directory *new_directory(struct target *target)
{
	if (target->directory_count == target->directory_capacity) {
		size_t capacity = target->directory_capacity ? target->directory_capacity * 2 : 64;
		struct target_directory *grown =
			reallocarray(target->directories, capacity, sizeof(*grown));

		if (!grown)
			return NULL;
		target->directories = grown;
		target->directory_capacity = capacity;
	}
	return &target->directories[target->directory_count];
}

int target_note_directory(struct target *target, struct layer_dir *dir, uint64_t inode,
			  const struct target_attributes *attributes, struct target_acl acls[2])
{
	struct target_directory *directory = new_directory(target);

	if (!directory) {
		free(acls[0].value);
		free(acls[1].value);
		return -ENOMEM;
	}
	*directory = (struct target_directory){
		.dir = layer_dir_ref(dir),
		.inode = inode,
		.depth = depth_of(dir),
		.sequence = target->directory_count++,
		.attributes = *attributes,
		.acls = { acls[0], acls[1] },
	};
	return 0;
}

int target_note_implied(struct target *target, struct layer_dir *dir, uint64_t inode)
{
	bool is_plain =
		ownership_is_identity(&target->ownership) && !target->ownership.xattr_permissions;
	const struct target_attributes attributes = {
		.mode = S_IFDIR | 0755,
		/* What is root's for root, or where owners are mapped or kept otherwise. */
		.uid = is_plain ? geteuid() : 0,
		.gid = is_plain ? getegid() : 0,
		.times = { target->implied_times[0], target->implied_times[1] },
	};
	struct target_acl none[2] = { 0 };

	return target_note_directory(target, dir, inode, &attributes, none);
}

static int set_acls(struct target *target, int fd, const struct target_directory *directory)
{
	static const char *const names[] = { ACL_ACCESS, ACL_DEFAULT };
	int error = 0;

	for (size_t i = 0; i < 2 && !error; i++) {
		const struct target_acl *acl = &directory->acls[i];

		if (acl->value)
			error = target_set_xattr(target, fd, NULL, directory->dir->name, names[i],
						 acl->value, acl->size);
	}
	return error;
}

static int finish_open(struct target *target, int fd, const struct target_directory *directory)
{
	struct attributes now;
	int error = layer_stat_raw(fd, NULL, &now);

	if (error || now.inode != directory->inode)
		return error;
	error = set_acls(target, fd, directory);
	if (!error)
		error = target_set_owner(target, fd, NULL, &directory->attributes);
	if (!error)
		error = confined_set_times(fd, NULL, directory->attributes.times);
	return error;
}

static int finish_directory(struct target *target, const struct target_directory *directory)
{
	struct cached_fd *cached;
	int error = layer_dir_open(directory->dir, &cached);

	/* It was removed since, or replaced. */
	if (error == -ENOENT || error == -ENOTDIR || error == -ELOOP)
		return 0;
	if (error)
		return error;
	error = finish_open(target, cached->fd, directory);
	fd_cache_release(target->fds, cached);
	return error;
}

/* The deepest first, for the permissions of those above may forbid to go there; then as they came. */
static int compare(const void *a, const void *b)
{
	const struct target_directory *left = a, *right = b;

	if (left->depth != right->depth)
		return left->depth < right->depth ? 1 : -1;
	return (left->sequence > right->sequence) - (left->sequence < right->sequence);
}

int target_finish_directories(struct target *target, struct problem *problem)
{
	cleanup_buffer struct buffer path = BUFFER_INIT;

	if (target->directory_count)
		qsort(target->directories, target->directory_count, sizeof(*target->directories),
		      compare);
	for (size_t i = 0; i < target->directory_count; i++) {
		int error = finish_directory(target, &target->directories[i]);

		if (error) {
			(void)layer_dir_path(target->directories[i].dir, &path);
			return problem_set(problem, error, "\"%s\": %s", buffer_string(&path),
					   strerror(-error));
		}
	}
	return 0;
}
