/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/tree_size.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/confined.h"
#include "base/number_set.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

/* A directory on the way to where the walk is. */
struct step {
	dev_t device;
	ino_t inode;
	struct buffer names; /* of the directories in it, each with its zero byte */
	size_t at;	     /* the next of them */
};

struct walk {
	int fd; /* the last step's directory; those above are found again by "..", so that depth costs no descriptors */
	struct step *steps;
	size_t count, room;
	struct number_set linked; /* files with several names */
	uint64_t bytes;
};

static void walk_free(struct walk *walk)
{
	for (size_t i = 0; i < walk->count; i++)
		buffer_free(&walk->steps[i].names);
	free(walk->steps);
	number_set_free(&walk->linked);
	if (walk->fd >= 0)
		(void)close(walk->fd);
}

static int count_file(struct walk *walk, const struct stat *status)
{
	int is_new = 1;

	if (!S_ISREG(status->st_mode))
		return 0;
	if (status->st_nlink > 1)
		is_new = number_set_add(&walk->linked, status->st_ino);
	if (is_new > 0)
		walk->bytes += (uint64_t)status->st_size;
	return is_new < 0 ? is_new : 0;
}

/* Counts the files of a directory, and notes the names of those in it. */
static int read_directory(struct walk *walk, int fd, struct buffer *names)
{
	CLEANUP(closedir) DIR *stream = NULL;
	const struct dirent *entry;
	int error = 0;

	if (confined_open_stream(fd, NULL, &stream) < 0)
		return 0;
	while (!error && (entry = readdir(stream))) {
		struct stat status;

		if (!confined_name_is_valid(entry->d_name) ||
		    fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		error = S_ISDIR(status.st_mode)
				? buffer_append(names, entry->d_name, strlen(entry->d_name) + 1)
				: count_file(walk, &status);
	}
	return error;
}

/* Goes into a directory; fd is the walk's from now on, also on failure. */
static int enter(struct walk *walk, int fd)
{
	struct step step = { 0 };
	struct stat status;
	int error;

	if (walk->fd >= 0)
		(void)close(walk->fd);
	walk->fd = fd;
	if (walk->count == walk->room) {
		size_t room = walk->room ? 2 * walk->room : 16;
		struct step *steps = reallocarray(walk->steps, room, sizeof(*steps));

		if (!steps)
			return -ENOMEM;
		walk->steps = steps;
		walk->room = room;
	}
	if (fstat(fd, &status) < 0)
		return -errno;
	step.device = status.st_dev;
	step.inode = status.st_ino;
	error = read_directory(walk, fd, &step.names);
	walk->steps[walk->count++] = step;
	return error;
}

/* Goes back to the directory above; false when the one below was moved away from it. */
static bool leave(struct walk *walk)
{
	const struct step *above = &walk->steps[walk->count - 2];
	int fd = openat(walk->fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct stat status;

	if (fd < 0)
		return false;
	if (fstat(fd, &status) < 0 || status.st_dev != above->device ||
	    status.st_ino != above->inode) {
		(void)close(fd);
		return false;
	}
	(void)close(walk->fd);
	walk->fd = fd;
	buffer_free(&walk->steps[--walk->count].names);
	return true;
}

static int walk_all(struct walk *walk)
{
	int error = 0;

	while (!error && walk->count > 0) {
		struct step *step = &walk->steps[walk->count - 1];
		const char *name = step->names.data + step->at;
		int fd;

		if (step->at == step->names.length) {
			if (walk->count == 1 || !leave(walk))
				break;
			continue;
		}
		step->at += strlen(name) + 1;
		fd = confined_open(walk->fd, name, O_PATH | O_DIRECTORY, 0);
		if (fd >= 0)
			error = enter(walk, fd);
	}
	return error;
}

int tree_size(int directory, const char *name, uint64_t *ret_bytes)
{
	__attribute__((cleanup(walk_free))) struct walk walk = { .fd = -1 };
	struct stat status;
	int fd, error = 0;

	if (!confined_name_is_valid(name))
		return -EINVAL;
	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISDIR(status.st_mode)) {
		fd = confined_open(directory, name, O_PATH | O_DIRECTORY, 0);
		error = fd < 0 ? 0 : enter(&walk, fd);
		if (!error)
			error = walk_all(&walk);
	} else {
		error = count_file(&walk, &status);
	}
	if (!error)
		*ret_bytes = walk.bytes;
	return error;
}
