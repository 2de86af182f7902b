/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of unsynced.h: after a crash, giving marked copies their data again. */
#include "union/copy_up/unsynced.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "layer/layer_walk.h"
#include "union/copy_up/copy_data.h"
#include "union/copy_up/origin.h"
#include "union/data.h"
#include "union/fs.h"
#include "union/location.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct mark {
	uint64_t upper_inode;
	uint64_t layer_id, inode; /* which lower file it is a copy of */
	struct layer_dir *dir;	  /* where that is, once found; a reference */
	char *name;		  /* owned */
	bool lost;		  /* there is a copy, but not what it is a copy of */
};

struct recovery {
	struct union_fs *fs;
	struct mark *marks;
	size_t count;
	size_t lost; /* how many are */
};

/* -- reading the marks -- */

bool unsynced_read_mark(int marks, const char *name, uint64_t *ret_upper_inode,
			uint64_t *ret_layer_id, uint64_t *ret_inode)
{
	char record[ORIGIN_RECORD_MAX], own_name[UNSYNCED_NAME_MAX];
	ssize_t length = readlinkat(marks, name, record, sizeof(record) - 1);
	uint64_t upper_inode;

	if (length < 0 || sscanf(name, "%" SCNx64, &upper_inode) != 1)
		return false;
	record[length] = 0;
	unsynced_mark_name(own_name, upper_inode);
	if (strcmp(name, own_name) != 0 || !origin_scan(record, ret_layer_id, ret_inode))
		return false;
	*ret_upper_inode = upper_inode;
	return true;
}

static int add_mark(struct recovery *recovery, const struct mark *mark)
{
	struct mark *marks = recovery->marks;

	if ((recovery->count & (recovery->count - 1)) == 0) /* full at powers of two */
		marks = reallocarray(marks, recovery->count ? 2 * recovery->count : 1,
				     sizeof(*marks));
	if (!marks)
		return -ENOMEM;
	recovery->marks = marks;
	marks[recovery->count++] = *mark;
	return 0;
}

static int read_marks(struct recovery *recovery, int marks)
{
	DIR *stream CLEANUP(closedir) = NULL;
	struct dirent *entry;
	int error = confined_open_stream(marks, NULL, &stream);

	while (!error && (entry = readdir(stream))) {
		struct mark mark = { 0 };

		if (unsynced_read_mark(marks, entry->d_name, &mark.upper_inode, &mark.layer_id,
				       &mark.inode))
			error = add_mark(recovery, &mark);
		else if (entry->d_name[0] != '.') /* garbage */
			(void)unlinkat(marks, entry->d_name, 0);
	}
	return error;
}

/* -- finding and copying -- */

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_lower(const void *a, const void *b)
{
	const struct mark *first = a, *second = b;
	int order = compare(first->layer_id, second->layer_id);

	return order ? order : compare(first->inode, second->inode);
}

static int compare_upper(const void *a, const void *b)
{
	const struct mark *first = a, *second = b;

	return compare(first->upper_inode, second->upper_inode);
}

static int find_lower(void *context, const struct layer_walk_entry *entry)
{
	const struct recovery *recovery = context;
	const struct mark key = {
		.layer_id = entry->dir->layer->id,
		.inode = entry->attributes.inode,
	};
	struct mark *mark =
		bsearch(&key, recovery->marks, recovery->count, sizeof(key), compare_lower);

	if (!mark || mark->name || !S_ISREG(entry->attributes.mode))
		return 0;
	mark->name = strdup(entry->name);
	if (!mark->name)
		return -ENOMEM;
	mark->dir = layer_dir_ref(entry->dir);
	return 0;
}

static int copy_again(int from, const struct attributes *source, int to,
		      const struct attributes *attributes)
{
	atomic_bool cannot_clone = false;
	const struct timespec times[2] = { attributes->atime, attributes->mtime };
	int error = ftruncate(to, 0) < 0 ? -errno : 0;

	if (!error)
		error = copy_data(from, to, source, UINT64_MAX, &cannot_clone);
	if (!error && (futimens(to, times) < 0 || fsync(to) < 0))
		error = -errno;
	return error;
}

/*
 * Opens the lower file of the mark and, unless what has the mark's number is another file now, that. 0 or -errno; with
 * *ret_to -1 there is nothing to restore.
 */
static int open_both(const struct recovery *recovery, const struct mark *mark,
		     const struct layer_walk_entry *entry, int *ret_from,
		     struct attributes *ret_lower, int *ret_to)
{
	struct union_fs *fs = recovery->fs;
	struct layer *upper = entry->dir->layer;
	const struct location location = { .layer = upper, .fd = entry->fd, .name = entry->name };
	struct origin origin = { 0 }, expected = { 0 };
	struct cached_fd *fd;
	int error = layer_dir_open(mark->dir, &fd);

	if (error)
		return error;
	*ret_from = confined_open_regular(fd->fd, mark->name, O_RDONLY);
	error = *ret_from < 0 ? *ret_from : layer_stat_raw(*ret_from, NULL, ret_lower);
	if (!error) {
		expected = origin_of(fs, mark->dir->layer, fd->fd, mark->name, ret_lower);
		origin = origin_of(fs, upper, entry->fd, entry->name, &entry->attributes);
	}
	fd_cache_release(fs->fds, fd);
	if (error || origin.layer != expected.layer || origin.inode != expected.inode)
		return error;
	*ret_to = data_open_upper(fs, &location);
	return *ret_to < 0 ? *ret_to : 0;
}

static int restore(void *context, const struct layer_walk_entry *entry)
{
	struct recovery *recovery = context;
	const struct mark key = { .upper_inode = entry->attributes.inode };
	struct mark *mark =
		bsearch(&key, recovery->marks, recovery->count, sizeof(key), compare_upper);
	cleanup_fd int from = -1, to = -1;
	struct attributes lower;

	if (!mark || !S_ISREG(entry->attributes.mode))
		return 0;
	if (!mark->name || open_both(recovery, mark, entry, &from, &lower, &to) < 0) {
		recovery->lost += !mark->lost;
		mark->lost = true;
		return 0;
	}
	return to < 0 ? 0 : copy_again(from, &lower, to, &entry->attributes);
}

/* A copy of a file with several names may have none in the tree yet. */
static int restore_in_index(struct recovery *recovery)
{
	struct union_fs *fs = recovery->fs;
	struct layer_walk_entry found = { .dir = fs->layers[0]->root, .fd = fs->work.index_fd };
	DIR *stream CLEANUP(closedir) = NULL;
	struct dirent *entry;
	int error;

	if (found.fd < 0)
		return 0;
	error = confined_open_stream(found.fd, NULL, &stream);
	while (!error && (entry = readdir(stream))) {
		found.name = entry->d_name;
		if (layer_stat_raw(found.fd, found.name, &found.attributes) == 0)
			error = restore(recovery, &found);
	}
	return error;
}

static int restore_all(struct recovery *recovery)
{
	struct union_fs *fs = recovery->fs;
	int error = 0;

	qsort(recovery->marks, recovery->count, sizeof(struct mark), compare_lower);
	for (unsigned i = 1; i < fs->layer_count && !error; i++)
		error = layer_walk(fs->layers[i], find_lower, recovery);
	qsort(recovery->marks, recovery->count, sizeof(struct mark), compare_upper);
	if (!error)
		error = layer_walk(fs->layers[0], restore, recovery);
	return error ? error : restore_in_index(recovery);
}

static int remove_marks(const struct recovery *recovery, bool keep_lost)
{
	const struct unsynced *unsynced = &recovery->fs->unsynced;
	int error = 0;

	for (size_t i = 0; i < recovery->count && !error; i++)
		if (!keep_lost || !recovery->marks[i].lost)
			error = unsynced_remove_mark(unsynced, recovery->marks[i].upper_inode);
	return error ? error : unsynced_sync_marks(unsynced);
}

static void release(struct recovery *recovery)
{
	for (size_t i = 0; i < recovery->count; i++) {
		layer_dir_unref(recovery->marks[i].dir);
		free(recovery->marks[i].name);
	}
	free(recovery->marks);
}

int unsynced_recover(struct union_fs *fs, bool keep_lost, struct problem *problem,
		     struct problem *warning)
{
	struct recovery recovery = { .fs = fs };
	int error = read_marks(&recovery, fs->unsynced.fd);

	/* Read-only, what is marked is left for the next mount that may write. */
	if (!error && recovery.count && !fs->read_only)
		error = restore_all(&recovery);
	if (!error && recovery.count && !fs->read_only)
		error = remove_marks(&recovery, keep_lost);
	release(&recovery);
	if (error)
		return problem_set(problem, error,
				   "upper directory \"%s\": copies made just before a crash cannot "
				   "be completed: %s",
				   fs->layers[0]->path, strerror(-error));
	if (recovery.lost)
		(void)problem_set(
			warning, 0,
			"upper directory \"%s\": %zu copies made just before a crash may be "
			"incomplete, for their lower layer is not in the stack",
			fs->layers[0]->path, recovery.lost);
	return 0;
}
