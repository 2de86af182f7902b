/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "archive/apply_entry.h"

#include "base/cleanup.h"
#include "base/confined.h"

#include <archive_entry.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* What the kernel has room for in a device number. */
#define MAJORS (1U << 12)
#define MINORS (1U << 20)

/* -- what the archive says of it -- */

static bool id_is_valid(la_int64_t id)
{
	return id >= 0 && id < UINT32_MAX;
}

static struct timespec valid_time(time_t seconds, long nanoseconds)
{
	bool is_valid = nanoseconds >= 0 && nanoseconds < 1000000000;

	return (struct timespec){ seconds, is_valid ? nanoseconds : 0 };
}

static void read_times(struct archive_entry *entry, struct timespec times[2])
{
	times[1] = valid_time(archive_entry_mtime(entry), archive_entry_mtime_nsec(entry));
	times[0] = times[1];
	if (archive_entry_atime_is_set(entry))
		times[0] = valid_time(archive_entry_atime(entry), archive_entry_atime_nsec(entry));
}

static int read_attributes(struct entry_context *context, struct target_attributes *attributes)
{
	struct archive_entry *entry = context->entry;
	dev_t major = archive_entry_rdevmajor(entry), minor = archive_entry_rdevminor(entry);

	if (!id_is_valid(archive_entry_uid(entry)) || !id_is_valid(archive_entry_gid(entry)))
		return problem_set(&context->reason, -EBADMSG,
				   "there is no user or group of its owner's number");
	*attributes = (struct target_attributes){
		.uid = (uid_t)archive_entry_uid(entry),
		.gid = (gid_t)archive_entry_gid(entry),
		.mode = archive_entry_filetype(entry) | (archive_entry_perm(entry) & 07777),
	};
	read_times(entry, attributes->times);
	if (!S_ISCHR(attributes->mode) && !S_ISBLK(attributes->mode))
		return 0;
	if (major >= MAJORS || minor >= MINORS)
		return problem_set(&context->reason, -EBADMSG, "there is no device of its number");
	attributes->rdev = makedev((unsigned)major, (unsigned)minor);
	return 0;
}

/* -- making it -- */

/* Where owners are kept in attributes, special files are regular ones, for others can have none. */
static mode_t type_on_disk(const struct target *target, mode_t mode)
{
	if (target->ownership.xattr_permissions && !S_ISDIR(mode) && !S_ISLNK(mode))
		return S_IFREG;
	return mode & S_IFMT;
}

/* Makes the object in its free place. A regular file's descriptor is returned; else 0; or -errno. */
static int make_object(struct entry_context *context, const struct place *place,
		       const struct target_attributes *attributes)
{
	mode_t type = type_on_disk(context->target, attributes->mode);
	const char *link = archive_entry_symlink(context->entry);
	int result;

	switch (type) {
	case S_IFREG:
		return confined_open(place->fd->fd, place->name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	case S_IFLNK:
		result = symlinkat(link ? link : "", place->fd->fd, place->name);
		break;
	default:
		result = mknodat(place->fd->fd, place->name, type | 0600, attributes->rdev);
		break;
	}
	return result < 0 ? -errno : 0;
}

/* The same in a place that may be taken. */
static int make_in_place(struct entry_context *context, const struct place *place,
			 const struct target_attributes *attributes)
{
	bool hid;
	int error = 0, result = -EEXIST;

	if (!context->target->has_whiteouts)
		result = make_object(context, place, attributes);
	if (result != -EEXIST)
		return result;
	error = place_clear(context->target, place, &hid);
	return error ? error : make_object(context, place, attributes);
}

static int write_extent(int fd, const struct tar_extent *extent)
{
	const char *data = extent->data;
	size_t done = 0;

	while (done < extent->size) {
		ssize_t length = pwrite(fd, data + done, extent->size - done,
					(off_t)(extent->offset + done));

		if (length < 0 && errno != EINTR)
			return -errno;
		done += length > 0 ? (size_t)length : 0;
	}
	return 0;
}

/* What lies between the parts that the archive has stays a hole. */
static int write_data(struct entry_context *context, int fd)
{
	la_int64_t size = archive_entry_size(context->entry);
	struct tar_extent extent;
	uint64_t end = 0;
	int result;

	while ((result = tar_reader_data(context->reader, &extent, context->reader_problem)) > 0) {
		result = write_extent(fd, &extent);
		if (result < 0)
			return result;
		context->result->data_bytes += extent.size;
		if (extent.size > 0)
			end = extent.offset + extent.size;
	}
	if (result < 0) {
		context->reader_failed = true;
		return result;
	}
	if (size >= 0 && end != (uint64_t)size && ftruncate(fd, size) < 0)
		return -errno;
	return 0;
}

static bool is_device(mode_t mode)
{
	return S_ISCHR(mode) || S_ISBLK(mode);
}

static int apply_object(struct entry_context *context, const struct place *place,
			const struct target_attributes *attributes)
{
	cleanup_fd int fd = -1;
	int error, result = make_in_place(context, place, attributes);

	if (result == -EPERM && is_device(attributes->mode)) {
		target_leave_out(context->target, "\"%s\": a device cannot be made here: %s",
				 archive_entry_pathname(context->entry), strerror(-result));
		return 0;
	}
	if (result < 0)
		return result;
	error = place_note_made(context->target, place);
	if (error)
		return error;
	if (type_on_disk(context->target, attributes->mode) != S_IFREG)
		return apply_attributes(context, place->fd->fd, place->name, attributes);
	fd = result;
	if (S_ISREG(attributes->mode))
		error = write_data(context, fd);
	return error ? error : apply_attributes(context, fd, NULL, attributes);
}

static int apply_directory(struct entry_context *context, const struct place *place,
			   const struct target_attributes *attributes)
{
	struct layer_dir *dir;
	uint64_t inode;
	bool made;
	int error = place_make_directory(context->target, place, &dir, &inode, &made);

	if (error)
		return error;
	error = place_note_made(context->target, place);
	if (!error)
		error = apply_directory_attributes(context, dir, inode, attributes);
	layer_dir_unref(dir);
	return error;
}

/* The target itself is never replaced. */
static int apply_root(struct entry_context *context, const struct target_attributes *attributes)
{
	struct layer *layer = context->target->layer;

	if (!S_ISDIR(attributes->mode))
		return problem_set(&context->reason, -EBADMSG,
				   "it is to take the place of the root, and is no directory");
	return apply_directory_attributes(context, layer->root, layer->root_inode, attributes);
}

/* -- hard links -- */

/* Attributes of the file that a link is to be to. -EBADMSG with a reason when it cannot be linked. */
static int look_at_linked(struct entry_context *context, const struct place *linked,
			  struct attributes *attributes)
{
	int error = linked->kind == PLACE_NAME
			    ? layer_stat_raw(linked->fd->fd, linked->name, attributes)
			    : -ENOENT;

	if (!error &&
	    target_has_whiteout(context->target, linked->fd->fd, linked->name, attributes))
		error = -ENOENT;
	if (error == -ENOENT)
		return problem_set(&context->reason, -EBADMSG,
				   "it is a link to \"%s\", which is not there",
				   archive_entry_hardlink(context->entry));
	if (!error && S_ISDIR(attributes->mode))
		return problem_set(&context->reason, -EBADMSG, "it is a link to a directory");
	return error;
}

static int make_link(struct entry_context *context, const struct place *linked,
		     const struct place *place)
{
	struct attributes wanted, present;
	bool hid;
	int error = look_at_linked(context, linked, &wanted);

	if (error)
		return error;
	/* A link to itself, or one that is there already, must not be cleared away. */
	if (layer_stat_raw(place->fd->fd, place->name, &present) == 0 &&
	    present.inode == wanted.inode)
		return 0;
	error = place_clear(context->target, place, &hid);
	if (error)
		return error;
	if (linkat(linked->fd->fd, linked->name, place->fd->fd, place->name, 0) < 0)
		return -errno;
	return place_note_made(context->target, place);
}

static int apply_link(struct entry_context *context, const struct place *place)
{
	struct place linked = { 0 };
	int error = place_find(context->target, archive_entry_hardlink(context->entry), false,
			       &linked, &context->reason);

	if (error == -ENOENT)
		error = 0; /* no such place: said below */
	if (!error)
		error = make_link(context, &linked, place);
	place_release(context->target, &linked);
	return error;
}

/* -- any entry -- */

static int apply_name(struct entry_context *context, const struct place *place,
		      const struct target_attributes *attributes)
{
	switch (attributes->mode & S_IFMT) {
	case S_IFDIR:
		return apply_directory(context, place, attributes);
	case S_IFREG:
	case S_IFLNK:
	case S_IFIFO:
	case S_IFBLK:
		return apply_object(context, place, attributes);
	case S_IFCHR:
		if (attributes->rdev == 0 && !context->target->options->plain_files)
			return apply_whiteout(context, place);
		return apply_object(context, place, attributes);
	default:
		return problem_set(&context->reason, -EBADMSG, "its type is unknown");
	}
}

static int apply_in_place(struct entry_context *context, const struct place *place)
{
	struct target_attributes attributes;
	int error;

	switch (place->kind) {
	case PLACE_RESERVED:
		context->result->skipped++;
		return 0;
	case PLACE_WHITEOUT:
	case PLACE_OPAQUE:
		return apply_whiteout(context, place);
	default:
		break;
	}
	if (place->kind == PLACE_NAME && archive_entry_hardlink(context->entry))
		return apply_link(context, place);
	error = read_attributes(context, &attributes);
	if (error)
		return error;
	return place->kind == PLACE_ROOT ? apply_root(context, &attributes)
					 : apply_name(context, place, &attributes);
}

/* Of a new layer, unless an entry names it later. */
static int note_root(struct entry_context *context)
{
	struct target *target = context->target;

	if (target->options->changeset || target->options->plain_files ||
	    target->directory_count > 0)
		return 0;
	return target_note_implied(target, target->layer->root, target->layer->root_inode);
}

int apply_entry(struct entry_context *context)
{
	const char *path = archive_entry_pathname(context->entry);
	struct place place = { 0 };
	int error;

	if (!path || !*path)
		return problem_set(&context->reason, -EBADMSG, "it has no name");
	read_times(context->entry, context->target->implied_times);
	error = note_root(context);
	if (error)
		return error;
	error = place_find(context->target, path, true, &place, &context->reason);
	if (!error)
		error = apply_in_place(context, &place);
	place_release(context->target, &place);
	return error;
}
