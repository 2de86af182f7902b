/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file_calls: exactly the system calls that a case counts messages of, and no others.
 *
 *	file_calls stat PATH...		stat(2) of each, which may be absent
 *	file_calls read PATH...		open, read to the end, close
 *	file_calls list DIRECTORY...	open, getdents64 to the end, close
 *	file_calls create PATH...	open with O_CREAT | O_EXCL, write 1000 bytes, close
 *	file_calls append PATH...	open with O_APPEND, write 1000 bytes, close
 *	file_calls look PATH...		lstat(2), getxattr(2) of the capability and listxattr(2) of each
 *	file_calls remove PATH...	unlink(2) of each
 *	file_calls walk DIRECTORY...	all names below, with lstat(2) of each
 *	file_calls names DIRECTORY...	all names below, directories known by their type alone
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

static void stat_one(const char *path)
{
	struct stat status;

	(void)stat(path, &status);
}

static void read_one(const char *path)
{
	char data[65536];
	int fd = open(path, O_RDONLY);
	ssize_t size = 1;

	while (fd >= 0 && size > 0)
		size = read(fd, data, sizeof(data));
	if (fd < 0 || size < 0)
		err(1, "%s", path);
	(void)close(fd);
}

static void list_one(const char *path)
{
	char entries[32768];
	int fd = open(path, O_RDONLY | O_DIRECTORY);
	long size = 1;

	while (fd >= 0 && size > 0)
		size = syscall(SYS_getdents64, fd, entries, sizeof(entries));
	if (fd < 0 || size < 0)
		err(1, "%s", path);
	(void)close(fd);
}

static void write_to(const char *path, int flags)
{
	char data[1000];
	int fd = open(path, O_WRONLY | flags, 0644);

	memset(data, 'x', sizeof(data));
	if (fd < 0 || write(fd, data, sizeof(data)) != (ssize_t)sizeof(data))
		err(1, "%s", path);
	(void)close(fd);
}

static void create_one(const char *path)
{
	write_to(path, O_CREAT | O_EXCL);
}

static void append_one(const char *path)
{
	write_to(path, O_APPEND);
}

static void look_at_one(const char *path)
{
	char value[64], list[1024];
	struct stat status;

	if (lstat(path, &status) < 0 || llistxattr(path, list, sizeof(list)) < 0)
		err(1, "%s", path);
	if (lgetxattr(path, "security.capability", value, sizeof(value)) >= 0 || errno != ENODATA)
		err(1, "%s has a capability", path);
}

static void remove_one(const char *path)
{
	if (unlink(path) < 0)
		err(1, "%s", path);
}

static int open_directory(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		err(1, "%s", name);
	return fd;
}

static bool is_directory(DIR *stream, const struct dirent *entry, bool with_status)
{
	struct stat status;

	if (!with_status)
		return entry->d_type == DT_DIR;
	if (fstatat(dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		err(1, "%s", entry->d_name);
	return S_ISDIR(status.st_mode);
}

/* Takes the descriptor over. */
static void walk(int fd, bool with_status)
{
	DIR *stream = fdopendir(fd);
	const struct dirent *entry;

	if (!stream)
		err(1, "fdopendir");
	errno = 0;
	while ((entry = readdir(stream))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (is_directory(stream, entry, with_status))
			walk(open_directory(dirfd(stream), entry->d_name), with_status);
		errno = 0;
	}
	if (errno != 0)
		err(1, "readdir");
	(void)closedir(stream);
}

static void walk_one(const char *path)
{
	walk(open_directory(AT_FDCWD, path), true);
}

static void names_one(const char *path)
{
	walk(open_directory(AT_FDCWD, path), false);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*function)(const char *path);
	} calls[] = {
		{ "stat", stat_one },	  { "read", read_one },	    { "list", list_one },
		{ "create", create_one }, { "append", append_one }, { "walk", walk_one },
		{ "look", look_at_one },  { "remove", remove_one }, { "names", names_one },
	};

	for (size_t i = 0; argc > 2 && i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(argv[1], calls[i].name) != 0)
			continue;
		for (int j = 2; j < argc; j++)
			calls[i].function(argv[j]);
		return 0;
	}
	errx(2, "usage: file_calls stat|read|list|create|append|look|remove|walk|names PATH...");
}
