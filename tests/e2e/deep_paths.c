/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths far longer than PATH_MAX, by relative steps: deep_paths make|walk|remove DIRECTORY DEPTH */
#include "check.h"

/* Twenty bytes a step. */
#define STEP "a-step-of-20-bytes--"

static int enter(int parent, bool make)
{
	int child;

	if (make)
		CHECK(mkdirat(parent, STEP, 0755) == 0);
	child = openat(parent, STEP, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(child >= 0);
	(void)close(parent);
	return child;
}

static int descend(char **arguments, bool make)
{
	int at = check_open(arguments[0], O_RDONLY | O_DIRECTORY, 0);

	for (int depth = atoi(arguments[1]); depth > 0; depth--)
		at = enter(at, make);
	return at;
}

static void make(char **arguments)
{
	int at = descend(arguments, true);
	int fd = openat(at, "bottom", O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	CHECK(fd >= 0);
	check_write(fd, 0, "at the bottom\n");
	(void)close(fd);
}

/* Reads and changes what is at the bottom. */
static void walk(char **arguments)
{
	int at = descend(arguments, false);
	int fd = openat(at, "bottom", O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0);
	check_content(fd, 0, "at the bottom\n");
	check_write(fd, 0, "AT");
	check_content(fd, 0, "AT the bottom\n");
	CHECK(renameat(at, "bottom", at, "renamed") == 0);
	CHECK(renameat(at, "renamed", at, "bottom") == 0);
	check_write(fd, 0, "at");
	CHECK(fchmodat(at, "bottom", 0600, 0) == 0);
}

static void remove_all(char **arguments)
{
	int depth = atoi(arguments[1]), at = descend(arguments, false);

	CHECK(unlinkat(at, "bottom", 0) == 0);
	while (depth-- > 0) {
		int above = openat(at, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		CHECK(above >= 0);
		CHECK(unlinkat(above, STEP, AT_REMOVEDIR) == 0);
		(void)close(at);
		at = above;
	}
}

/* One relative path of 4095 bytes, which is as long as a path may be. */
static void longest_path(char **arguments)
{
	char path[4096];
	size_t length = 0;
	struct stat status;

	CHECK(chdir(arguments[0]) == 0);
	while (length + 256 < sizeof(path)) {
		memset(path + length, 'n', 255);
		path[length + 255] = '\0';
		CHECK(mkdir(path, 0755) == 0);
		path[length + 255] = '/';
		length += 256;
	}
	memset(path + length, 'f', 4095 - length);
	path[4095] = '\0';
	(void)close(check_open(path, O_WRONLY | O_CREAT | O_EXCL, 0644));
	CHECK(chmod(path, 0600) == 0);
	drop_caches("2");
	CHECK(stat(path, &status) == 0 && (status.st_mode & 07777) == 0600);
}

static const struct check_command commands[] = {
	{ "make", 2, make },	     { "walk", 2, walk },
	{ "remove", 2, remove_all }, { "longest_path", 1, longest_path },
	{ NULL, 0, NULL },
};

int main(int argc, char **argv)
{
	return check_run(commands, argc, argv);
}
