/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "archive/commit_entry.h"

#include "archive/library_entry.h"
#include "archive/sparse.h"

#include <stdarg.h>
#include <string.h>
#include <sys/sysmacros.h>

/* What is being written. */
struct writing {
	struct commit *commit;
	struct union_fs *fs;
	const char *path;
	const struct union_entry *entry;
	struct archive_entry *header;
};

static int fail(const struct writing *writing, int error)
{
	return problem_set(writing->commit->problem, error, "\"%s\": %s", writing->path,
			   strerror(-error));
}

static void leave_out(struct commit *commit, const char *path, const char *why)
{
	if (commit->left_out++ == 0)
		(void)problem_set(commit->warning, 0, "\"%s\": %s", path, why);
}

/* -- the header -- */

static void set_time(const struct commit *commit, struct archive_entry *header,
		     const struct timespec *time)
{
	int64_t epoch = commit->options->source_date_epoch;

	if (commit->options->has_source_date_epoch && time->tv_sec >= epoch)
		archive_entry_set_mtime(header, (time_t)epoch, 0);
	else
		archive_entry_set_mtime(header, time->tv_sec, time->tv_nsec);
}

static int set_link_target(struct writing *writing)
{
	cleanup_buffer struct buffer target = BUFFER_INIT;
	int error = union_readlink(writing->fs, writing->entry->inode, &target);

	if (!error)
		archive_entry_set_symlink(writing->header, buffer_string(&target));
	return error;
}

static int set_header(struct writing *writing)
{
	const struct attributes *attributes = &writing->entry->attributes;
	struct archive_entry *header = writing->header;

	archive_entry_set_mode(header, attributes->mode);
	archive_entry_set_uid(header, attributes->uid);
	archive_entry_set_gid(header, attributes->gid);
	set_time(writing->commit, header, &attributes->mtime);
	if (S_ISREG(attributes->mode))
		archive_entry_set_size(header, (la_int64_t)attributes->size);
	else
		archive_entry_set_size(header, 0);
	if (S_ISCHR(attributes->mode) || S_ISBLK(attributes->mode)) {
		archive_entry_set_rdevmajor(header, major(attributes->rdev));
		archive_entry_set_rdevminor(header, minor(attributes->rdev));
	}
	return S_ISLNK(attributes->mode) ? set_link_target(writing) : 0;
}

/* -- extended attributes -- */

static int add_xattr(struct writing *writing, const char *attribute)
{
	struct union_fs *fs = writing->fs;
	struct inode *inode = writing->entry->inode;
	ssize_t size = union_getxattr(fs, inode, attribute, NULL, 0);
	cleanup_free char *value = NULL;

	if (!tar_writer_wants_xattr(attribute) || size == -ENODATA || size == -ENOTSUP)
		return 0;
	if (!tar_writer_keeps_xattr(attribute)) {
		leave_out(writing->commit, writing->path,
			  "an attribute whose name cannot be written to a tar");
		return 0;
	}
	if (size < 0)
		return (int)size;
	value = malloc((size_t)size + 1);
	if (!value)
		return -ENOMEM;
	size = union_getxattr(fs, inode, attribute, value, (size_t)size);
	if (size < 0)
		return size == -ENODATA ? 0 : (int)size;
	archive_entry_xattr_add_entry(writing->header, attribute, value, (size_t)size);
	return 0;
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In the order of their names, for the disk's order means nothing; libarchive turns it round. */
static int add_xattrs_of_list(struct writing *writing, const char *list, size_t length)
{
	cleanup_free const char **names = NULL;
	size_t count = 0;
	int error = 0;

	for (const char *name = list; name < list + length; name += strlen(name) + 1)
		count++;
	names = calloc(count + 1, sizeof(*names));
	if (!names)
		return -ENOMEM;
	count = 0;
	for (const char *name = list; name < list + length; name += strlen(name) + 1)
		names[count++] = name;
	qsort(names, count, sizeof(*names), compare_strings);
	for (size_t i = count; i > 0 && !error; i--)
		error = add_xattr(writing, names[i - 1]);
	return error;
}

static int add_xattrs(struct writing *writing)
{
	struct inode *inode = writing->entry->inode;
	ssize_t length = union_listxattr(writing->fs, inode, NULL, 0);
	cleanup_free char *list = NULL;

	if (length <= 0)
		return length == -ENOTSUP ? 0 : (int)length;
	list = malloc((size_t)length);
	if (!list)
		return -ENOMEM;
	length = union_listxattr(writing->fs, inode, list, (size_t)length);
	if (length <= 0)
		return (int)length;
	return add_xattrs_of_list(writing, list, (size_t)length);
}

/* -- data -- */

static off_t seek_file(const void *file, off_t offset, int whence)
{
	const struct writing *writing = file;

	return union_lseek(writing->fs, writing->entry->inode, offset, whence);
}

static ssize_t read_file(const void *file, void *buffer, size_t size, uint64_t offset)
{
	const struct writing *writing = file;

	return union_read(writing->fs, writing->entry->inode, buffer, size, offset);
}

static bool keeps_holes(const struct writing *writing)
{
	return !writing->commit->options->fill_holes && tar_writer_keeps_holes(writing->path);
}

/* -- any entry -- */

/* True when it is one more name of a file that was written: then the header says so. */
static int set_hard_link(struct writing *writing, bool *ret_linked)
{
	const struct attributes *attributes = &writing->entry->attributes;
	const char *first = NULL;
	int error = 0;

	if (!S_ISDIR(attributes->mode) && attributes->links > 1)
		error = link_table_enter(&writing->commit->links, attributes->inode, writing->path,
					 &first);
	if (first) {
		archive_entry_set_hardlink(writing->header, first);
		archive_entry_unset_size(writing->header);
	}
	*ret_linked = first != NULL;
	return error;
}

static int write_file(struct writing *writing)
{
	struct commit *commit = writing->commit;
	const struct attributes *attributes = &writing->entry->attributes;
	const struct sparse_source source = {
		.size = S_ISREG(attributes->mode) ? attributes->size : 0,
		.seek = seek_file,
		.read = read_file,
		.file = writing,
	};
	cleanup_sparse_map struct sparse_map map = SPARSE_MAP_INIT;
	int error = add_xattrs(writing);

	if (!error && keeps_holes(writing))
		error = sparse_map_find(&source, &map);
	if (error)
		return fail(writing, error);
	sparse_map_tell(&map, writing->header);
	error = tar_writer_entry(commit->writer, writing->header, commit->problem);
	if (error || source.size == 0)
		return error;
	return sparse_write(&source, &map, commit->writer, writing->path, commit->problem);
}

static int write_entry(struct writing *writing)
{
	bool linked;
	int error = set_header(writing);

	if (!error)
		error = set_hard_link(writing, &linked);
	if (error)
		return fail(writing, error);
	return linked ? tar_writer_entry(writing->commit->writer, writing->header,
					 writing->commit->problem)
		      : write_file(writing);
}

/* Directories are called "a/", the root "./". */
static void set_path(struct archive_entry *header, const char *path, mode_t mode)
{
	cleanup_buffer struct buffer name = BUFFER_INIT;

	if (S_ISDIR(mode) && buffer_append_format(&name, "%s/", *path ? path : ".") == 0)
		path = buffer_string(&name);
	archive_entry_copy_pathname(header, path);
}

int commit_entry(struct commit *commit, struct union_fs *fs, const char *path,
		 const struct union_entry *entry)
{
	CLEANUP(archive_entry_free) struct archive_entry *header = archive_entry_new();
	struct writing writing = {
		.commit = commit, .fs = fs, .path = path, .entry = entry, .header = header
	};
	int error;

	if (!header)
		return problem_set(commit->problem, -ENOMEM, "%s", strerror(ENOMEM));
	/* One that was something else when its directory was read. */
	if (S_ISSOCK(entry->attributes.mode)) {
		leave_out(commit, path, "a socket, which a tar cannot hold");
		return 0;
	}
	set_path(header, path, entry->attributes.mode);
	error = write_entry(&writing);
	return error;
}

int commit_marker(struct commit *commit, const char *path)
{
	CLEANUP(archive_entry_free) struct archive_entry *header = archive_entry_new();

	if (!header)
		return problem_set(commit->problem, -ENOMEM, "%s", strerror(ENOMEM));
	archive_entry_copy_pathname(header, path);
	archive_entry_set_mode(header, AE_IFREG | 0644);
	archive_entry_set_size(header, 0);
	archive_entry_set_mtime(header, 0, 0);
	return tar_writer_entry(commit->writer, header, commit->problem);
}
