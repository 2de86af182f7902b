/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file_calls: exactly the system calls that a case counts messages of, and no others.
 *
 *	file_calls stat PATH...		stat(2) of each, which may be absent
 *	file_calls read PATH...		open, read to the end, close
 *	file_calls list DIRECTORY...	open, getdents64 to the end, close
 *	file_calls create PATH...	open with O_CREAT | O_EXCL, write 1000 bytes, close
 *	file_calls walk DIRECTORY	all names below, with lstat(2) of each; prints "DIRECTORIES ENTRIES"
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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

	if (fd < 0)
		err(1, "%s", path);
	while (read(fd, data, sizeof(data)) > 0)
		;
	(void)close(fd);
}

static void list_one(const char *path)
{
	char entries[32768];
	int fd = open(path, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		err(1, "%s", path);
	while (syscall(SYS_getdents64, fd, entries, sizeof(entries)) > 0)
		;
	(void)close(fd);
}

static void create_one(const char *path)
{
	char data[1000];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);

	memset(data, 'x', sizeof(data));
	if (fd < 0 || write(fd, data, sizeof(data)) != (ssize_t)sizeof(data))
		err(1, "%s", path);
	(void)close(fd);
}

static unsigned long directories, entries;

/* Takes the descriptor over. */
static void walk(int fd)
{
	DIR *stream = fdopendir(fd);
	const struct dirent *entry;
	struct stat status;

	if (!stream)
		err(1, "fdopendir");
	directories++;
	while ((entry = readdir(stream))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		entries++;
		if (fstatat(dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			err(1, "%s", entry->d_name);
		if (!S_ISDIR(status.st_mode))
			continue;
		fd = openat(dirfd(stream), entry->d_name, O_RDONLY | O_DIRECTORY);
		if (fd < 0)
			err(1, "%s", entry->d_name);
		walk(fd);
	}
	(void)closedir(stream);
}

static void walk_one(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		err(1, "%s", path);
	walk(fd);
	(void)printf("%lu %lu\n", directories, entries);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*function)(const char *path);
	} calls[] = {
		{ "stat", stat_one },	  { "read", read_one }, { "list", list_one },
		{ "create", create_one }, { "walk", walk_one },
	};

	for (size_t i = 0; argc > 2 && i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(argv[1], calls[i].name) != 0)
			continue;
		for (int j = 2; j < argc; j++)
			calls[i].function(argv[j]);
		return 0;
	}
	errx(2, "usage: file_calls stat|read|list|create|walk PATH...");
}
