/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the whole tree of a union through its API. */
#include "side_union.h"
#include "support.h"

#include <stdlib.h>
#include <sys/stat.h>

struct walk {
	struct union_side *side;
	struct snapshot *snapshot;
	struct inode *directory;
	const char *path;
	/* What the directory holds; looked up after it was read. */
	struct listed_name {
		char *name;
		uint64_t inode;
		mode_t type;
	} * names;
	size_t count, capacity;
};

struct xattr_context {
	struct union_fs *fs;
	struct inode *inode;
};

static ssize_t read_xattr(void *any, const char *name, void *value, size_t size)
{
	const struct xattr_context *context = any;

	return union_getxattr(context->fs, context->inode, name, value, size);
}

static void take_xattrs(struct walk *walk, struct inode *inode, struct snapshot_entry *entry)
{
	struct xattr_context context = { walk->side->fs, inode };
	char names[4096];
	ssize_t length = union_listxattr(walk->side->fs, inode, names, sizeof(names));

	if (length < 0)
		give_up("listxattr of '%s': %s", entry->path, strerror((int)-length));
	entry->xattrs = snapshot_format_xattrs(names, (size_t)length, read_xattr, &context);
}

/* In pieces that fit no page, and beyond the end. */
static void take_data(struct walk *walk, struct inode *inode, struct snapshot_entry *entry)
{
	uint64_t done = 0;

	entry->data = must_reallocate(NULL, entry->size + 1);
	while (done <= entry->size) {
		size_t room = (size_t)(entry->size + 1 - done);
		ssize_t got = union_read(walk->side->fs, inode, entry->data + done,
					 room < 30011 ? room : 30011, done);

		if (got < 0)
			give_up("read of '%s': %s", entry->path, strerror((int)-got));
		if (got == 0)
			break;
		done += (uint64_t)got;
	}
	if (done != entry->size)
		give_up("'%s': getattr tells %ju bytes, reading gave %s", entry->path,
			(uintmax_t)entry->size, done > entry->size ? "more" : "less");
}

static void take_target(struct walk *walk, struct inode *inode, struct snapshot_entry *entry)
{
	cleanup_buffer struct buffer target = BUFFER_INIT;
	int result = union_readlink(walk->side->fs, inode, &target);

	if (result < 0)
		give_up("readlink of '%s': %s", entry->path, strerror(-result));
	entry->target = strdup(buffer_string(&target));
}

static void walk_directory(struct union_side *side, struct snapshot *snapshot,
			   struct inode *directory, const char *path);

static void take_entry(struct walk *walk, struct inode *inode, const char *path,
		       const struct attributes *attributes)
{
	struct snapshot_entry *entry = snapshot_add(walk->snapshot, path);

	entry->mode = attributes->mode;
	entry->links = attributes->links;
	entry->uid = attributes->uid;
	entry->gid = attributes->gid;
	entry->rdev = attributes->rdev;
	entry->inode = attributes->inode;
	entry->mtime = attributes->mtime;
	entry->size = S_ISDIR(attributes->mode) ? 0 : attributes->size;
	take_xattrs(walk, inode, entry);
	if (S_ISREG(attributes->mode))
		take_data(walk, inode, entry);
	if (S_ISLNK(attributes->mode))
		take_target(walk, inode, entry);
	if (S_ISDIR(attributes->mode))
		walk_directory(walk->side, walk->snapshot, inode, path);
}

static int take_name(void *context, const struct union_dirent *dirent)
{
	struct walk *walk = context;
	bool dots = strcmp(dirent->name, ".") == 0 || strcmp(dirent->name, "..") == 0;

	if (walk->count == walk->capacity) {
		walk->capacity = walk->capacity * 2 + 32;
		walk->names = must_reallocate(walk->names, walk->capacity * sizeof(walk->names[0]));
	}
	if (!dots)
		walk->names[walk->count++] =
			(struct listed_name){ strdup(dirent->name), dirent->ino, dirent->type };
	if (dirent->entry)
		union_forget(walk->side->fs, dirent->entry->inode, 1);
	return 0;
}

static void take_child(struct walk *walk, const struct listed_name *listed)
{
	struct union_entry entry;
	int result = union_lookup(walk->side->fs, walk->directory, listed->name, &entry);
	char *path;

	if (result < 0)
		give_up("'%s/%s' is listed, but looking it up: %s", walk->path, listed->name,
			strerror(-result));
	if (asprintf(&path, "%s%s%s", walk->path, *walk->path ? "/" : "", listed->name) < 0)
		give_up("no memory");
	if (entry.attributes.inode != listed->inode ||
	    (entry.attributes.mode & S_IFMT) != listed->type)
		give_up("'%s' is listed as inode %ju type %o, but is %ju %o", path,
			(uintmax_t)listed->inode, listed->type, (uintmax_t)entry.attributes.inode,
			entry.attributes.mode);
	take_entry(walk, entry.inode, path, &entry.attributes);
	union_forget(walk->side->fs, entry.inode, 1);
	free(path);
}

static void walk_directory(struct union_side *side, struct snapshot *snapshot,
			   struct inode *directory, const char *path)
{
	struct walk walk = {
		.side = side, .snapshot = snapshot, .directory = directory, .path = path
	};
	int result =
		union_readdir(side->fs, directory, 0, snapshot->count % 3 == 0, take_name, &walk);

	if (result < 0)
		give_up("readdir of '%s': %s", path, strerror(-result));
	for (size_t i = 0; i < walk.count; i++) {
		take_child(&walk, &walk.names[i]);
		free(walk.names[i].name);
	}
	free(walk.names);
}

void union_side_snapshot(struct side *any, struct snapshot *snapshot)
{
	struct union_side *side = (struct union_side *)any;
	struct walk walk = { .side = side, .snapshot = snapshot };
	struct attributes attributes;
	int result = union_getattr(side->fs, union_root(side->fs), &attributes);

	snapshot_clear(snapshot);
	if (result < 0)
		give_up("getattr of the root: %s", strerror(-result));
	take_entry(&walk, union_root(side->fs), "", &attributes);
	snapshot_sort(snapshot);
}
