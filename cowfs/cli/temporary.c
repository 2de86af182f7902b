/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/temporary.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "base/hash.h"
#include "base/remove_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "cowfs-"
#define DIGITS 16
/* Nobody is so quick so often. */
#define TRIES 100

/* -- those that were left -- */

static bool is_name_of_ours(const char *name)
{
	const char *digits = name + strlen(PREFIX);

	return strncmp(name, PREFIX, strlen(PREFIX)) == 0 && strlen(digits) == DIGITS &&
	       strspn(digits, "0123456789abcdef") == DIGITS;
}

/* Whether the name is still that of the directory. */
static bool is_there(int parent, const char *name, int fd)
{
	struct stat ours, named;

	return fstat(fd, &ours) == 0 && fstatat(parent, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

/* What others may write to, or is another's, was not made here. */
static bool is_own(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && status.st_uid == geteuid() &&
	       (status.st_mode & 07777) == 0700;
}

static void delete_if_left(int parent, const char *name)
{
	cleanup_fd int fd = confined_open(parent, name, O_RDONLY | O_DIRECTORY, 0);

	if (fd >= 0 && is_own(fd) && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
	    is_there(parent, name, fd))
		(void)remove_tree(parent, name);
}

static void delete_left(int parent)
{
	CLEANUP(closedir) DIR *stream = NULL;
	const struct dirent *entry;

	if (confined_open_stream(parent, NULL, &stream) < 0)
		return;
	while ((entry = readdir(stream)))
		if (is_name_of_ours(entry->d_name))
			delete_if_left(parent, entry->d_name);
}

/* -- a new one -- */

/* 0; -EAGAIN when somebody took it for one that was left, before it was locked; or another -errno. */
static int make_locked(struct temporary *temporary)
{
	char name[sizeof(temporary->name)];
	cleanup_fd int fd = -1;

	(void)snprintf(name, sizeof(name), PREFIX "%016" PRIx64, hash_random_seed());
	if (mkdirat(temporary->parent, name, 0700) < 0)
		return -errno;
	fd = confined_open(temporary->parent, name, O_RDONLY | O_DIRECTORY, 0);
	if (fd == -ENOENT)
		return -EAGAIN;
	memcpy(temporary->name, name, sizeof(name));
	if (fd < 0)
		return fd;
	/* Where there are no locks, nobody else can take one either. */
	(void)flock(fd, LOCK_EX);
	if (!is_there(temporary->parent, name, fd)) {
		temporary->name[0] = '\0';
		return -EAGAIN;
	}
	temporary->fd = steal_fd(&fd);
	return 0;
}

static int make(struct temporary *temporary, const char *where)
{
	int error = -EAGAIN;

	temporary->parent = confined_open_root(where);
	if (temporary->parent < 0)
		return temporary->parent;
	delete_left(temporary->parent);
	for (int tries = 0; error == -EAGAIN && tries < TRIES; tries++)
		error = make_locked(temporary);
	if (!error)
		error = buffer_append_format(&temporary->path, "%s/%s", where, temporary->name);
	return error;
}

int temporary_begin(struct temporary *temporary, struct problem *problem)
{
	const char *chosen = getenv("TMPDIR");
	const char *where = chosen && *chosen ? chosen : "/var/tmp";
	int error = make(temporary, where);

	if (!error)
		return 0;
	temporary_end(temporary);
	return problem_set(problem, error,
			   "a temporary directory cannot be made in %s: %s; TMPDIR chooses another",
			   where, strerror(-error));
}

int temporary_make_directory(const struct temporary *temporary, const char *name, char **ret_path,
			     struct problem *problem)
{
	char *path;

	if (asprintf(&path, "%s/%s", buffer_string(&temporary->path), name) < 0)
		return problem_set(problem, -ENOMEM, "out of memory");
	if (mkdirat(temporary->fd, name, 0755) < 0) {
		int error = problem_set(problem, -errno, "%s: %s", path, strerror(errno));

		free(path);
		return error;
	}
	*ret_path = path;
	return 0;
}

void temporary_end(struct temporary *temporary)
{
	if (temporary->parent >= 0) {
		if (temporary->name[0])
			(void)remove_tree(temporary->parent, temporary->name);
		(void)close(temporary->parent);
	}
	if (temporary->fd >= 0)
		(void)close(temporary->fd);
	buffer_free(&temporary->path);
	*temporary = TEMPORARY_INIT;
}
