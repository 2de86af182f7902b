/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of layer.h: owners, permissions and all that stat(2) tells, read and set. */
#include "base/confined.h"
#include "layer/layer.h"
#include "layer/override_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sysmacros.h>

static struct timespec to_timespec(const struct statx_timestamp *time)
{
	return (struct timespec){ .tv_sec = time->tv_sec, .tv_nsec = time->tv_nsec };
}

static void from_statx(const struct statx *status, struct attributes *attributes)
{
	*attributes = (struct attributes){
		.device = makedev(status->stx_dev_major, status->stx_dev_minor),
		.inode = status->stx_ino,
		.mode = status->stx_mode,
		.links = status->stx_nlink,
		.uid = status->stx_uid,
		.gid = status->stx_gid,
		.rdev = makedev(status->stx_rdev_major, status->stx_rdev_minor),
		.size = status->stx_size,
		.blocks = status->stx_blocks,
		.block_size = status->stx_blksize,
		.atime = to_timespec(&status->stx_atime),
		.mtime = to_timespec(&status->stx_mtime),
		.ctime = to_timespec(&status->stx_ctime),
		.is_protected =
			(status->stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND)) != 0,
	};
	if (status->stx_mask & STATX_BTIME)
		attributes->btime = to_timespec(&status->stx_btime);
}

int layer_stat_raw(int directory, const char *name, struct attributes *ret_attributes)
{
	struct statx status;
	int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (name ? 0 : AT_EMPTY_PATH);

	if (name && !confined_name_is_valid(name))
		return strlen(name) > NAME_MAX ? -ENAMETOOLONG : -EINVAL;
	if (statx(directory, name ? name : "", flags, STATX_BASIC_STATS | STATX_BTIME, &status) !=
	    0)
		return -errno;
	from_statx(&status, ret_attributes);
	return 0;
}

static const char *override_name(enum xattr_permissions permissions)
{
	return permissions == XATTR_PERMISSIONS_PRIVILEGED ? OVERRIDE_STAT_PRIVILEGED
							   : OVERRIDE_STAT_USER;
}

static void apply_override(const struct layer *layer, int directory, const char *name,
			   struct attributes *attributes)
{
	char value[OVERRIDE_STAT_MAX];
	struct override_stat override;
	ssize_t length;

	if (attributes_are_whiteout(attributes))
		return;
	length = confined_getxattr(directory, name,
				   override_name(layer->ownership->xattr_permissions), value,
				   sizeof(value));
	/* Absent or garbage: then the disk is believed. */
	if (length >= 0 && override_stat_parse(value, (size_t)length, &override) == 0)
		override_stat_apply(&override, attributes);
}

void layer_interpret(const struct layer *layer, int directory, const char *name,
		     struct attributes *attributes)
{
	if (layer->ownership->xattr_permissions != XATTR_PERMISSIONS_OFF)
		apply_override(layer, directory, name, attributes);
	ownership_show(layer->ownership, attributes);
}

int layer_stat(const struct layer *layer, int directory, const char *name,
	       struct attributes *ret_attributes)
{
	int error = layer_stat_raw(directory, name, ret_attributes);

	if (!error)
		layer_interpret(layer, directory, name, ret_attributes);
	return error;
}

static int set_on_disk(const struct layer *layer, int directory, const char *name,
		       const struct attributes *now, uid_t uid, gid_t gid, mode_t mode)
{
	bool squashed = layer->ownership->squash_users || layer->ownership->squash_groups;
	bool moves = now->uid != uid || now->gid != gid;
	int error = moves ? confined_chown(directory, name, uid, gid) : 0;

	if (error && !(error == -EPERM && squashed))
		return error;
	if (S_ISLNK(now->mode))
		return 0;
	/* A change of owner clears setuid and setgid, so these are set again after it. */
	if ((now->mode & 07777) == (mode & 07777) && !(moves && (mode & (S_ISUID | S_ISGID))))
		return 0;
	return confined_chmod(directory, name, mode & 07777);
}

static int set_in_override(const struct layer *layer, int directory, const char *name,
			   const struct attributes *now, const struct override_stat *override)
{
	mode_t ours = S_ISDIR(now->mode) ? 0700 : 0600;
	char value[OVERRIDE_STAT_MAX];
	size_t length = override_stat_format(override, value, sizeof(value));
	int error = 0;

	/* First, since without write permission no user. attribute can be set either. */
	if (!S_ISLNK(now->mode) && (now->mode & ours) != ours)
		error = confined_chmod(directory, name, (now->mode & 07777) | ours);
	if (error)
		return error;
	error = confined_setxattr(directory, name,
				  override_name(layer->ownership->xattr_permissions), value, length,
				  0);
	if (S_ISLNK(now->mode) && (error == -EPERM || error == -ENOTSUP))
		return 0;
	return error;
}

int layer_give_owner_and_mode(const struct layer *layer, int directory, const char *name,
			      const struct attributes *now, const struct attributes *wanted)
{
	struct override_stat override = {
		.mode = wanted->mode & 07777,
		.type = wanted->mode & S_IFMT,
		.rdev = wanted->rdev,
		.uid = wanted->uid,
		.gid = wanted->gid,
	};
	int error = ownership_to_disk(layer->ownership, &override.uid, &override.gid);

	if (error)
		return error;
	if (layer->ownership->xattr_permissions == XATTR_PERMISSIONS_OFF)
		return set_on_disk(layer, directory, name, now, override.uid, override.gid,
				   wanted->mode);
	return set_in_override(layer, directory, name, now, &override);
}

int layer_set_owner_and_mode(const struct layer *layer, int directory, const char *name, uid_t uid,
			     gid_t gid, mode_t mode, dev_t rdev)
{
	struct attributes now, wanted = { .uid = uid, .gid = gid, .mode = mode, .rdev = rdev };
	int error = layer_stat_raw(directory, name, &now);

	return error ? error : layer_give_owner_and_mode(layer, directory, name, &now, &wanted);
}
