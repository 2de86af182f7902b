/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "archive/tree_pack.h"

#include "archive/library_entry.h"
#include "archive/link_table.h"
#include "archive/sparse.h"
#include "archive/tar_writer.h"
#include "base/buffer.h"
#include "base/confined.h"
#include "base/string_list.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

/* Each level of directories needs one descriptor; more than that no name that is a path could reach. */
#define DEPTH_MAX 512

struct packing {
	const struct tree_pack_options *options;
	struct tar_writer *writer;
	struct link_table links;
	dev_t device; /* of what is packed: inode numbers are those of one file system */
	struct buffer path;
	uint64_t left_out;
	struct problem *problem, *warning;
};

static int fail(const struct packing *packing, int error)
{
	return problem_set(packing->problem, error, "\"%s\": %s",
			   packing->path.length ? buffer_string(&packing->path) : ".",
			   strerror(-error));
}

static void leave_out(struct packing *packing, const char *why)
{
	if (packing->left_out++ == 0)
		(void)problem_set(packing->warning, 0, "\"%s\" was left out: %s",
				  buffer_string(&packing->path), why);
}

/* -- the header -- */

static int set_link_target(struct archive_entry *header, int fd)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(fd, "", target, sizeof(target) - 1);

	if (length < 0)
		return -errno;
	target[length] = '\0';
	archive_entry_set_symlink(header, target);
	return 0;
}

static int set_header(const struct packing *packing, struct archive_entry *header, int fd,
		      const struct stat *status)
{
	mode_t mode = status->st_mode;

	if (packing->options->harmless)
		mode &= ~(mode_t)(S_ISUID | S_ISGID);
	archive_entry_set_mode(header, mode);
	archive_entry_set_uid(header, status->st_uid);
	archive_entry_set_gid(header, status->st_gid);
	archive_entry_set_mtime(header, status->st_mtim.tv_sec, status->st_mtim.tv_nsec);
	archive_entry_set_size(header, S_ISREG(mode) ? status->st_size : 0);
	if (S_ISCHR(mode) || S_ISBLK(mode)) {
		archive_entry_set_rdevmajor(header, major(status->st_rdev));
		archive_entry_set_rdevminor(header, minor(status->st_rdev));
	}
	return S_ISLNK(mode) ? set_link_target(header, fd) : 0;
}

static bool is_wanted(const struct packing *packing, const char *attribute)
{
	if (packing->options->harmless && strncmp(attribute, "user.", strlen("user.")) != 0)
		return false;
	return tar_writer_wants_xattr(attribute) && tar_writer_keeps_xattr(attribute);
}

static int add_xattr(struct archive_entry *header, int fd, const char *attribute)
{
	ssize_t size = confined_getxattr(fd, NULL, attribute, NULL, 0);
	cleanup_free char *value = size >= 0 ? malloc((size_t)size + 1) : NULL;

	if (size >= 0 && !value)
		return -ENOMEM;
	if (size >= 0)
		size = confined_getxattr(fd, NULL, attribute, value, (size_t)size);
	if (size >= 0)
		archive_entry_xattr_add_entry(header, attribute, value, (size_t)size);
	/* It, or what it was, may have gone meanwhile. */
	return size >= 0 || size == -ENODATA || size == -ERANGE || size == -ENOTSUP ? 0 : (int)size;
}

static int add_xattrs(const struct packing *packing, struct archive_entry *header, int fd)
{
	ssize_t size = confined_listxattr(fd, NULL, NULL, 0);
	cleanup_free char *list = size > 0 ? malloc((size_t)size) : NULL;
	int error = 0;

	if (size <= 0)
		return size == -ENOTSUP || size == 0 ? 0 : (int)size;
	if (!list)
		return -ENOMEM;
	size = confined_listxattr(fd, NULL, list, (size_t)size);
	for (ssize_t at = 0; at < size && !error; at += (ssize_t)strlen(list + at) + 1) {
		if (is_wanted(packing, list + at))
			error = add_xattr(header, fd, list + at);
	}
	return size < 0 && size != -ERANGE ? (int)size : error;
}

/* -- data -- */

static off_t seek_file(const void *file, off_t offset, int whence)
{
	const int *fd = file;
	off_t found = lseek(*fd, offset, whence);

	return found < 0 ? -errno : found;
}

static ssize_t read_file(const void *file, void *buffer, size_t size, uint64_t offset)
{
	const int *fd = file;
	ssize_t length = pread(*fd, buffer, size, (off_t)offset);

	return length < 0 ? -errno : length;
}

/* -- one object -- */

/* Directories are called "a/". */
static int set_path(const struct packing *packing, struct archive_entry *header, mode_t mode)
{
	cleanup_buffer struct buffer name = BUFFER_INIT;
	int error = buffer_append_format(&name, "%s%s", buffer_string(&packing->path),
					 S_ISDIR(mode) ? "/" : "");

	if (!error)
		archive_entry_copy_pathname(header, buffer_string(&name));
	return error;
}

/* True when it is one more name of a file that was written: then the header says so. */
static int set_hard_link(struct packing *packing, struct archive_entry *header,
			 const struct stat *status, bool *ret_linked)
{
	const char *first = NULL;
	int error = 0;

	if (!S_ISDIR(status->st_mode) && status->st_nlink > 1 && status->st_dev == packing->device)
		error = link_table_enter(&packing->links, status->st_ino,
					 buffer_string(&packing->path), &first);
	if (first) {
		archive_entry_set_hardlink(header, first);
		archive_entry_unset_size(header);
	}
	*ret_linked = first != NULL;
	return error;
}

static int write_object(struct packing *packing, int fd, const struct stat *status)
{
	CLEANUP(archive_entry_free) struct archive_entry *header = archive_entry_new();
	const char *name = buffer_string(&packing->path);
	cleanup_fd int data = -1;
	const struct sparse_source source = { .size = (uint64_t)status->st_size,
					      .seek = seek_file,
					      .read = read_file,
					      .file = &data };
	cleanup_sparse_map struct sparse_map map = SPARSE_MAP_INIT;
	bool linked = false;
	int error = header ? set_path(packing, header, status->st_mode) : -ENOMEM;

	if (!error)
		error = set_header(packing, header, fd, status);
	if (!error)
		error = set_hard_link(packing, header, status, &linked);
	if (!error && !linked)
		error = add_xattrs(packing, header, fd);
	if (!error && !linked && S_ISREG(status->st_mode)) {
		data = confined_reopen(fd, O_RDONLY);
		error = data < 0 ? data : 0;
	}
	if (!error && data >= 0 && tar_writer_keeps_holes(name))
		error = sparse_map_find(&source, &map);
	if (error)
		return fail(packing, error);
	sparse_map_tell(&map, header);
	error = tar_writer_entry(packing->writer, header, packing->problem);
	if (error || data < 0 || source.size == 0)
		return error;
	return sparse_write(&source, &map, packing->writer, name, packing->problem);
}

/* -- directories -- */

/* Where the kernel shows itself, sizes say nothing, and reading may wait for ever. */
static bool is_of_kernel(int fd)
{
	static const uint32_t types[] = { PROC_SUPER_MAGIC, SYSFS_MAGIC, DEVPTS_SUPER_MAGIC,
					  CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC };
	struct statfs status;

	if (fstatfs(fd, &status) < 0)
		return true;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if ((uint32_t)status.f_type == types[i])
			return true;
	return false;
}

static int read_names(int fd, struct string_list *names)
{
	CLEANUP(closedir) DIR *stream = NULL;
	const struct dirent *dirent;
	int error = confined_open_stream(fd, NULL, &stream);

	while (!error && (errno = 0, (dirent = readdir(stream)))) {
		if (strcmp(dirent->d_name, ".") != 0 && strcmp(dirent->d_name, "..") != 0)
			error = string_list_add(names, dirent->d_name);
		errno = 0;
	}
	return error ? error : -errno;
}

static int pack_object(struct packing *packing, int fd, dev_t parent_device, size_t depth);

static int pack_name(struct packing *packing, int directory, dev_t device, const char *name,
		     size_t depth)
{
	size_t length = packing->path.length;
	cleanup_fd int fd = -1;
	int error = buffer_append_format(&packing->path, "%s%s", length ? "/" : "", name);

	if (error)
		return fail(packing, error);
	fd = confined_open_across(directory, name, O_PATH);
	if (fd == -ENOENT)
		leave_out(packing, "it disappeared");
	else
		error = fd < 0 ? fail(packing, fd) : pack_object(packing, fd, device, depth);
	packing->path.length = length;
	packing->path.data[length] = '\0';
	return error;
}

static int pack_directory(struct packing *packing, int fd, dev_t device, size_t depth)
{
	struct string_list names = { 0 };
	int error;

	if (depth >= DEPTH_MAX)
		return problem_set(packing->problem, -ENAMETOOLONG,
				   "\"%s\": directories are nested too deeply",
				   buffer_string(&packing->path));
	error = read_names(fd, &names);
	if (error)
		error = fail(packing, error);
	for (size_t i = 0; i < names.count && !error; i++)
		error = pack_name(packing, fd, device, names.strings[i], depth + 1);
	string_list_free(&names);
	return error;
}

static int pack_object(struct packing *packing, int fd, dev_t parent_device, size_t depth)
{
	struct stat status;
	int error = 0;

	if (fstat(fd, &status) < 0)
		return fail(packing, -errno);
	if (S_ISSOCK(status.st_mode)) {
		leave_out(packing, "a tar cannot hold a socket");
		return 0;
	}
	if (packing->options->harmless && (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode))) {
		leave_out(packing, "it is a device");
		return 0;
	}
	if (packing->path.length > 0)
		error = write_object(packing, fd, &status);
	if (error || !S_ISDIR(status.st_mode) ||
	    (status.st_dev != parent_device && is_of_kernel(fd)))
		return error;
	return pack_directory(packing, fd, status.st_dev, depth);
}

/* -- the whole -- */

static int pack_all(struct packing *packing, int to)
{
	const struct tar_progress none = { .show = NULL };
	CLEANUP(tar_writer_close) struct tar_writer *writer = NULL;
	struct tar_summary summary;
	struct stat status;
	int error = tar_writer_open(to, TAR_PLAIN, &none, &writer, packing->problem);

	if (error)
		return error;
	packing->writer = writer;
	if (fstat(packing->options->fd, &status) < 0)
		return fail(packing, -errno);
	packing->device = status.st_dev;
	error = pack_object(packing, packing->options->fd, status.st_dev, 0);
	return error ? error : tar_writer_finish(writer, &summary, packing->problem);
}

int tree_pack(const struct tree_pack_options *options, int to, struct tree_pack_result *ret_result,
	      struct problem *problem, struct problem *warning)
{
	struct packing packing = {
		.options = options,
		.problem = problem,
		.warning = warning,
	};
	int error = buffer_append_string(&packing.path, options->name);

	error = error ? problem_set(problem, error, "out of memory") : pack_all(&packing, to);
	link_table_free(&packing.links);
	buffer_free(&packing.path);
	if (!error)
		*ret_result = (struct tree_pack_result){ .left_out = packing.left_out };
	return error;
}
