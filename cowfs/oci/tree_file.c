/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/tree_file.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "base/file_data.h"
#include "base/string_list.h"
#include "oci/json_get.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#define LINKS_MAX 8
#define DEPTH_MAX 64

static void drop_last(struct string_list *names)
{
	names->count--;
	free(names->strings[names->count]);
	names->strings[names->count] = NULL;
}

/* Walks a path in the text: names becomes where it leads. */
static int follow(struct string_list *names, const char *path)
{
	cleanup_free char *copy = strdup(path);
	char *rest = copy, *name;
	int error = 0;

	if (!copy)
		return -ENOMEM;
	if (path[0] == '/')
		return -EINVAL;
	while (!error && (name = strsep(&rest, "/"))) {
		if (strcmp(name, "") == 0 || strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") != 0)
			error = names->count < DEPTH_MAX ? string_list_add(names, name)
							 : -ENAMETOOLONG;
		else if (names->count > 0)
			drop_last(names);
		else
			error = -EINVAL;
	}
	return error;
}

/* The directory that holds the last name. A descriptor, or -errno. */
static int open_parent(int top, const struct string_list *names)
{
	int directory = confined_reopen(top, O_RDONLY | O_DIRECTORY);

	for (size_t i = 0; directory >= 0 && i + 1 < names->count; i++) {
		int next = confined_open(directory, names->strings[i], O_RDONLY | O_DIRECTORY, 0);

		(void)close(directory);
		directory = next;
	}
	return directory;
}

/* The file, or -EAGAIN when it is a link and names now says where to. */
static int open_or_follow(int top, struct string_list *names)
{
	cleanup_fd int parent = open_parent(top, names);
	const char *name;
	char target[PATH_MAX];
	ssize_t length;
	int fd, error;

	if (parent < 0)
		return parent;
	name = names->strings[names->count - 1];
	fd = confined_open_regular(parent, name, O_RDONLY);
	if (fd != -ESTALE)
		return fd;
	length = readlinkat(parent, name, target, sizeof(target) - 1);
	if (length < 0)
		return errno == EINVAL ? -ESTALE : -errno;
	target[length] = '\0';
	drop_last(names);
	error = follow(names, target);
	return error ? error : -EAGAIN;
}

int tree_file_open(int top, const char *path)
{
	struct string_list names = STRING_LIST_INIT;
	int fd = follow(&names, path);

	if (fd == 0)
		fd = -EAGAIN;
	for (int links = 0; fd == -EAGAIN && links <= LINKS_MAX; links++)
		fd = names.count > 0 ? open_or_follow(top, &names) : -EINVAL;
	string_list_free(&names);
	return fd == -EAGAIN ? -ELOOP : fd;
}

int tree_file_read(int top, const char *path, struct buffer *content)
{
	cleanup_fd int fd = tree_file_open(top, path);

	return fd < 0 ? fd : file_read_all(fd, JSON_DOCUMENT_MAX, content);
}
