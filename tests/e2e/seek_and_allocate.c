/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Holes, fallocate, copy_file_range, flags: one command for each. */
#include "check.h"

#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

/* FILE has data in [1M, 1M+4k) and [3M, 3M+4k) and is 4M long. */
static void seek(char **arguments)
{
	const off_t mega = 1 << 20;
	int fd = check_open(arguments[0], O_RDONLY, 0);

	CHECK(lseek(fd, 0, SEEK_DATA) == mega);
	CHECK(lseek(fd, mega, SEEK_HOLE) == mega + 4096);
	CHECK(lseek(fd, mega + 4096, SEEK_DATA) == 3 * mega);
	CHECK(lseek(fd, 3 * mega, SEEK_HOLE) == 3 * mega + 4096);
	CHECK_ERROR(ENXIO, lseek(fd, 3 * mega + 4096, SEEK_DATA));
	CHECK(lseek(fd, 3 * mega + 4096, SEEK_HOLE) == 3 * mega + 4096);
	CHECK_ERROR(ENXIO, lseek(fd, 4 * mega, SEEK_HOLE));
	CHECK(lseek(fd, -10, SEEK_END) == 4 * mega - 10);
}

static bool is_filled(int fd, off_t offset, size_t size, char byte)
{
	char *data = malloc(size);
	bool filled = true;

	CHECK(data && pread(fd, data, size, offset) == (ssize_t)size);
	for (size_t i = 0; i < size; i++)
		filled &= data[i] == byte;
	free(data);
	return filled;
}

/* FILE holds 64k of 'x'. */
static void allocate(char **arguments)
{
	int fd = check_open(arguments[0], O_RDWR, 0);

	CHECK(is_filled(fd, 0, 65536, 'x'));
	CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 8192) == 0);
	CHECK(is_filled(fd, 0, 4096, 'x') && is_filled(fd, 4096, 8192, 0));
	CHECK(is_filled(fd, 12288, 4096, 'x'));
	CHECK(fallocate(fd, FALLOC_FL_ZERO_RANGE, 20000, 1000) == 0);
	CHECK(is_filled(fd, 19999, 1, 'x') && is_filled(fd, 20000, 1000, 0));
	CHECK(fallocate(fd, FALLOC_FL_KEEP_SIZE, 65536, 65536) == 0);
	CHECK(check_stat(fd).st_size == 65536);
	CHECK(fallocate(fd, 0, 65536, 65536) == 0);
	CHECK(check_stat(fd).st_size == 131072);
	CHECK(is_filled(fd, 65536, 65536, 0));
	CHECK(fallocate(fd, FALLOC_FL_ZERO_RANGE, 131072, 4096) == 0);
	CHECK(check_stat(fd).st_size == 135168);
	CHECK(is_filled(fd, 21000, 44536, 'x'));
}

/* What FUSE cannot pass on must be refused, and change nothing. */
static void collapse(char **arguments)
{
	int fd = check_open(arguments[0], O_RDWR, 0);

	CHECK_ERROR(EOPNOTSUPP, fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 4096, 4096));
	CHECK(check_stat(fd).st_size == 65536);
}

/* FROM holds "0123456789" at 5000; TO is copied to, also over its end. */
static void copy(char **arguments)
{
	int from = check_open(arguments[0], O_RDONLY, 0), to = check_open(arguments[1], O_RDWR, 0);
	off_t from_offset = 5000, to_offset = 100;

	CHECK(copy_file_range(from, &from_offset, to, &to_offset, 10, 0) == 10);
	CHECK(from_offset == 5010 && to_offset == 110);
	check_content(to, 100, "0123456789");
	to_offset = 20000;
	from_offset = 5005;
	CHECK(copy_file_range(from, &from_offset, to, &to_offset, 1000, 0) == 5);
	CHECK(check_stat(to).st_size == 20005);
	check_content(to, 20000, "56789");
	CHECK(copy_file_range(from, &from_offset, to, &to_offset, 1000, 0) == 0);
	/* Within one file. */
	from_offset = 100;
	to_offset = 30000;
	CHECK(copy_file_range(to, &from_offset, to, &to_offset, 10, 0) == 10);
	check_content(to, 30000, "0123456789");
	from_offset = 100;
	to_offset = 105;
	CHECK_ERROR(EINVAL, copy_file_range(to, &from_offset, to, &to_offset, 10, 0));
}

/* What has been written but not yet sent must be copied as well. */
static void copy_dirty(char **arguments)
{
	int from = check_open(arguments[0], O_RDWR, 0);
	int to = check_open(arguments[1], O_RDWR | O_CREAT | O_TRUNC, 0600);
	off_t from_offset = 5000, to_offset = 0;

	check_write(from, 5000, "abcdefghij");
	CHECK(copy_file_range(from, &from_offset, to, &to_offset, 10, 0) == 10);
	check_content(to, 0, "abcdefghij");
	check_content(from, 5000, "abcdefghij");
}

/* The kernel's own use of it: a direct write and a buffered read side by side are in open_files. */
static void flags(char **arguments)
{
	int fd = check_open(arguments[0], O_RDONLY, 0), value = 0, more;

	CHECK(ioctl(fd, FS_IOC_GETFLAGS, &value) == 0);
	more = value | FS_NODUMP_FL | FS_NOATIME_FL;
	CHECK(ioctl(fd, FS_IOC_SETFLAGS, &more) == 0);
	more = 0;
	CHECK(ioctl(fd, FS_IOC_GETFLAGS, &more) == 0);
	CHECK((more & (FS_NODUMP_FL | FS_NOATIME_FL)) == (FS_NODUMP_FL | FS_NOATIME_FL));
	CHECK(ioctl(fd, FS_IOC_SETFLAGS, &value) == 0);
}

static void immutable(char **arguments)
{
	int fd = check_open(arguments[0], O_RDONLY, 0), value = 0, more;

	CHECK(ioctl(fd, FS_IOC_GETFLAGS, &value) == 0);
	more = value | FS_IMMUTABLE_FL;
	if (ioctl(fd, FS_IOC_SETFLAGS, &more) < 0)
		exit(errno == EOPNOTSUPP || errno == EPERM ? 77 : 1);
	CHECK_ERROR(EPERM, unlink(arguments[0]));
	CHECK_ERROR(EPERM, truncate(arguments[0], 0));
	CHECK(ioctl(fd, FS_IOC_SETFLAGS, &value) == 0);
	CHECK(truncate(arguments[0], 0) == 0);
	CHECK(unlink(arguments[0]) == 0);
}

static void statfs_of(char **arguments)
{
	struct statfs union_fs, upper;

	CHECK(statfs(arguments[0], &union_fs) == 0 && statfs(arguments[1], &upper) == 0);
	CHECK(union_fs.f_namelen == 255);
	CHECK(union_fs.f_blocks * (uint64_t)union_fs.f_frsize ==
	      upper.f_blocks * (uint64_t)upper.f_frsize);
	CHECK(union_fs.f_files == upper.f_files);
}

static const struct check_command commands[] = {
	{ "seek", 1, seek },	       { "allocate", 1, allocate },	{ "collapse", 1, collapse },
	{ "copy", 2, copy },	       { "copy_dirty", 2, copy_dirty }, { "flags", 1, flags },
	{ "immutable", 1, immutable }, { "statfs", 2, statfs_of },	{ NULL, 0, NULL },
};

int main(int argc, char **argv)
{
	return check_run(commands, argc, argv);
}
