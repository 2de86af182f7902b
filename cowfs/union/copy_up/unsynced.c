/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/copy_up/unsynced.h"

#include "base/confined.h"
#include "base/file_system.h"
#include "union/copy_up/origin.h"
#include "union/fs.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define UNSYNCED_DIRECTORY "unsynced"
/* Beyond this many copies are synced one by one until the others are settled. */
#define UNSYNCED_MOST 16384
#define SETTLE_AFTER_SECONDS 2

void unsynced_mark_name(char name[UNSYNCED_NAME_MAX], uint64_t upper_inode)
{
	(void)snprintf(name, UNSYNCED_NAME_MAX, "%" PRIx64, upper_inode);
}

int unsynced_remove_mark(const struct unsynced *unsynced, uint64_t upper_inode)
{
	char name[UNSYNCED_NAME_MAX];

	unsynced_mark_name(name, upper_inode);
	return unlinkat(unsynced->fd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

int unsynced_sync_marks(const struct unsynced *unsynced)
{
	return fsync(unsynced->fd) < 0 ? -errno : 0;
}

/* -- the marks in memory, with the lock held -- */

static uint64_t *find_mark(struct unsynced *unsynced, uint64_t upper_inode)
{
	/* The latest are at the end, and asked for most. */
	for (size_t i = unsynced->count; i > 0; i--)
		if (unsynced->inodes[i - 1] == upper_inode)
			return &unsynced->inodes[i - 1];
	return NULL;
}

/* -- settling -- */

static bool is_marked(struct unsynced *unsynced, uint64_t upper_inode)
{
	bool marked;

	pthread_mutex_lock(&unsynced->lock);
	marked = find_mark(unsynced, upper_inode) != NULL;
	pthread_mutex_unlock(&unsynced->lock);
	return marked;
}

static void take_from_memory(struct unsynced *unsynced, uint64_t upper_inode)
{
	uint64_t *mark = find_mark(unsynced, upper_inode);

	if (mark)
		*mark = 0;
}

int unsynced_settle(struct union_fs *fs, struct inode *inode, int fd)
{
	struct unsynced *unsynced = &fs->unsynced;
	uint64_t upper_inode = inode->identity.inode;
	int error = 0;

	if (!inode_has(inode, INODE_UNSYNCED))
		return 0;
	if (is_marked(unsynced, upper_inode)) {
		error = fdatasync(fd) < 0 ? -errno : unsynced_remove_mark(unsynced, upper_inode);
		if (!error)
			error = unsynced_sync_marks(unsynced);
		if (error)
			return error;
		pthread_mutex_lock(&unsynced->lock);
		take_from_memory(unsynced, upper_inode);
		pthread_mutex_unlock(&unsynced->lock);
	}
	inode->flags &= (uint8_t)~INODE_UNSYNCED;
	return 0;
}

void unsynced_forget(struct union_fs *fs, uint64_t upper_inode)
{
	struct unsynced *unsynced = &fs->unsynced;

	if (unsynced->fd < 0)
		return;
	pthread_mutex_lock(&unsynced->lock);
	if (find_mark(unsynced, upper_inode)) {
		(void)unsynced_remove_mark(unsynced, upper_inode);
		take_from_memory(unsynced, upper_inode);
	}
	pthread_mutex_unlock(&unsynced->lock);
}

bool unsynced_is_any(struct union_fs *fs)
{
	struct unsynced *unsynced = &fs->unsynced;
	bool any;

	pthread_mutex_lock(&unsynced->lock);
	any = unsynced->count != 0;
	pthread_mutex_unlock(&unsynced->lock);
	return any;
}

size_t unsynced_count(struct union_fs *fs)
{
	struct unsynced *unsynced = &fs->unsynced;
	size_t count = 0;

	pthread_mutex_lock(&unsynced->lock);
	for (size_t i = 0; i < unsynced->count; i++)
		count += unsynced->inodes[i] != 0;
	pthread_mutex_unlock(&unsynced->lock);
	return count;
}

/* Removes the first count marks, whose data is on disk. Until that is certain they count as marked. */
static int remove_first(struct unsynced *unsynced, size_t count)
{
	int error = 0;

	for (size_t i = 0; i < count && !error; i++) {
		/* With the lock: a number forgotten just now may soon mark another file. */
		pthread_mutex_lock(&unsynced->lock);
		if (unsynced->inodes[i])
			error = unsynced_remove_mark(unsynced, unsynced->inodes[i]);
		pthread_mutex_unlock(&unsynced->lock);
	}
	if (!error)
		error = unsynced_sync_marks(unsynced);
	if (error)
		return error;
	pthread_mutex_lock(&unsynced->lock);
	unsynced->count -= count;
	memmove(unsynced->inodes, unsynced->inodes + count,
		unsynced->count * sizeof(*unsynced->inodes));
	pthread_mutex_unlock(&unsynced->lock);
	return 0;
}

int unsynced_settle_all(struct union_fs *fs)
{
	struct unsynced *unsynced = &fs->unsynced;
	size_t count;
	int error = 0;

	if (unsynced->fd < 0)
		return 0;
	pthread_mutex_lock(&unsynced->settling);
	pthread_mutex_lock(&unsynced->lock);
	count = unsynced->count;
	pthread_mutex_unlock(&unsynced->lock);
	if (count) {
		error = syncfs(unsynced->fd) < 0 ? -errno : 0;
		if (!error)
			error = remove_first(unsynced, count);
	}
	pthread_mutex_unlock(&unsynced->settling);
	return error;
}

/* Waits for the first mark, then a little for more, but no longer once there are enough. False at the end. */
static bool wait_for_marks(struct unsynced *unsynced, size_t enough)
{
	struct timespec until;
	bool go_on;

	pthread_mutex_lock(&unsynced->lock);
	while (!unsynced->count && !unsynced->ending)
		pthread_cond_wait(&unsynced->changed, &unsynced->lock);
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += SETTLE_AFTER_SECONDS;
	while (unsynced->count < enough && !unsynced->ending &&
	       pthread_cond_timedwait(&unsynced->changed, &unsynced->lock, &until) == 0)
		;
	go_on = !unsynced->ending;
	pthread_mutex_unlock(&unsynced->lock);
	return go_on;
}

static void *settle_now_and_then(void *data)
{
	struct union_fs *fs = data;
	size_t enough = UNSYNCED_MOST / 2;

	/* After an error the marks stay, and the next round tries again, in no haste. */
	while (wait_for_marks(&fs->unsynced, enough))
		enough = unsynced_settle_all(fs) ? SIZE_MAX : UNSYNCED_MOST / 2;
	return NULL;
}

/* -- marking -- */

/* Late, for whoever opened the union may have gone on in a child process. With the lock held. */
static bool has_thread(struct union_fs *fs)
{
	struct unsynced *unsynced = &fs->unsynced;

	if (!unsynced->has_thread)
		unsynced->has_thread =
			pthread_create(&unsynced->thread, NULL, settle_now_and_then, fs) == 0;
	return unsynced->has_thread;
}

void union_begin_settling(struct union_fs *fs)
{
	if (fs->unsynced.fd < 0)
		return;
	pthread_mutex_lock(&fs->unsynced.lock);
	(void)has_thread(fs);
	pthread_mutex_unlock(&fs->unsynced.lock);
}

static bool enter(struct union_fs *fs, uint64_t upper_inode)
{
	struct unsynced *unsynced = &fs->unsynced;
	bool entered = false;

	pthread_mutex_lock(&unsynced->lock);
	if (unsynced->count < UNSYNCED_MOST && has_thread(fs)) {
		unsynced->inodes[unsynced->count++] = upper_inode;
		entered = true;
		if (unsynced->count == 1 || unsynced->count == UNSYNCED_MOST / 2)
			pthread_cond_signal(&unsynced->changed);
	}
	pthread_mutex_unlock(&unsynced->lock);
	return entered;
}

bool unsynced_mark(struct union_fs *fs, uint64_t upper_inode, const struct layer *layer,
		   uint64_t inode)
{
	struct unsynced *unsynced = &fs->unsynced;
	char name[UNSYNCED_NAME_MAX], target[ORIGIN_RECORD_MAX];

	if (unsynced->fd < 0)
		return false;
	unsynced_mark_name(name, upper_inode);
	origin_format(target, layer, inode);
	/* One that stands there is of a file that was deleted behind our back. */
	if (symlinkat(target, unsynced->fd, name) < 0 &&
	    (errno != EEXIST || unlinkat(unsynced->fd, name, 0) < 0 ||
	     symlinkat(target, unsynced->fd, name) < 0))
		return false;
	if (enter(fs, upper_inode))
		return true;
	(void)unlinkat(unsynced->fd, name, 0);
	return false;
}

/* -- opening and closing -- */

void unsynced_init(struct unsynced *unsynced)
{
	*unsynced = (struct unsynced){
		.fd = -1,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.settling = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
	};
}

/* Whether copies can be told from others after a crash, by their origin and in order. */
static bool can_mark(const struct union_fs *fs)
{
	return !fs->volatile_upper && !fs->read_only &&
	       fs->upper->xattr_namespace != XATTR_NAMESPACE_NONE &&
	       file_system_keeps_order(fs->upper->root_fd);
}

int unsynced_open_marks(struct union_fs *fs)
{
	int fd = confined_open(fs->work.state_fd, UNSYNCED_DIRECTORY, O_RDONLY | O_DIRECTORY, 0);

	if (fd < 0)
		return fd;
	fs->unsynced.fd = fd;
	return 0;
}

int unsynced_open(struct union_fs *fs, struct problem *problem, struct problem *warning)
{
	struct unsynced *unsynced = &fs->unsynced;
	int error;

	if (mkdirat(fs->work.state_fd, UNSYNCED_DIRECTORY, 0700) < 0 && errno != EEXIST)
		return problem_set(problem, -errno, "state directory: cannot be written: %s",
				   strerror(errno));
	error = unsynced_open_marks(fs);
	if (error)
		return problem_set(problem, error, "state directory: cannot be read: %s",
				   strerror(-error));
	error = unsynced_recover(fs, false, problem, warning);
	if (error)
		return error;
	unsynced->inodes = can_mark(fs) ? calloc(UNSYNCED_MOST, sizeof(uint64_t)) : NULL;
	if (unsynced->inodes)
		return 0;
	(void)close(unsynced->fd);
	unsynced->fd = -1;
	return 0;
}

void unsynced_close(struct union_fs *fs)
{
	struct unsynced *unsynced = &fs->unsynced;

	if (unsynced->fd < 0)
		return;
	pthread_mutex_lock(&unsynced->lock);
	unsynced->ending = true;
	pthread_cond_signal(&unsynced->changed);
	pthread_mutex_unlock(&unsynced->lock);
	if (unsynced->has_thread)
		(void)pthread_join(unsynced->thread, NULL);
	if (unsynced->inodes)
		(void)unsynced_settle_all(fs);
	free(unsynced->inodes);
	(void)close(unsynced->fd);
	unsynced->fd = -1;
}
