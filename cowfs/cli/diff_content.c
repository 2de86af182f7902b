/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/diff_content.h"

#include "base/cleanup.h"
#include "cli/name_text.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIECE 131072
/* Where descriptors for diff(1) are put, far from those it has by itself. */
#define FIRST_DESCRIPTOR 64

/* -- touched or changed -- */

/* 1 when both hold the same bytes, 0 when not, or -errno. */
static int same_bytes(const struct difference *difference, const struct difference_item *item)
{
	cleanup_free char *with = malloc(PIECE), *without = malloc(PIECE);
	uint64_t offset = 0;

	if (!with || !without)
		return -ENOMEM;
	for (;;) {
		ssize_t length =
			union_read(difference->with, item->with.inode, with, PIECE, offset);
		ssize_t other = union_read(difference->without, item->without.inode, without, PIECE,
					   offset);

		if (length < 0 || other < 0)
			return (int)(length < 0 ? length : other);
		if (length != other || memcmp(with, without, (size_t)length) != 0)
			return 0;
		if (length == 0)
			return 1;
		offset += (uint64_t)length;
	}
}

static int same_target(const struct difference *difference, const struct difference_item *item)
{
	cleanup_buffer struct buffer with = BUFFER_INIT, without = BUFFER_INIT;
	int error = union_readlink(difference->with, item->with.inode, &with);

	if (!error)
		error = union_readlink(difference->without, item->without.inode, &without);
	return error ? error : strcmp(buffer_string(&with), buffer_string(&without)) == 0;
}

static int same_names(const struct difference *difference, const struct difference_item *item)
{
	struct difference_list list;
	int result = difference_read(difference, item->with.inode, item->without.inode, &list);

	if (result < 0)
		return result;
	result = 1;
	for (size_t i = 0; i < list.count; i++)
		if (!list.items[i].with.inode || !list.items[i].without.inode)
			result = 0;
	difference_list_free(difference, &list);
	return result;
}

int diff_is_touched(const struct difference *difference, const struct difference_item *item,
		    bool *ret_touched)
{
	const struct attributes *with = &item->with.attributes;
	const struct attributes *without = &item->without.attributes;
	int result = (with->mode & S_IFMT) == (without->mode & S_IFMT);

	if (result)
		switch (with->mode & S_IFMT) {
		case S_IFREG:
			result = with->size == without->size ? same_bytes(difference, item) : 0;
			break;
		case S_IFLNK:
			result = same_target(difference, item);
			break;
		case S_IFDIR:
			result = same_names(difference, item);
			break;
		default:
			result = with->rdev == without->rdev;
			break;
		}
	if (result < 0)
		return result;
	*ret_touched = result > 0;
	return 0;
}

/* -- diff -u -- */

/* One side: a descriptor that diff(1) inherits, and how it is called. */
struct side {
	int fd; /* -1: there is no such file */
	char file[32];
	struct buffer label;
};

static int prepare_side(struct side *side, struct union_fs *fs, const struct union_entry *entry,
			const char *letter, const char *path)
{
	cleanup_fd int fd = -1;
	int error;

	*side = (struct side){ .fd = -1, .file = "/dev/null" };
	if (!entry->inode || !S_ISREG(entry->attributes.mode))
		return buffer_append_string(&side->label, "/dev/null");
	fd = union_open_data(fs, entry->inode);
	if (fd < 0)
		return fd;
	/* Without close-on-exec. */
	side->fd = fcntl(fd, F_DUPFD, FIRST_DESCRIPTOR);
	if (side->fd < 0)
		return -errno;
	(void)snprintf(side->file, sizeof(side->file), "/dev/fd/%d", side->fd);
	error = buffer_append_string(&side->label, letter);
	return error ? error : name_text_append(&side->label, path);
}

static void release_side(struct side *side)
{
	if (side->fd >= 0)
		(void)close(side->fd);
	buffer_free(&side->label);
}

static int run(const struct side *old, const struct side *new)
{
	const char *arguments[] = { "diff",	     "-u", "--label", old->label.data, "--label",
				    new->label.data, "--", old->file, new->file,       NULL };
	pid_t pid;
	int status, error;

	(void)fflush(stdout);
	error = posix_spawnp(&pid, arguments[0], NULL, NULL, (char **)(uintptr_t)arguments,
			     environ);
	if (error)
		return error == ENOENT ? -ENOEXEC : -error;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	/* 1: they differ. */
	return WIFEXITED(status) && WEXITSTATUS(status) <= 1 ? 0 : -EIO;
}

int diff_run_unified(const struct difference *difference, const struct difference_item *item,
		     const char *path)
{
	struct side old, new;
	int error = prepare_side(&old, difference->without, &item->without, "a", path);

	if (!error) {
		error = prepare_side(&new, difference->with, &item->with, "b", path);
		if (!error && (old.fd >= 0 || new.fd >= 0))
			error = run(&old, &new);
		release_side(&new);
	}
	release_side(&old);
	return error;
}

/* -- sizes -- */

static int add_bytes(void *context, const struct difference_visit *visit)
{
	uint64_t *bytes = context;

	if (S_ISREG(visit->item->with.attributes.mode))
		*bytes += visit->item->with.attributes.size;
	return 0;
}

/* What cannot be read is told when it is walked for itself. */
static int pass_over(void *context, const char *path, int error)
{
	(void)context;
	(void)path;
	(void)error;
	return 0;
}

int diff_total_bytes(struct union_fs *fs, const struct union_entry *entry, uint64_t *ret_bytes)
{
	const struct difference all = { .with = fs };
	uint64_t bytes = 0;
	const struct difference_visitor visitor = { add_bytes, pass_over, &bytes };
	int error = 0;

	if (S_ISREG(entry->attributes.mode))
		bytes = entry->attributes.size;
	else if (S_ISDIR(entry->attributes.mode))
		error = difference_walk(&all, entry->inode, NULL, &visitor);
	if (!error)
		*ret_bytes = bytes;
	return error;
}
