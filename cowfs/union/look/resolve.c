/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/look/resolve.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The way from the root to where we are. */
struct trail {
	struct union_fs *fs;
	struct union_entry *entries; /* a reference each; the first is the root */
	size_t count;
	struct buffer path; /* "" for the root */
	char *rest;	    /* what is still to go; owned */
	unsigned links;
};

static void trail_release(struct trail *trail)
{
	for (size_t i = 0; i < trail->count; i++)
		union_forget(trail->fs, trail->entries[i].inode, 1);
	free(trail->entries);
	free(trail->rest);
	buffer_free(&trail->path);
}

static struct union_entry *here(struct trail *trail)
{
	return &trail->entries[trail->count - 1];
}

/* Takes over the entry's reference, also on failure. */
static int push(struct trail *trail, const struct union_entry *entry, const char *name)
{
	struct union_entry *grown =
		reallocarray(trail->entries, trail->count + 1, sizeof(*trail->entries));
	int error = grown ? 0 : -ENOMEM;

	if (grown)
		trail->entries = grown;
	if (!error && *name)
		error = buffer_append_format(&trail->path, "/%s", name);
	if (error) {
		union_forget(trail->fs, entry->inode, 1);
		return error;
	}
	trail->entries[trail->count++] = *entry;
	return 0;
}

static void pop(struct trail *trail)
{
	char *slash;

	if (trail->count == 1)
		return;
	slash = strrchr(trail->path.data, '/');
	*slash = '\0';
	trail->path.length = (size_t)(slash - trail->path.data);
	union_forget(trail->fs, here(trail)->inode, 1);
	trail->count--;
}

/* Puts the link's target before what is still to go. */
static int follow_link(struct trail *trail, struct inode *link, const char *rest)
{
	cleanup_buffer struct buffer target = BUFFER_INIT;
	int error = union_readlink(trail->fs, link, &target);

	if (error)
		return error;
	if (++trail->links > RESOLVE_LINKS_MAX)
		return -ELOOP;
	if (!target.length)
		return -ENOENT;
	while (target.data[0] == '/' && trail->count > 1)
		pop(trail);
	if (*rest && buffer_append_format(&target, "/%s", rest) < 0)
		return -ENOMEM;
	free(trail->rest);
	trail->rest = steal_pointer(&target.data);
	return 0;
}

/* One name; rest comes after it, with all of its slashes. */
static int step(struct trail *trail, const char *name, const char *rest, bool follow)
{
	struct union_entry entry;
	int error;

	if (!S_ISDIR(here(trail)->attributes.mode))
		return -ENOTDIR;
	error = union_lookup(trail->fs, here(trail)->inode, name, &entry);
	if (error)
		return error;
	if (!S_ISLNK(entry.attributes.mode) || (!follow && !*rest)) {
		memmove(trail->rest, rest, strlen(rest) + 1);
		return push(trail, &entry, name);
	}
	error = follow_link(trail, entry.inode, rest);
	union_forget(trail->fs, entry.inode, 1);
	return error;
}

static int walk(struct trail *trail, bool follow)
{
	int error = 0;

	while (*trail->rest && !error) {
		size_t length = strcspn(trail->rest, "/");
		cleanup_free char *name = strndup(trail->rest, length);
		char *rest = trail->rest + length;

		if (!name)
			return -ENOMEM;
		if (*name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
			error = step(trail, name, rest, follow);
			continue;
		}
		if (!S_ISDIR(here(trail)->attributes.mode))
			return -ENOTDIR;
		if (name[0] && name[1])
			pop(trail);
		rest += *rest == '/';
		memmove(trail->rest, rest, strlen(rest) + 1);
	}
	return error;
}

static int begin(struct trail *trail, const char *path)
{
	struct union_entry root = { .inode = union_root(trail->fs) };
	int error = union_getattr(trail->fs, root.inode, &root.attributes);

	trail->rest = strdup(path);
	if (error || !trail->rest)
		return error ? error : -ENOMEM;
	return push(trail, &root, "");
}

int resolve_path(struct union_fs *fs, const char *path, bool follow, struct union_entry *ret_entry,
		 struct buffer *ret_path)
{
	struct trail trail = { .fs = fs };
	int error = begin(&trail, path);

	if (!error)
		error = walk(&trail, follow);
	if (!error && !trail.path.length)
		error = buffer_append_string(&trail.path, "/");
	if (!error) {
		*ret_entry = *here(&trail);
		trail.count--;
		buffer_free(ret_path);
		*ret_path = trail.path;
		trail.path = BUFFER_INIT;
	}
	trail_release(&trail);
	return error;
}

/* Where the last component begins; at the end when there is none that could be left out. */
static size_t last_component(const char *path, size_t length)
{
	size_t start = length;

	while (start > 0 && path[start - 1] != '/')
		start--;
	if (strncmp(path + start, ".", length - start) == 0 ||
	    strncmp(path + start, "..", length - start) == 0)
		return length;
	return start;
}

/* How long path is without the slashes at its end. */
static size_t without_slashes(const char *path, size_t length)
{
	while (length > 0 && path[length - 1] == '/')
		length--;
	return length;
}

int resolve_missing(struct union_fs *fs, const char *path, struct buffer *ret_path)
{
	size_t length = last_component(path, strlen(path));
	struct union_entry entry;

	for (;;) {
		cleanup_free char *there = strndup(path, without_slashes(path, length));
		const char *rest = path + length;
		size_t shorter = last_component(path, without_slashes(path, length));
		int error = there ? resolve_path(fs, there, true, &entry, ret_path) : -ENOMEM;

		if ((error == -ENOENT || error == -ENOTDIR) && shorter < length) {
			length = shorter;
			continue;
		}
		if (error)
			return error;
		union_forget(fs, entry.inode, 1);
		if (!*rest)
			return 0;
		return buffer_append_format(ret_path, "%s%s", ret_path->length > 1 ? "/" : "",
					    rest);
	}
}
