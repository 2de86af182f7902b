/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many files with names file-0000001 and so on: create|stat|open|remove DIRECTORY COUNT, count DIRECTORY. */
#include "check.h"

#include <dirent.h>
#include <time.h>

static void name_of(long number, char name[32])
{
	(void)snprintf(name, 32, "file-%07ld", number);
}

static void enter(const char *directory)
{
	CHECK(chdir(directory) == 0);
}

static void create(char **arguments)
{
	char name[32];

	enter(arguments[0]);
	for (long i = 1; i <= atol(arguments[1]); i++) {
		int fd;

		name_of(i, name);
		fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		CHECK(fd >= 0);
		(void)close(fd);
	}
}

static void stat_each(char **arguments)
{
	struct stat status;
	char name[32];

	enter(arguments[0]);
	for (long i = 1; i <= atol(arguments[1]); i++) {
		name_of(i, name);
		CHECK(stat(name, &status) == 0);
	}
}

static void remove_each(char **arguments)
{
	char name[32];

	enter(arguments[0]);
	for (long i = 1; i <= atol(arguments[1]); i++) {
		name_of(i, name);
		CHECK(unlink(name) == 0);
	}
}

/* All of them open at once, as far as our own limit goes. */
static void open_all(char **arguments)
{
	char name[32], text[8];

	enter(arguments[0]);
	for (long i = 1; i <= atol(arguments[1]); i++) {
		int fd;

		name_of(i, name);
		fd = open(name, O_RDWR | O_CLOEXEC);
		CHECK(fd >= 0);
		CHECK(read(fd, text, sizeof(text)) >= 0);
	}
}

static void count(char **arguments)
{
	DIR *stream = opendir(arguments[0]);
	struct dirent *entry;
	long found = 0;

	CHECK(stream);
	while ((errno = 0, entry = readdir(stream)) != NULL)
		found += entry->d_name[0] != '.';
	CHECK(errno == 0);
	CHECK(closedir(stream) == 0);
	printf("%ld\n", found);
}

static const struct check_command commands[] = {
	{ "create", 2, create },      { "stat", 2, stat_each }, { "open", 2, open_all },
	{ "remove", 2, remove_each }, { "count", 1, count },	{ NULL, 0, NULL },
};

int main(int argc, char **argv)
{
	return check_run(commands, argc, argv);
}
