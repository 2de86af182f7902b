/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The workloads of the benchmark that are too short to be left to programs of their own, whose
 * start would take longer than the work. One run does one of them, once, and prints the seconds it
 * took and what it met on the way; sides that did the same work print the same.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)
#define RANDOM_BLOCK ((size_t)4096)
#define WRITES_PER_FSYNC 16

/* dpkg syncs and renames a package at a time; this many files stand for one. */
#define FILES_PER_PACKAGE 50

static char block[MIB];

static __attribute__((noreturn, format(printf, 1, 2))) void fail(const char *format, ...)
{
	va_list arguments;
	int error = errno;

	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fprintf(stderr, ": %s\n", strerror(error));
	exit(1);
}

static double now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void print_result(double start, uint64_t met)
{
	(void)printf("%.6f %ju\n", now() - start, (uintmax_t)met);
}

static unsigned long number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (end == text || *end != '\0' || value == 0) {
		errno = EINVAL;
		fail("'%s' is not a number above 0", text);
	}
	return value;
}

/* The lines of a text file, read whole before the clock starts. */
struct lines {
	char **line;
	size_t count;
};

static struct lines read_lines(const char *path)
{
	struct lines lines = { NULL, 0 };
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;
	ssize_t length;

	if (!file)
		fail("%s", path);
	while ((length = getline(&text, &size, file)) > 0) {
		if (text[length - 1] == '\n')
			text[length - 1] = '\0';
		lines.line = reallocarray(lines.line, lines.count + 1, sizeof(*lines.line));
		if (!lines.line)
			fail("%s", path);
		lines.line[lines.count] = strdup(text);
		if (!lines.line[lines.count++])
			fail("%s", path);
	}
	free(text);
	(void)fclose(file);
	if (lines.count == 0) {
		errno = ENODATA;
		fail("%s", path);
	}
	return lines;
}

static void enter(const char *directory)
{
	if (chdir(directory) < 0)
		fail("%s", directory);
}

/* --- Several processes ------------------------------------------------------------------------ */

static pid_t fork_worker(void)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	return pid;
}

static void wait_for_workers(void)
{
	bool good = true;
	int status;

	while (wait(&status) > 0)
		good = good && status == 0;
	if (!good)
		exit(1);
}

/* --- Reading ---------------------------------------------------------------------------------- */

static uint64_t read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat attributes;
	uint64_t bytes = 0;
	ssize_t got;

	if (fd < 0 || fstat(fd, &attributes) < 0)
		fail("open %s", path);
	while ((got = read(fd, block, sizeof(block))) > 0)
		bytes += (uint64_t)got;
	if (got < 0)
		fail("read %s", path);
	(void)close(fd);
	return bytes;
}

/* read DIRECTORY LIST ROUNDS: opens, stats, reads and closes each listed file, ROUNDS times. */
static void run_read(char **operand)
{
	struct lines files = read_lines(operand[1]);
	unsigned long rounds = number(operand[2]);
	uint64_t bytes = 0;
	double start;

	enter(operand[0]);
	start = now();
	for (unsigned long round = 0; round < rounds; round++)
		for (size_t i = 0; i < files.count; i++)
			bytes += read_file(files.line[i]);
	print_result(start, bytes);
}

/* absent DIRECTORY LIST COUNT: stats COUNT names that nothing has, spread over listed directories. */
static void run_absent(char **operand)
{
	struct lines directories = read_lines(operand[1]);
	unsigned long count = number(operand[2]);
	struct stat attributes;
	char path[4096];
	double start;

	enter(operand[0]);
	start = now();
	for (unsigned long i = 0; i < count; i++) {
		(void)snprintf(path, sizeof(path), "%s/absent-%lu",
			       directories.line[i % directories.count], i);
		if (lstat(path, &attributes) == 0 || errno != ENOENT)
			fail("lstat %s was to find nothing", path);
	}
	print_result(start, count);
}

/* The entries of a directory, each looked at. */
static uint64_t walk_directory(const char *path)
{
	DIR *directory = opendir(path);
	uint64_t entries = 0;
	struct dirent *entry;
	struct stat attributes;

	if (!directory)
		fail("opendir %s", path);
	while ((entry = readdir(directory))) {
		if (fstatat(dirfd(directory), entry->d_name, &attributes, AT_SYMLINK_NOFOLLOW) < 0)
			fail("%s in %s", entry->d_name, path);
		entries++;
	}
	(void)closedir(directory);
	return entries;
}

/* walk DIRECTORY LIST PROCESSES: the processes share the listed directories and look at all that is in each. */
static void run_walk(char **operand)
{
	struct lines directories = read_lines(operand[1]);
	unsigned long processes = number(operand[2]);
	double start;

	enter(operand[0]);
	start = now();
	for (unsigned long process = 0; process < processes; process++) {
		if (fork_worker() > 0)
			continue;
		for (size_t i = process; i < directories.count; i += processes)
			(void)walk_directory(directories.line[i]);
		_exit(0);
	}
	wait_for_workers();
	print_result(start, directories.count);
}

static uint64_t names_met;

static int look(const char *path, const struct stat *attributes, int type, struct FTW *where)
{
	char value[64], list[1024];
	ssize_t length = lgetxattr(path, "security.capability", value, sizeof(value));

	(void)attributes;
	(void)where;
	if (type == FTW_NS || type == FTW_DNR)
		fail("%s", path);
	if (length < 0 && errno != ENODATA && errno != ENOTSUP)
		fail("getxattr %s", path);
	if (llistxattr(path, list, sizeof(list)) < 0 && errno != ENOTSUP)
		fail("listxattr %s", path);
	names_met++;
	return 0;
}

/* commit DIRECTORY: looks at each name as an engine does that looks for what a container has changed. */
static void run_commit(char **operand)
{
	double start = now();

	if (nftw(operand[0], look, 64, FTW_PHYS) < 0)
		fail("%s", operand[0]);
	print_result(start, names_met);
}

/* seqread FILE */
static void run_seqread(char **operand)
{
	double start = now();
	uint64_t bytes = read_file(operand[0]);

	print_result(start, bytes);
}

/* --- Writing ---------------------------------------------------------------------------------- */

static void write_all(int fd, size_t size, const char *path)
{
	if (write(fd, block, size) != (ssize_t)size)
		fail("write %s", path);
}

static int create_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		fail("create %s", path);
	return fd;
}

static void close_file(int fd, const char *path)
{
	if (close(fd) < 0)
		fail("close %s", path);
}

/* seqwrite FILE MIB: the file is not there before, and on disk afterwards. */
static void run_seqwrite(char **operand)
{
	unsigned long blocks = number(operand[1]);
	double start = now();
	int fd = create_file(operand[0]);

	for (unsigned long i = 0; i < blocks; i++)
		write_all(fd, MIB, operand[0]);
	if (fsync(fd) < 0)
		fail("fsync %s", operand[0]);
	close_file(fd, operand[0]);
	print_result(start, blocks);
}

/* append DIRECTORY LIST: a line at the end of each listed file. */
static void run_append(char **operand)
{
	static const char line[] = "one line more\n";
	struct lines files = read_lines(operand[1]);
	double start;

	enter(operand[0]);
	start = now();
	for (size_t i = 0; i < files.count; i++) {
		int fd = open(files.line[i], O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0 || write(fd, line, sizeof(line) - 1) != (ssize_t)sizeof(line) - 1)
			fail("append to %s", files.line[i]);
		close_file(fd, files.line[i]);
	}
	print_result(start, files.count);
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* random FILE COUNT: reads and writes blocks by turns, an fsync after every few writes. */
static void run_random(char **operand)
{
	unsigned long count = number(operand[1]);
	int fd = open(operand[0], O_RDWR | O_CLOEXEC);
	uint64_t random = 0x9e3779b97f4a7c15U;
	struct stat attributes;
	uint64_t blocks;
	double start;

	if (fd < 0 || fstat(fd, &attributes) < 0)
		fail("open %s", operand[0]);
	blocks = (uint64_t)attributes.st_size / RANDOM_BLOCK;
	start = now();
	for (unsigned long i = 1; i <= count; i++) {
		off_t offset = (off_t)(next_random(&random) % blocks * RANDOM_BLOCK);

		if (pread(fd, block, RANDOM_BLOCK, offset) != (ssize_t)RANDOM_BLOCK)
			fail("read %s", operand[0]);
		offset = (off_t)(next_random(&random) % blocks * RANDOM_BLOCK);
		if (pwrite(fd, block, RANDOM_BLOCK, offset) != (ssize_t)RANDOM_BLOCK)
			fail("write %s", operand[0]);
		if (i % WRITES_PER_FSYNC == 0 && fsync(fd) < 0)
			fail("fsync %s", operand[0]);
	}
	print_result(start, count);
}

static void create_files(unsigned long process, unsigned long count, size_t size)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%lu", process);
	if (mkdir(path, 0755) < 0)
		fail("mkdir %s", path);
	for (unsigned long i = 0; i < count; i++) {
		int fd;

		(void)snprintf(path, sizeof(path), "%lu/file-%lu", process, i);
		fd = create_file(path);
		write_all(fd, size, path);
		close_file(fd, path);
	}
}

/* create DIRECTORY COUNT PROCESSES SIZE: each process makes COUNT files in a directory of its own. */
static void run_create(char **operand)
{
	unsigned long count = number(operand[1]);
	unsigned long processes = number(operand[2]);
	size_t size = number(operand[3]);
	double start;

	if (size > sizeof(block)) {
		errno = EFBIG;
		fail("%zu bytes", size);
	}
	enter(operand[0]);
	start = now();
	for (unsigned long process = 0; process < processes; process++) {
		if (fork_worker() > 0)
			continue;
		create_files(process, count, size);
		_exit(0);
	}
	wait_for_workers();
	print_result(start, count * processes);
}

/* --- What dpkg does to a file ----------------------------------------------------------------- */

struct path {
	char name[4096];
};

static struct path beside(const char *name, const char *suffix)
{
	struct path path;

	(void)snprintf(path.name, sizeof(path.name), "%s%s", name, suffix);
	return path;
}

static void unpack(const char *path)
{
	struct path fresh = beside(path, ".dpkg-new");
	struct timespec times[2] = { { 1700000000, 0 }, { 1700000000, 0 } };
	struct stat attributes;
	int fd;

	if (lstat(path, &attributes) < 0 || (size_t)attributes.st_size > sizeof(block))
		fail("%s", path);
	fd = create_file(fresh.name);
	write_all(fd, (size_t)attributes.st_size, fresh.name);
	if (fchown(fd, attributes.st_uid, attributes.st_gid) < 0 ||
	    fchmod(fd, attributes.st_mode & 07777) < 0)
		fail("%s", fresh.name);
	close_file(fd, fresh.name);
	if (utimensat(AT_FDCWD, fresh.name, times, AT_SYMLINK_NOFOLLOW) < 0)
		fail("%s", fresh.name);
}

static void sync_unpacked(const char *path)
{
	struct path fresh = beside(path, ".dpkg-new");
	int fd = open(fresh.name, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		fail("fsync %s", fresh.name);
	close_file(fd, fresh.name);
}

static void replace(const char *path)
{
	struct path fresh = beside(path, ".dpkg-new");
	struct path backup = beside(path, ".dpkg-tmp");

	if (link(path, backup.name) < 0 || rename(fresh.name, path) < 0 || unlink(backup.name) < 0)
		fail("replace %s", path);
}

/* churn DIRECTORY LIST: replaces each listed file as dpkg does. */
static void run_churn(char **operand)
{
	struct lines files = read_lines(operand[1]);
	double start;

	enter(operand[0]);
	start = now();
	for (size_t first = 0; first < files.count; first += FILES_PER_PACKAGE) {
		size_t rest = files.count - first;
		size_t count = rest < FILES_PER_PACKAGE ? rest : FILES_PER_PACKAGE;
		char **package = files.line + first;

		for (size_t i = 0; i < count; i++)
			unpack(package[i]);
		for (size_t i = 0; i < count; i++)
			sync_unpacked(package[i]);
		for (size_t i = 0; i < count; i++)
			replace(package[i]);
	}
	print_result(start, files.count);
}

static const struct workload {
	const char *name;
	int operands;
	void (*run)(char **operand);
} workloads[] = {
	{ "absent", 3, run_absent }, { "append", 2, run_append },   { "churn", 2, run_churn },
	{ "commit", 1, run_commit }, { "create", 4, run_create },   { "random", 2, run_random },
	{ "read", 3, run_read },     { "seqread", 1, run_seqread }, { "seqwrite", 2, run_seqwrite },
	{ "walk", 3, run_walk },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(workloads) / sizeof(workloads[0]); i++) {
		if (strcmp(argv[1], workloads[i].name) == 0 && argc - 2 == workloads[i].operands) {
			memset(block, 'c', sizeof(block));
			workloads[i].run(argv + 2);
			return 0;
		}
	}
	(void)fprintf(stderr, "usage: workload NAME OPERAND...; see the comments in workload.c\n");
	return 2;
}
