/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/remove_tree.h"

#include "base/cleanup.h"
#include "base/confined.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* One deletion: directories that are not empty come up into `top`, so that nothing nests deeper. */
struct removal {
	int top;
	unsigned next_name;
	bool moved; /* something came up during this sweep */
	int error;  /* the first one of this sweep */
};

static void note_error(struct removal *removal, int error)
{
	if (error < 0 && removal->error == 0)
		removal->error = error;
}

static bool is_self_or_parent(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* 0, -ENOTEMPTY when it is a directory with something in it, or why not. */
static int unlink_any(int directory, const char *name)
{
	if (unlinkat(directory, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	if (unlinkat(directory, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return errno == EEXIST ? -ENOTEMPTY : -errno;
}

/* Moves a directory that is not empty up, under a name that nobody has. */
static int move_up(struct removal *removal, int directory, const char *name)
{
	char above[32];

	/* Its owner may have taken the permission to rename it away from himself. */
	(void)confined_chmod(directory, name, 0700);
	do {
		(void)snprintf(above, sizeof(above), ".removed-%x", removal->next_name++);
		if (renameat2(directory, name, removal->top, above, RENAME_NOREPLACE) == 0) {
			removal->moved = true;
			return 0;
		}
	} while (errno == EEXIST);
	return -errno;
}

static void empty_directory(struct removal *removal, const char *name)
{
	CLEANUP(closedir) DIR *stream = NULL;
	const struct dirent *entry;
	int error;

	(void)confined_chmod(removal->top, name, 0700);
	error = confined_open_stream(removal->top, name, &stream);
	if (error) {
		note_error(removal, error);
		return;
	}
	while ((entry = readdir(stream))) {
		if (is_self_or_parent(entry->d_name))
			continue;
		error = unlink_any(dirfd(stream), entry->d_name);
		if (error == -ENOTEMPTY)
			error = move_up(removal, dirfd(stream), entry->d_name);
		note_error(removal, error);
	}
}

/* Deletes what the top holds; directories that come up from below are left for the next sweep. */
static void sweep(struct removal *removal)
{
	CLEANUP(closedir) DIR *stream = NULL;
	const struct dirent *entry;
	int error = confined_open_stream(removal->top, NULL, &stream);

	removal->moved = false;
	removal->error = 0;
	note_error(removal, error);
	while (!error && (entry = readdir(stream))) {
		if (is_self_or_parent(entry->d_name))
			continue;
		if (unlink_any(removal->top, entry->d_name) != -ENOTEMPTY)
			continue;
		empty_directory(removal, entry->d_name);
		note_error(removal, unlink_any(removal->top, entry->d_name));
	}
}

int remove_tree(int directory, const char *name)
{
	cleanup_fd int top = -1;
	struct removal removal = { .moved = true };
	int error = confined_name_is_valid(name) ? unlink_any(directory, name) : -EINVAL;

	if (error != -ENOTEMPTY)
		return error;
	(void)confined_chmod(directory, name, 0700);
	top = confined_open(directory, name, O_RDONLY | O_DIRECTORY, 0);
	if (top < 0)
		return top;
	removal.top = top;
	while (removal.moved)
		sweep(&removal);
	error = unlink_any(directory, name);
	return error == -ENOTEMPTY && removal.error ? removal.error : error;
}
