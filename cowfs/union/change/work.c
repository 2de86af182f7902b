/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/change/work.h"

#include "base/cleanup.h"
#include "base/confined.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#define WORK_DIRECTORY "work"
#define INDEX_DIRECTORY "index"

/*
 * An earlier daemon ends a moment after its umount returned: wait for it this long, and longer if it
 * says that it is ending and only waits for the disk.
 */
#define LOCK_TRIES 100
#define LOCK_PAUSE_NS (50 * 1000 * 1000L)

void work_init(struct work *work)
{
	*work = (struct work){ .state_fd = -1, .upper_lock_fd = -1, .fd = -1, .index_fd = -1 };
}

/* Whether whoever holds the lock is about to give it back; see work_announce_end(). */
static bool is_ending(int fd)
{
	return flock(fd, LOCK_SH | LOCK_NB) == 0;
}

/*
 * A locked descriptor of a directory, or -EBUSY and kin after so many tries. Where locks do not work there is none to
 * take.
 */
static int lock_directory(int directory, int tries)
{
	cleanup_fd int fd = confined_reopen(directory, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return fd;
	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
		if (errno != EWOULDBLOCK)
			break;
		if (i >= tries && !is_ending(fd))
			return -EBUSY;
		(void)nanosleep(&(struct timespec){ .tv_nsec = LOCK_PAUSE_NS }, NULL);
	}
	return steal_fd(&fd);
}

void work_announce_end(struct work *work)
{
	if (work->state_fd >= 0)
		(void)flock(work->state_fd, LOCK_SH);
	if (work->upper_lock_fd >= 0)
		(void)flock(work->upper_lock_fd, LOCK_SH);
}

static int make_directory(int parent, const char *name)
{
	if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	return confined_open(parent, name, O_PATH | O_DIRECTORY, 0);
}

/* -- deleting trees: iterative, for a hostile layer's may be deep -- */

/* Moves it into work/ under a name that nothing left over from an earlier mount has. */
static bool move_up(struct work *work, int directory, const char *name)
{
	char above[WORK_NAME_MAX];
	int result;

	do {
		work_new_name(work, above);
		result = renameat2(directory, name, work->fd, above, RENAME_NOREPLACE);
		if (result < 0 && (errno == EINVAL || errno == ENOSYS))
			result = renameat(directory, name, work->fd, above);
	} while (result < 0 && (errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR));
	return result == 0;
}

/*
 * Deletes what the directory called name in parent holds. Sub-directories that are not empty are
 * moved up into parent under new names, so that nothing ever nests deeper: *moved counts them.
 */
static int empty_directory(struct work *work, const char *name, unsigned *moved)
{
	DIR *stream CLEANUP(closedir) = NULL;
	struct dirent *entry;
	int fd, error = confined_open_stream(work->fd, name, &stream);

	if (error)
		return error;
	fd = dirfd(stream);
	while ((entry = readdir(stream))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		    unlinkat(fd, entry->d_name, 0) == 0 ||
		    unlinkat(fd, entry->d_name, AT_REMOVEDIR) == 0)
			continue;
		(void)confined_chmod(fd, entry->d_name, 0700);
		if (move_up(work, fd, entry->d_name))
			(*moved)++;
	}
	return 0;
}

/* Deletes every name in work/ once; the number of directories that came up from below meanwhile. */
static unsigned sweep(struct work *work)
{
	DIR *stream CLEANUP(closedir) = NULL;
	struct dirent *entry;
	unsigned moved = 0;
	int fd = work->fd;

	if (confined_open_stream(fd, NULL, &stream) != 0)
		return 0;
	while ((entry = readdir(stream))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		    unlinkat(fd, entry->d_name, 0) == 0)
			continue;
		(void)confined_chmod(fd, entry->d_name, 0700);
		(void)empty_directory(work, entry->d_name, &moved);
		(void)unlinkat(fd, entry->d_name, AT_REMOVEDIR);
	}
	return moved;
}

void work_discard(struct work *work, const char *name)
{
	unsigned moved = 0;

	if (unlinkat(work->fd, name, 0) == 0 || unlinkat(work->fd, name, AT_REMOVEDIR) == 0)
		return;
	(void)empty_directory(work, name, &moved);
	(void)unlinkat(work->fd, name, AT_REMOVEDIR);
}

void work_empty(struct work *work)
{
	while (sweep(work) > 0)
		;
}

/* -- opening -- */

static int lock_upper(struct work *work, const struct layer *upper, int tries,
		      struct problem *problem)
{
	work->upper_lock_fd = lock_directory(upper->root_fd, tries);
	if (work->upper_lock_fd < 0)
		return problem_set(problem, work->upper_lock_fd,
				   "upper directory \"%s\": in use by another mount", upper->path);
	return 0;
}

static int open_state(struct work *work, const struct layer *upper, const char *workdir, int tries,
		      struct problem *problem)
{
	cleanup_fd int directory = workdir ? confined_open_root(workdir)
					   : make_directory(upper->root_fd, STATE_DIRECTORY);
	struct attributes attributes;
	bool outside = workdir != NULL;
	int error;

	if (!outside)
		workdir = STATE_DIRECTORY;
	if (directory < 0)
		return problem_set(problem, directory, "work directory \"%s\": %s", workdir,
				   strerror(-directory));
	error = layer_stat_raw(directory, NULL, &attributes);
	if (error)
		return problem_set(problem, error, "work directory \"%s\": %s", workdir,
				   strerror(-error));
	if (attributes.device != upper->device)
		return problem_set(problem, -EXDEV,
				   "work directory \"%s\": not on the file system of the upper "
				   "directory \"%s\"; choose one beside it",
				   workdir, upper->path);
	work->state_fd = lock_directory(directory, tries);
	if (work->state_fd < 0)
		return problem_set(problem, work->state_fd,
				   "work directory \"%s\": in use by another mount", workdir);
	if (outside)
		work->path = realpath(workdir, NULL);
	return 0;
}

int work_open(struct work *work, const struct layer *upper, const char *workdir, bool patient,
	      struct problem *problem)
{
	int tries = patient ? LOCK_TRIES : 0;
	int error = lock_upper(work, upper, tries, problem);

	if (!error)
		error = open_state(work, upper, workdir, tries, problem);
	if (error)
		return error;
	work->fd = make_directory(work->state_fd, WORK_DIRECTORY);
	work->index_fd = make_directory(work->state_fd, INDEX_DIRECTORY);
	error = work->fd < 0 ? work->fd : work->index_fd < 0 ? work->index_fd : 0;
	if (error)
		return problem_set(problem, error, "upper directory \"%s\": cannot be written: %s",
				   upper->path, strerror(-error));
	work_empty(work);
	return 0;
}

int work_look(struct work *work, const struct layer *upper, const char *workdir,
	      struct problem *problem)
{
	int fd = workdir ? confined_open_root(workdir)
			 : confined_open(upper->root_fd, STATE_DIRECTORY, O_PATH | O_DIRECTORY, 0);

	if (fd < 0 && !workdir)
		return 0;
	if (fd < 0)
		return problem_set(problem, fd, "work directory \"%s\": %s", workdir,
				   strerror(-fd));
	work->state_fd = fd;
	work->path = workdir ? realpath(workdir, NULL) : NULL;
	fd = confined_open(fd, INDEX_DIRECTORY, O_PATH | O_DIRECTORY, 0);
	work->index_fd = fd < 0 ? -1 : fd;
	return 0;
}

int work_lock(struct work *work, const struct layer *upper, struct problem *problem)
{
	int error = lock_upper(work, upper, LOCK_TRIES, problem), fd;

	if (error || work->state_fd < 0)
		return error;
	fd = lock_directory(work->state_fd, LOCK_TRIES);
	if (fd < 0)
		return problem_set(problem, fd, "the state of \"%s\": in use by another mount",
				   upper->path);
	(void)close(work->state_fd);
	work->state_fd = fd;
	fd = confined_open(fd, WORK_DIRECTORY, O_PATH | O_DIRECTORY, 0);
	work->fd = fd < 0 ? -1 : fd;
	return 0;
}

void work_close(struct work *work)
{
	int *fds[] = { &work->fd, &work->index_fd, &work->state_fd, &work->upper_lock_fd };

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (*fds[i] >= 0)
			close(steal_fd(fds[i]));
	free(steal_pointer(&work->path));
}

void work_new_name(struct work *work, char name[WORK_NAME_MAX])
{
	(void)snprintf(name, WORK_NAME_MAX, "%" PRIx64, ++work->next_name);
}
