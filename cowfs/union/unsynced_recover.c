/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of unsynced.h: after a crash, giving marked copies their data again. */
#include "union/unsynced.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "union/copy_data.h"
#include "union/data.h"
#include "union/fs.h"
#include "union/location.h"
#include "union/origin.h"

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
};

struct recovery {
	struct union_fs *fs;
	struct mark *marks;
	size_t count;
	size_t lost; /* copies whose lower file was not found */
};

/* -- reading the marks -- */

static bool parse_mark(int marks, const char *name, struct mark *ret_mark)
{
	struct mark mark = { 0 };
	char record[ORIGIN_RECORD_MAX], own_name[UNSYNCED_NAME_MAX];
	ssize_t length = readlinkat(marks, name, record, sizeof(record) - 1);

	if (length < 0 || sscanf(name, "%" SCNx64, &mark.upper_inode) != 1)
		return false;
	record[length] = 0;
	unsynced_mark_name(own_name, mark.upper_inode);
	if (strcmp(name, own_name) != 0 || !origin_scan(record, &mark.layer_id, &mark.inode))
		return false;
	*ret_mark = mark;
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
		struct mark mark;

		if (parse_mark(marks, entry->d_name, &mark))
			error = add_mark(recovery, &mark);
		else if (entry->d_name[0] != '.') /* garbage */
			(void)unlinkat(marks, entry->d_name, 0);
	}
	return error;
}

/* -- walking a layer -- */

/* What to do with each regular file: 0 or -errno, which ends the walk. */
typedef int file_function(struct recovery *recovery, struct layer_dir *dir, int fd,
			  const char *name, const struct attributes *attributes);

struct walk {
	struct recovery *recovery;
	file_function *function;
	struct layer_dir **stack; /* directories still to be read, with a reference on each */
	size_t count;
	struct layer_dir *dir; /* what is being read, and its descriptor */
	int fd;
};

static int push(struct walk *walk, struct layer_dir *dir)
{
	struct layer_dir **stack = walk->stack;

	if (!dir)
		return -ENOMEM;
	if ((walk->count & (walk->count - 1)) == 0)
		stack = reallocarray(stack, walk->count ? 2 * walk->count : 1, sizeof(*stack));
	if (!stack) {
		layer_dir_unref(dir);
		return -ENOMEM;
	}
	walk->stack = stack;
	stack[walk->count++] = dir;
	return 0;
}

static int visit(void *context, const struct layer_entry *entry)
{
	struct walk *walk = context;
	struct attributes attributes;

	if (entry->whiteout)
		return 0;
	if (entry->type == DT_DIR)
		return push(walk, layer_dir_new(walk->dir, entry->name));
	if (entry->type != DT_REG || layer_stat_raw(walk->fd, entry->name, &attributes) != 0)
		return 0;
	return walk->function(walk->recovery, walk->dir, walk->fd, entry->name, &attributes);
}

static int read_directory(struct walk *walk)
{
	struct fd_cache *fds = walk->recovery->fs->fds;
	struct cached_fd *fd;
	bool opaque;
	int error = layer_dir_open(walk->dir, &fd);

	if (error)
		return 0; /* nobody else will be able to read it either */
	walk->fd = fd->fd;
	error = layer_dir_read(walk->dir, visit, walk, &opaque);
	fd_cache_release(fds, fd);
	return error == -ENOMEM || error == -EIO ? error : 0;
}

static int walk_layer(struct recovery *recovery, struct layer *layer, file_function *function)
{
	struct walk walk = { .recovery = recovery, .function = function };
	int error = push(&walk, layer_dir_ref(layer->root));

	while (!error && walk.count) {
		walk.dir = walk.stack[--walk.count];
		error = read_directory(&walk);
		layer_dir_unref(walk.dir);
	}
	while (walk.count)
		layer_dir_unref(walk.stack[--walk.count]);
	free(walk.stack);
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

static int find_lower(struct recovery *recovery, struct layer_dir *dir, int fd, const char *name,
		      const struct attributes *attributes)
{
	const struct mark key = { .layer_id = dir->layer->id, .inode = attributes->inode };
	struct mark *mark =
		bsearch(&key, recovery->marks, recovery->count, sizeof(key), compare_lower);

	(void)fd;
	if (!mark || mark->name)
		return 0;
	mark->name = strdup(name);
	if (!mark->name)
		return -ENOMEM;
	mark->dir = layer_dir_ref(dir);
	return 0;
}

static int copy_again(int from, int to, const struct attributes *attributes)
{
	const struct timespec times[2] = { attributes->atime, attributes->mtime };
	int error = ftruncate(to, 0) < 0 ? -errno : 0;

	if (!error)
		error = copy_data(from, to, UINT64_MAX);
	if (!error && (futimens(to, times) < 0 || fsync(to) < 0))
		error = -errno;
	return error;
}

/* Copies the data of the lower file to what has the mark's number, unless that is another file now. */
static int restore(struct recovery *recovery, const struct mark *mark, int directory,
		   const char *name, const struct attributes *attributes)
{
	struct union_fs *fs = recovery->fs;
	cleanup_fd int from = -1, to = -1;
	struct attributes lower;
	struct origin origin = { 0 }, expected = { 0 };
	struct cached_fd *fd;
	int error = layer_dir_open(mark->dir, &fd);

	if (error)
		return error;
	from = confined_open_regular(fd->fd, mark->name, O_RDONLY);
	error = from < 0 ? from : layer_stat_raw(from, NULL, &lower);
	if (!error) {
		expected = origin_of(fs, mark->dir->layer, fd->fd, mark->name, &lower);
		origin = origin_of(fs, fs->upper, directory, name, attributes);
	}
	fd_cache_release(fs->fds, fd);
	if (error || origin.layer != expected.layer || origin.inode != expected.inode)
		return error;
	to = data_open_upper(
		fs, &(struct location){ .layer = fs->upper, .fd = directory, .name = name });
	return to < 0 ? to : copy_again(from, to, attributes);
}

static int restore_upper(struct recovery *recovery, struct layer_dir *dir, int fd, const char *name,
			 const struct attributes *attributes)
{
	const struct mark key = { .upper_inode = attributes->inode };
	const struct mark *mark =
		bsearch(&key, recovery->marks, recovery->count, sizeof(key), compare_upper);

	(void)dir;
	if (!mark)
		return 0;
	if (mark->name)
		return restore(recovery, mark, fd, name, attributes);
	recovery->lost++;
	return 0;
}

static int restore_all(struct recovery *recovery)
{
	struct union_fs *fs = recovery->fs;
	int error = 0;

	qsort(recovery->marks, recovery->count, sizeof(struct mark), compare_lower);
	for (unsigned i = 1; i < fs->layer_count && !error; i++)
		error = walk_layer(recovery, fs->layers[i], find_lower);
	qsort(recovery->marks, recovery->count, sizeof(struct mark), compare_upper);
	return error ? error : walk_layer(recovery, fs->upper, restore_upper);
}

static int remove_marks(const struct recovery *recovery)
{
	const struct unsynced *unsynced = &recovery->fs->unsynced;
	int error = 0;

	for (size_t i = 0; i < recovery->count && !error; i++)
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

int unsynced_recover(struct union_fs *fs, struct problem *problem, struct problem *warning)
{
	struct recovery recovery = { .fs = fs };
	int error = read_marks(&recovery, fs->unsynced.fd);

	/* Read-only, what is marked is left for the next mount that may write. */
	if (!error && recovery.count && !fs->read_only)
		error = restore_all(&recovery);
	if (!error && recovery.count && !fs->read_only)
		error = remove_marks(&recovery);
	release(&recovery);
	if (error)
		return problem_set(problem, error,
				   "upper directory \"%s\": copies made just before a crash cannot "
				   "be completed: %s",
				   fs->upper->path, strerror(-error));
	if (recovery.lost)
		(void)problem_set(
			warning, 0,
			"upper directory \"%s\": %zu copies made just before a crash may be "
			"incomplete, for their lower layer is not in the stack",
			fs->upper->path, recovery.lost);
	return 0;
}
