/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files used through descriptors and mappings while their names and layers change. */
#include "check.h"

#include <dirent.h>
#include <sys/mman.h>

/* The file holds "lower content\n". Opened before copy-up, written through another descriptor. */
static void see_writes(char **arguments)
{
	int reader = check_open(arguments[0], O_RDONLY, 0);
	char *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, reader, 0);
	int writer;

	CHECK(map != MAP_FAILED);
	CHECK(memcmp(map, "lower", 5) == 0);
	check_content(reader, 0, "lower content\n");
	writer = check_open(arguments[0], O_WRONLY, 0);
	check_write(writer, 0, "UPPER");
	check_content(reader, 0, "UPPER content\n");
	CHECK(memcmp(map, "UPPER content\n", 14) == 0);
	check_write(writer, 14, "and more\n");
	CHECK(check_stat(reader).st_size == 23);
	check_content(reader, 14, "and more\n");
	CHECK(memcmp(map, "UPPER content\nand more\n", 23) == 0);
	drop_caches("3");
	check_content(reader, 0, "UPPER content\nand more\n");
	CHECK(memcmp(map, "UPPER content\nand more\n", 23) == 0);
	CHECK(ftruncate(writer, 5) == 0);
	CHECK(check_stat(reader).st_size == 5);
	CHECK(munmap(map, 4096) == 0);
}

/* The same when it is copied up by a change of its attributes only. */
static void see_writes_after_chmod(char **arguments)
{
	int reader = check_open(arguments[0], O_RDONLY, 0);
	struct stat before = check_stat(reader);
	int writer;

	check_content(reader, 0, "lower content\n");
	CHECK(chmod(arguments[0], 0600) == 0);
	CHECK((check_stat(reader).st_mode & 07777) == 0600);
	CHECK(check_stat(reader).st_ino == before.st_ino);
	writer = check_open(arguments[0], O_WRONLY, 0);
	check_write(writer, 0, "UPPER");
	drop_caches("3");
	check_content(reader, 0, "UPPER content\n");
}

/* Writes through a shared mapping reach the file, and not the lower layer. */
static void write_mapping(char **arguments)
{
	int fd = check_open(arguments[0], O_RDWR, 0);
	char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	CHECK(map != MAP_FAILED);
	memcpy(map, "UPPER", 5);
	check_content(fd, 0, "UPPER content\n");
	CHECK(msync(map, 4096, MS_SYNC) == 0);
	drop_caches("3");
	CHECK(memcmp(map, "UPPER", 5) == 0);
	CHECK(munmap(map, 4096) == 0);
}

static void private_mapping(char **arguments)
{
	int fd = check_open(arguments[0], O_RDONLY, 0);
	char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	CHECK(map != MAP_FAILED);
	memcpy(map, "mine!", 5);
	check_content(fd, 0, "lower content\n");
	CHECK(munmap(map, 4096) == 0);
}

/* Appends through two descriptors do not overwrite each other. */
static void append_twice(char **arguments)
{
	int a = check_open(arguments[0], O_WRONLY | O_APPEND, 0);
	int b = check_open(arguments[0], O_WRONLY | O_APPEND, 0);

	CHECK(write(a, "one\n", 4) == 4);
	CHECK(write(b, "two\n", 4) == 4);
	CHECK(write(a, "three\n", 6) == 6);
	CHECK(close(a) == 0 && close(b) == 0);
	check_content(check_open(arguments[0], O_RDONLY, 0), 0, "lower content\none\ntwo\nthree\n");
}

/* A file without a name works on, through whatever the kernel forgets. */
static void use_nameless(int fd)
{
	CHECK(check_stat(fd).st_nlink == 0);
	check_content(fd, 0, "lower content\n");
	drop_caches("3");
	check_content(fd, 0, "lower content\n");
	check_write(fd, 0, "UPPER");
	check_content(fd, 0, "UPPER content\n");
	CHECK(fsync(fd) == 0);
	drop_caches("3");
	check_content(fd, 0, "UPPER content\n");
	CHECK(ftruncate(fd, 100000) == 0);
	check_write(fd, 99990, "at the end");
	CHECK(fchmod(fd, 0640) == 0);
	CHECK(fsync(fd) == 0);
	drop_caches("3");
	check_content(fd, 99990, "at the end");
	CHECK(check_stat(fd).st_size == 100000);
	CHECK((check_stat(fd).st_mode & 07777) == 0640);
	CHECK(check_stat(fd).st_nlink == 0);
}

static void use_unlinked(char **arguments)
{
	int fd = check_open(arguments[0], O_RDWR, 0);

	CHECK(unlink(arguments[0]) == 0);
	CHECK_ERROR(ENOENT, access(arguments[0], F_OK));
	use_nameless(fd);
	CHECK(close(fd) == 0);
}

/* Two descriptors, one opened before the copy-up, of a file whose name comes back as another. */
static void use_unlinked_and_made_again(char **arguments)
{
	int old = check_open(arguments[0], O_RDWR, 0), new;

	CHECK(unlink(arguments[0]) == 0);
	new = check_open(arguments[0], O_RDWR | O_CREAT | O_EXCL, 0644);
	check_write(new, 0, "another file\n");
	CHECK(check_stat(new).st_ino != check_stat(old).st_ino);
	use_nameless(old);
	check_content(new, 0, "another file\n");
	CHECK(check_stat(new).st_nlink == 1);
}

static void use_renamed_over(char **arguments)
{
	int fd = check_open(arguments[1], O_RDWR, 0);

	CHECK(rename(arguments[0], arguments[1]) == 0);
	use_nameless(fd);
}

static void use_unlinked_mapping(char **arguments)
{
	int fd = check_open(arguments[0], O_RDWR, 0);
	char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	CHECK(map != MAP_FAILED);
	CHECK(unlink(arguments[0]) == 0);
	CHECK(close(fd) == 0);
	drop_caches("3");
	CHECK(memcmp(map, "lower content\n", 14) == 0);
	memcpy(map, "UPPER", 5);
	CHECK(msync(map, 4096, MS_SYNC) == 0);
	drop_caches("3");
	CHECK(memcmp(map, "UPPER content\n", 14) == 0);
	CHECK(munmap(map, 4096) == 0);
}

static void use_removed_directory(char **arguments)
{
	int directory = check_open(arguments[0], O_RDONLY | O_DIRECTORY, 0);
	struct dirent *entry;
	DIR *stream;

	CHECK(rmdir(arguments[0]) == 0);
	CHECK(check_stat(directory).st_nlink == 0);
	CHECK_ERROR(ENOENT, openat(directory, "new", O_WRONLY | O_CREAT, 0644));
	CHECK_ERROR(ENOENT, mkdirat(directory, "new", 0755));
	drop_caches("2");
	CHECK(check_stat(directory).st_nlink == 0);
	stream = fdopendir(directory);
	CHECK(stream);
	while ((entry = readdir(stream)) != NULL)
		CHECK(strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
	CHECK(closedir(stream) == 0);
}

/* A renamed file stays the same one for those who have it open, also when its directory moves. */
static void use_renamed(char **arguments)
{
	int fd = check_open(arguments[0], O_RDWR, 0);
	struct stat before = check_stat(fd), after;

	CHECK(rename(arguments[0], arguments[1]) == 0);
	drop_caches("3");
	check_content(fd, 0, "lower content\n");
	check_write(fd, 0, "UPPER");
	CHECK(stat(arguments[1], &after) == 0);
	CHECK(after.st_ino == before.st_ino);
	check_content(check_open(arguments[1], O_RDONLY, 0), 0, "UPPER content\n");
}

static void tmpfile_linked(char **arguments)
{
	char link[64];
	int fd = open(arguments[0], O_TMPFILE | O_RDWR | O_CLOEXEC, 0640);

	if (fd < 0 && errno == EOPNOTSUPP)
		exit(77); /* a FUSE library before 3.17 */
	CHECK(fd >= 0);
	check_write(fd, 0, "unnamed\n");
	CHECK(check_stat(fd).st_nlink == 0);
	drop_caches("3");
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	CHECK(linkat(AT_FDCWD, link, AT_FDCWD, arguments[1], AT_SYMLINK_FOLLOW) == 0);
	CHECK(check_stat(fd).st_nlink == 1);
	check_content(check_open(arguments[1], O_RDONLY, 0), 0, "unnamed\n");
}

/* Written with O_DIRECT, read through the page cache, and the reverse. */
static void direct(char **arguments)
{
	int direct = check_open(arguments[0], O_RDWR | O_DIRECT, 0);
	int buffered = check_open(arguments[0], O_RDWR, 0);
	char *page, text[4096];

	CHECK(posix_memalign((void **)&page, 4096, 4096) == 0);
	CHECK(pread(buffered, text, sizeof(text), 0) > 0);
	memset(page, 'd', 4096);
	CHECK(pwrite(direct, page, 4096, 0) == 4096);
	CHECK(pread(buffered, text, sizeof(text), 0) == 4096);
	CHECK(memcmp(page, text, 4096) == 0);
	memset(text, 'b', sizeof(text));
	CHECK(pwrite(buffered, text, sizeof(text), 0) == 4096);
	CHECK(pread(direct, page, 4096, 0) == 4096);
	CHECK(memcmp(page, text, 4096) == 0);
	free(page);
}

/* mv(1) would unlink one of two names of a file by itself. */
static void rename_only(char **arguments)
{
	CHECK(rename(arguments[0], arguments[1]) == 0);
}

static const struct check_command commands[] = {
	{ "rename_only", 2, rename_only },
	{ "see_writes", 1, see_writes },
	{ "see_writes_after_chmod", 1, see_writes_after_chmod },
	{ "write_mapping", 1, write_mapping },
	{ "private_mapping", 1, private_mapping },
	{ "append_twice", 1, append_twice },
	{ "use_unlinked", 1, use_unlinked },
	{ "use_unlinked_and_made_again", 1, use_unlinked_and_made_again },
	{ "use_renamed_over", 2, use_renamed_over },
	{ "use_unlinked_mapping", 1, use_unlinked_mapping },
	{ "use_removed_directory", 1, use_removed_directory },
	{ "use_renamed", 2, use_renamed },
	{ "tmpfile_linked", 2, tmpfile_linked },
	{ "direct", 1, direct },
	{ NULL, 0, NULL },
};

int main(int argc, char **argv)
{
	return check_run(commands, argc, argv);
}
