/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many processes do the same thing in one place at the same moment. */
#include "check.h"

#include <sys/mman.h>
#include <sys/wait.h>

/* Runs function in so many processes, which start together; their numbers are passed. */
static void together(unsigned count, void (*function)(unsigned number, char **arguments),
		     char **arguments)
{
	int gate[2];
	char byte;

	CHECK(pipe2(gate, O_CLOEXEC) == 0);
	for (unsigned i = 0; i < count; i++) {
		pid_t child = fork();

		CHECK(child >= 0);
		if (child > 0)
			continue;
		(void)close(gate[1]);
		CHECK(read(gate[0], &byte, 1) == 0);
		function(i, arguments);
		_exit(0);
	}
	(void)close(gate[0]);
	(void)close(gate[1]);
	for (unsigned i = 0; i < count; i++) {
		int status;

		CHECK(wait(&status) > 0);
		CHECK(status == 0);
	}
}

#define WRITERS 16

/* Each writes a page of its own: none may be lost. */
static void write_page(unsigned number, char **arguments)
{
	int fd = check_open(arguments[0], O_WRONLY, 0);
	char page[4096];

	memset(page, 'A' + (int)number, sizeof(page));
	CHECK(pwrite(fd, page, sizeof(page), (off_t)(number * sizeof(page))) == sizeof(page));
}

/* FILE is a lower one of at least 16 pages. */
static void copy_up(char **arguments)
{
	int fd = check_open(arguments[0], O_RDONLY, 0);
	char page[4096];

	together(WRITERS, write_page, arguments);
	for (int i = 0; i < WRITERS; i++) {
		CHECK(pread(fd, page, sizeof(page), i * 4096) == sizeof(page));
		for (size_t j = 0; j < sizeof(page); j++)
			CHECK(page[j] == 'A' + i);
	}
}

/* Some write, some change the mode, some link, some read. */
static void do_anything(unsigned number, char **arguments)
{
	char path[4096];
	int fd;

	switch (number % 4) {
	case 0:
		write_page(number, arguments);
		break;
	case 1:
		CHECK(chmod(arguments[0], 0600) == 0);
		break;
	case 2:
		(void)snprintf(path, sizeof(path), "%s.%u", arguments[0], number);
		CHECK(link(arguments[0], path) == 0);
		break;
	default:
		fd = check_open(arguments[0], O_RDONLY, 0);
		CHECK(pread(fd, path, 1, 70000) == 1);
	}
}

static void anything(char **arguments)
{
	struct stat status;

	together(WRITERS, do_anything, arguments);
	CHECK(stat(arguments[0], &status) == 0);
	CHECK(status.st_nlink == 1 + WRITERS / 4);
	CHECK((status.st_mode & 07777) == 0600);
}

/* Exactly one of them makes a name. */
static void create_once(unsigned number, char **arguments)
{
	char path[4096];

	(void)number;
	for (int i = 0; i < 200; i++) {
		(void)snprintf(path, sizeof(path), "%s/%d", arguments[0], i);
		int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);

		if (fd < 0) {
			CHECK(errno == EEXIST);
			continue;
		}
		CHECK(write(fd, "x", 1) == 1);
		(void)close(fd);
	}
}

/* One byte in each file: it was made once. */
static void create(char **arguments)
{
	char path[4096];
	struct stat status;

	together(8, create_once, arguments);
	for (int i = 0; i < 200; i++) {
		(void)snprintf(path, sizeof(path), "%s/%d", arguments[0], i);
		CHECK(stat(path, &status) == 0 && status.st_size == 1);
	}
}

/* Each renames its own file over the same name, and moves directories to and fro. */
static void rename_one(unsigned number, char **arguments)
{
	char from[4096], to[4096];

	for (int i = 0; i < 100; i++) {
		(void)snprintf(from, sizeof(from), "%s/from-%u", arguments[0], number);
		(void)snprintf(to, sizeof(to), "%s/target", arguments[0]);
		(void)close(check_open(from, O_WRONLY | O_CREAT | O_EXCL, 0644));
		CHECK(rename(from, to) == 0);
		(void)snprintf(from, sizeof(from), "%s/%u/d", arguments[0], number % 3);
		(void)snprintf(to, sizeof(to), "%s/%u/d", arguments[0], (number + 1) % 3);
		if (rename(from, to) < 0)
			CHECK(errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST);
	}
}

/* DIRECTORY has the directories 0, 1 and 2, one of them with a directory d that is not empty. */
static void rename_all(char **arguments)
{
	char path[4096];
	unsigned found = 0;

	together(8, rename_one, arguments);
	for (int i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%s/%d/d/file", arguments[0], i);
		found += access(path, F_OK) == 0;
	}
	CHECK(found == 1);
}

/* Making and removing the same name, by all kinds of calls, without a wrong answer. */
static void make_and_remove(unsigned number, char **arguments)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/name", arguments[0]);
	for (unsigned i = 0; i < 200; i++) {
		switch ((number + i) % 6) {
		case 0:
			if (mkdir(path, 0755) < 0)
				CHECK(errno == EEXIST);
			break;
		case 1:
			if (rmdir(path) < 0)
				CHECK(errno == ENOENT || errno == ENOTDIR);
			break;
		case 2:
			if (symlink("x", path) < 0)
				CHECK(errno == EEXIST);
			break;
		case 3:
			if (unlink(path) < 0)
				CHECK(errno == ENOENT || errno == EISDIR);
			break;
		case 4:
			if (mkfifo(path, 0600) < 0)
				CHECK(errno == EEXIST);
			break;
		default:
			if (access(path, F_OK) < 0)
				CHECK(errno == ENOENT);
		}
	}
}

static void churn(char **arguments)
{
	together(8, make_and_remove, arguments);
}

static const struct check_command commands[] = {
	{ "copy_up", 1, copy_up },   { "anything", 1, anything }, { "create", 1, create },
	{ "rename", 1, rename_all }, { "churn", 1, churn },	  { NULL, 0, NULL },
};

int main(int argc, char **argv)
{
	return check_run(commands, argc, argv);
}
