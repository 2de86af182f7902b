/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "snapshot.h"

#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

struct snapshot_entry *snapshot_add(struct snapshot *snapshot, const char *path)
{
	struct snapshot_entry *entry;

	if (snapshot->count == snapshot->capacity) {
		snapshot->capacity = snapshot->capacity * 2 + 32;
		snapshot->entries =
			must_reallocate(snapshot->entries, snapshot->capacity * sizeof(*entry));
	}
	entry = &snapshot->entries[snapshot->count++];
	*entry = (struct snapshot_entry){ .path = strdup(path) };
	return entry;
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct snapshot_entry *)a)->path,
		      ((const struct snapshot_entry *)b)->path);
}

void snapshot_sort(struct snapshot *snapshot)
{
	qsort(snapshot->entries, snapshot->count, sizeof(snapshot->entries[0]), compare_paths);
}

void snapshot_clear(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->count; i++) {
		free(snapshot->entries[i].path);
		free(snapshot->entries[i].target);
		free(snapshot->entries[i].xattrs);
		free(snapshot->entries[i].data);
	}
	free(snapshot->entries);
	*snapshot = (struct snapshot){ 0 };
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *format_xattr(const char *name, snapshot_read_xattr *read, void *context)
{
	unsigned char value[4096];
	ssize_t size = read(context, name, value, sizeof(value));
	char *line = NULL;
	size_t length;
	FILE *stream = open_memstream(&line, &length);

	fprintf(stream, "%s=", name);
	if (size < 0)
		fprintf(stream, "(%s)", strerror((int)-size));
	for (ssize_t i = 0; i < size; i++)
		fprintf(stream, "%02x", value[i]);
	(void)fclose(stream);
	return line;
}

char *snapshot_format_xattrs(const char *names, size_t length, snapshot_read_xattr *read,
			     void *context)
{
	char *lines[64], *text = NULL;
	size_t count = 0, size;
	FILE *stream;

	for (size_t at = 0; at < length && count < 64; at += strlen(names + at) + 1)
		lines[count++] = format_xattr(names + at, read, context);
	qsort(lines, count, sizeof(lines[0]), compare_lines);
	stream = open_memstream(&text, &size);
	for (size_t i = 0; i < count; i++) {
		fprintf(stream, "%s\n", lines[i]);
		free(lines[i]);
	}
	(void)fclose(stream);
	return text;
}

/* -- reading a tree with system calls -- */

struct walker {
	struct snapshot *snapshot;
	bool check_numbers; /* complain where readdir and stat tell different numbers */
};

static ssize_t read_xattr(void *context, const char *name, void *value, size_t size)
{
	ssize_t length = lgetxattr(context, name, value, size);

	return length < 0 ? -errno : length;
}

static void take_xattrs(struct snapshot_entry *entry, char *link)
{
	char names[4096];
	ssize_t length = llistxattr(link, names, sizeof(names));

	if (length < 0)
		give_up("listxattr %s: %s", entry->path, strerror(errno));
	entry->xattrs = snapshot_format_xattrs(names, (size_t)length, read_xattr, link);
}

static void take_data(struct snapshot_entry *entry, int directory, const char *name)
{
	int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC);
	size_t done = 0;

	if (fd < 0)
		give_up("open %s: %s", entry->path, strerror(errno));
	/* One byte more than it should have, so that a wrong size shows. */
	entry->data = must_reallocate(NULL, entry->size + 1);
	while (done <= entry->size) {
		ssize_t got = read(fd, entry->data + done, entry->size + 1 - done);

		if (got < 0)
			give_up("read %s: %s", entry->path, strerror(errno));
		if (got == 0)
			break;
		done += (size_t)got;
	}
	if (done != entry->size)
		give_up("%s: stat tells %zu bytes, reading gave %s", entry->path,
			(size_t)entry->size, done > entry->size ? "more" : "less");
	(void)close(fd);
}

static void take_target(struct snapshot_entry *entry, int directory, const char *name)
{
	char target[4096];
	ssize_t length = readlinkat(directory, name, target, sizeof(target) - 1);

	if (length < 0)
		give_up("readlink %s: %s", entry->path, strerror(errno));
	entry->target = strndup(target, (size_t)length);
}

static struct timespec from_statx(struct statx_timestamp time)
{
	return (struct timespec){ time.tv_sec, time.tv_nsec };
}

static void take_attributes(struct snapshot_entry *entry, int directory, const char *name)
{
	struct statx status;

	if (statx(directory, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &status))
		give_up("stat %s: %s", entry->path, strerror(errno));
	entry->mode = status.stx_mode;
	entry->links = status.stx_nlink;
	entry->uid = status.stx_uid;
	entry->gid = status.stx_gid;
	entry->rdev = makedev(status.stx_rdev_major, status.stx_rdev_minor);
	entry->inode = status.stx_ino;
	entry->mtime = from_statx(status.stx_mtime);
	entry->birth = from_statx(status.stx_btime);
	if (S_ISREG(entry->mode) || S_ISDIR(entry->mode))
		entry->atime = from_statx(status.stx_atime);
	if (!S_ISDIR(entry->mode))
		entry->size = status.stx_size;
}

static void walk(const struct walker *walker, int directory, const char *path);

static void take_entry(const struct walker *walker, int directory, const char *name,
		       const char *path, uint64_t listed_inode)
{
	struct snapshot_entry *entry = snapshot_add(walker->snapshot, path);
	char link[600];
	mode_t mode;
	int child;

	take_attributes(entry, directory, name);
	mode = entry->mode;
	if (listed_inode && listed_inode != entry->inode)
		give_up("%s: readdir tells inode %ju, stat %ju", path, (uintmax_t)listed_inode,
			(uintmax_t)entry->inode);
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d/%s", directory, name);
	take_xattrs(entry, link);
	if (S_ISREG(mode))
		take_data(entry, directory, name);
	if (S_ISLNK(mode))
		take_target(entry, directory, name);
	if (!S_ISDIR(mode))
		return;
	child = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOATIME | O_CLOEXEC);
	if (child < 0)
		give_up("open %s: %s", path, strerror(errno));
	walk(walker, child, path);
}

/* Closes directory. */
static void walk(const struct walker *walker, int directory, const char *path)
{
	DIR *stream = fdopendir(directory);
	struct dirent *entry;
	char *child;

	if (!stream)
		give_up("opendir %s: %s", path, strerror(errno));
	while ((entry = readdir(stream)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (asprintf(&child, "%s%s%s", path, *path ? "/" : "", entry->d_name) < 0)
			give_up("no memory");
		take_entry(walker, dirfd(stream), entry->d_name, child, entry->d_ino);
		free(child);
	}
	(void)closedir(stream);
}

void snapshot_take(struct snapshot *snapshot, int root)
{
	struct walker walker = { .snapshot = snapshot };

	snapshot_clear(snapshot);
	take_entry(&walker, root, ".", "", 0);
	snapshot_sort(snapshot);
}
