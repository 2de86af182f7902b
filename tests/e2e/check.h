/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the test programs share: every system call is checked, and what is not as expected ends the
 * program with a sentence and status 1.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Fails unless the condition holds; says where and what. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			(void)fprintf(stderr, "%s:%d: not so: %s (errno: %s)\n", __FILE__,         \
				      __LINE__, #condition, strerror(errno));                      \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

/* Fails unless the call fails with this error. */
#define CHECK_ERROR(error, call)                                                                   \
	do {                                                                                       \
		long result_ = (long)(call);                                                       \
		if (result_ >= 0 || errno != (error)) {                                            \
			(void)fprintf(stderr, "%s:%d: %s: %ld %s, not %s\n", __FILE__, __LINE__,   \
				      #call, result_, result_ < 0 ? strerror(errno) : "",          \
				      strerror(error));                                            \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static inline int check_open(const char *path, int flags, mode_t mode)
{
	int fd = open(path, flags | O_CLOEXEC, mode);

	if (fd < 0) {
		(void)fprintf(stderr, "open %s: %s\n", path, strerror(errno));
		exit(1);
	}
	return fd;
}

/* That the file holds this text from offset on. */
static inline void check_content(int fd, off_t offset, const char *text)
{
	size_t length = strlen(text);
	char *data = calloc(1, length + 1);

	CHECK(data);
	CHECK(pread(fd, data, length, offset) == (ssize_t)length);
	if (memcmp(data, text, length) != 0) {
		(void)fprintf(stderr, "content should be <%s>, is <%s>\n", text, data);
		exit(1);
	}
	free(data);
}

static inline void check_write(int fd, off_t offset, const char *text)
{
	CHECK(pwrite(fd, text, strlen(text), offset) == (ssize_t)strlen(text));
}

static inline struct stat check_stat(int fd)
{
	struct stat status;

	CHECK(fstat(fd, &status) == 0);
	return status;
}

/* Makes the kernel forget whatever it can: pages (1), dentries and inodes (2). */
static inline void drop_caches(const char *what)
{
	int fd;

	sync();
	fd = check_open("/proc/sys/vm/drop_caches", O_WRONLY, 0);
	CHECK(write(fd, what, strlen(what)) == (ssize_t)strlen(what));
	(void)close(fd);
}

/* Runs the function of a table whose name is the first argument, with the arguments after it. */
struct check_command {
	const char *name;
	int arguments;
	void (*run)(char **arguments);
};

static inline int check_run(const struct check_command *commands, int argc, char **argv)
{
	for (const struct check_command *command = commands; argc > 1 && command->name; command++) {
		if (strcmp(command->name, argv[1]) != 0 || argc - 2 != command->arguments)
			continue;
		command->run(argv + 2);
		return 0;
	}
	(void)fprintf(stderr, "%s: no such command, or another number of arguments\n", argv[0]);
	return 2;
}
