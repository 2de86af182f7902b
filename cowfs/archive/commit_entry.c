/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "archive/commit_entry.h"

#include "archive/library_entry.h"
#include "union/acl.h"

#include <stdarg.h>
#include <string.h>
#include <sys/sysmacros.h>

#define DATA_BUFFER ((size_t)256 << 10)
/* More holes than that are written as zeros: the map of them is held in memory. */
#define EXTENTS_MAX 4096

struct extent {
	uint64_t offset, length;
};

/* What is being written. */
struct writing {
	struct commit *commit;
	struct union_fs *fs;
	const char *path;
	const struct union_entry *entry;
	struct archive_entry *header;
	/* Of a file with holes: its data; NULL: it is all data. Owned. */
	struct extent *extents;
	size_t extent_count;
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

/* Labels are the machine's; ACLs of other kinds mean nothing elsewhere. */
static bool is_wanted(const char *attribute)
{
	if (strncmp(attribute, "system.", strlen("system.")) == 0)
		return acl_is_acl(attribute);
	return strcmp(attribute, "security.selinux") != 0;
}

/* libarchive would write another name, which nobody reads as this one; and "=" ends it for everybody. */
static bool can_be_written(const char *attribute)
{
	for (const char *c = attribute; *c; c++) {
		if (*c <= ' ' || *c >= 0x7f || *c == '%' || *c == '=')
			return false;
	}
	return true;
}

static int add_xattr(struct writing *writing, const char *attribute)
{
	struct union_fs *fs = writing->fs;
	struct inode *inode = writing->entry->inode;
	ssize_t size = union_getxattr(fs, inode, attribute, NULL, 0);
	cleanup_free char *value = NULL;

	if (!is_wanted(attribute) || size == -ENODATA || size == -ENOTSUP)
		return 0;
	if (!can_be_written(attribute)) {
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

static int add_extent(struct writing *writing, uint64_t offset, uint64_t length)
{
	struct extent *grown = reallocarray(writing->extents, writing->extent_count + 1,
					    sizeof(*writing->extents));

	if (!grown)
		return -ENOMEM;
	writing->extents = grown;
	writing->extents[writing->extent_count++] = (struct extent){ offset, length };
	return 0;
}

/* Finds the data from offset on; *ret_end is where they end. 1, 0 when there are no more, or -errno. */
static int next_data(const struct writing *writing, uint64_t offset, uint64_t *ret_start,
		     uint64_t *ret_end)
{
	uint64_t size = writing->entry->attributes.size;
	struct inode *inode = writing->entry->inode;
	off_t start = union_lseek(writing->fs, inode, (off_t)offset, SEEK_DATA), end;

	if (start == -ENXIO || (start >= 0 && (uint64_t)start >= size))
		return 0;
	if (start < 0)
		return (int)start;
	end = union_lseek(writing->fs, inode, start, SEEK_HOLE);
	*ret_start = (uint64_t)start;
	*ret_end = end < 0 || (uint64_t)end > size ? size : (uint64_t)end;
	return 1;
}

static bool keeps_holes(const struct writing *writing)
{
	return !writing->commit->options->fill_holes && tar_writer_keeps_holes(writing->path);
}

/* Where the data are, if there are holes that are to be kept. */
static int find_extents(struct writing *writing)
{
	uint64_t size = writing->entry->attributes.size, start = 0, end = 0;
	int result;

	if (!keeps_holes(writing) || size == 0)
		return 0;
	while ((result = next_data(writing, end, &start, &end)) > 0) {
		if (writing->extent_count == EXTENTS_MAX)
			end = size;
		result = add_extent(writing, start, end - start);
		if (result < 0 || end >= size)
			break;
	}
	if (result >= 0 || result == -ENOMEM)
		return result < 0 ? result : 0;
	/* Where holes cannot be asked for all is data, and reading it tells what is wrong. */
	writing->extent_count = 0;
	return add_extent(writing, 0, size);
}

static bool has_holes(const struct writing *writing)
{
	const struct extent *first = writing->extents;

	return writing->entry->attributes.size > 0 && keeps_holes(writing) &&
	       (writing->extent_count != 1 || first->offset != 0 ||
		first->length != writing->entry->attributes.size);
}

static void set_extents(struct writing *writing)
{
	if (!has_holes(writing))
		return;
	for (size_t i = 0; i < writing->extent_count; i++)
		archive_entry_sparse_add_entry(writing->header,
					       (la_int64_t)writing->extents[i].offset,
					       (la_int64_t)writing->extents[i].length);
	/* How libarchive says that there are no data at all. */
	if (writing->extent_count == 0)
		archive_entry_sparse_add_entry(writing->header, 0, 0);
}

/* Zeros, as many as are missing; where holes are kept, libarchive leaves them out. */
static int write_zeros(struct writing *writing, uint64_t count)
{
	static const char zeros[64 << 10];

	while (count > 0) {
		size_t size = count < sizeof(zeros) ? (size_t)count : sizeof(zeros);
		int error = tar_writer_data(writing->commit->writer, zeros, size,
					    writing->commit->problem);

		if (error)
			return error;
		count -= size;
	}
	return 0;
}

static int write_range(struct writing *writing, char *buffer, uint64_t offset, uint64_t end)
{
	while (offset < end) {
		size_t want = end - offset < DATA_BUFFER ? (size_t)(end - offset) : DATA_BUFFER;
		ssize_t have = union_read(writing->fs, writing->entry->inode, buffer, want, offset);
		int error;

		if (have < 0)
			return fail(writing, (int)have);
		/* Cut short since it was looked at: what was promised is written nevertheless. */
		if (have == 0)
			return write_zeros(writing, end - offset);
		error = tar_writer_data(writing->commit->writer, buffer, (size_t)have,
					writing->commit->problem);
		if (error)
			return error;
		offset += (uint64_t)have;
	}
	return 0;
}

static int write_data(struct writing *writing)
{
	const struct extent whole = { 0, writing->entry->attributes.size };
	const struct extent *extents = writing->extent_count ? writing->extents : &whole;
	size_t count = writing->extent_count ? writing->extent_count : !has_holes(writing);
	cleanup_free char *buffer = NULL;
	uint64_t offset = 0;
	int error = 0;

	if (!S_ISREG(writing->entry->attributes.mode) || whole.length == 0)
		return 0;
	buffer = malloc(DATA_BUFFER);
	if (!buffer)
		return fail(writing, -ENOMEM);
	for (size_t i = 0; i < count && !error; i++) {
		error = write_zeros(writing, extents[i].offset - offset);
		offset = extents[i].offset + extents[i].length;
		if (!error)
			error = write_range(writing, buffer, extents[i].offset, offset);
	}
	return error ? error : write_zeros(writing, whole.length - offset);
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
	int error = add_xattrs(writing);

	if (!error && S_ISREG(writing->entry->attributes.mode))
		error = find_extents(writing);
	if (error)
		return fail(writing, error);
	set_extents(writing);
	error = tar_writer_entry(commit->writer, writing->header, commit->problem);
	return error ? error : write_data(writing);
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
	free(writing.extents);
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
