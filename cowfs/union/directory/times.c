/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/directory/times.h"

#include "base/confined.h"
#include "layer/layer.h"
#include "union/fs.h"

static const struct timespec FOREVER = { .tv_sec = INT64_MAX };

void directory_times_init(struct directory_times *times)
{
	*times = (struct directory_times){ .kept = false };
	pthread_mutex_init(&times->lock, NULL);
}

void directory_times_destroy(struct directory_times *times)
{
	pthread_mutex_destroy(&times->lock);
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* True of a change time that only our bookkeeping has made. */
static bool hides(const struct directory_times *times, const struct timespec *change)
{
	return times->kept && !is_later(&times->shown, change) && !is_later(change, &times->until);
}

/* With the lock held. */
static void show(struct directory_times *times, const struct timespec *change,
		 const struct attributes *attributes)
{
	times->shown = *change;
	times->size = attributes->size;
	times->blocks = attributes->blocks;
}

int directory_times_keep(struct inode *dir, int fd, struct attributes *ret_before)
{
	struct directory_times *times = &dir->directory->times;
	int error = layer_stat_raw(fd, NULL, ret_before);

	if (error)
		return error;
	pthread_mutex_lock(&times->lock);
	if (!hides(times, &ret_before->ctime))
		show(times, &ret_before->ctime, ret_before);
	times->kept = true;
	times->until = FOREVER; /* somebody may look in between */
	pthread_mutex_unlock(&times->lock);
	return 0;
}

void directory_times_restore(struct union_fs *fs, struct inode *dir, int fd,
			     const struct attributes *before)
{
	struct directory_times *times = &dir->directory->times;
	const struct timespec set[2] = { before->atime, before->mtime };
	struct attributes after = *before;
	int error;

	(void)confined_set_times(fd, NULL, set);
	error = layer_stat_raw(fd, NULL, &after);
	pthread_mutex_lock(&times->lock);
	if (error)
		times->kept = false;
	times->until = after.ctime;
	pthread_mutex_unlock(&times->lock);
	if (error)
		fs_tell(fs, dir, STALE_ATTRIBUTES);
}

void directory_times_take(struct inode *dir, const struct timespec *shown,
			  const struct attributes *now)
{
	struct directory_times *times = &dir->directory->times;

	pthread_mutex_lock(&times->lock);
	times->kept = true;
	show(times, shown, now);
	times->until = now->ctime;
	pthread_mutex_unlock(&times->lock);
}

void directory_times_changed(struct inode *dir)
{
	struct directory_times *times = &dir->directory->times;

	if (!times->kept)
		return;
	pthread_mutex_lock(&times->lock);
	times->kept = false;
	pthread_mutex_unlock(&times->lock);
}

void directory_times_show(struct inode *dir, struct attributes *attributes)
{
	struct directory_times *times = &dir->directory->times;

	if (!times->kept)
		return;
	pthread_mutex_lock(&times->lock);
	if (hides(times, &attributes->ctime)) {
		attributes->ctime = times->shown;
		attributes->size = times->size;
		attributes->blocks = times->blocks;
	}
	pthread_mutex_unlock(&times->lock);
}
