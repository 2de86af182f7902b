/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes generated trees to disk, in the dialect of each layer. */
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Deep enough for a path of a few long names. */
#define LINK_PATH_SIZE 4096

struct writer {
	enum dialect dialect;
	int root;   /* of the tree being written */
	int hidden; /* of write_merged() */
	struct arena *arena;
};

static void must(int result, const char *what, const char *name)
{
	if (result < 0)
		give_up("%s %s: %s", what, name, strerror(errno));
}

/* Attributes of one name that is not followed, by way of its directory's link in /proc. */
static void set_xattr(int directory, const char *name, const char *attribute, const void *value,
		      size_t size)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", directory, name);
	must(lsetxattr(path, attribute, value, size, 0), attribute, name);
}

static void touch(int directory, const char *name)
{
	int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);

	must(fd, "create", name);
	(void)close(fd);
}

static void write_prefix_whiteout(int directory, const char *name)
{
	char whiteout[512];

	(void)snprintf(whiteout, sizeof(whiteout), ".wh.%s", name);
	touch(directory, whiteout);
}

static void write_whiteout(const struct writer *writer, int directory, const char *name,
			   bool in_opaque)
{
	switch (writer->dialect) {
	case DIALECT_AUFS:
		/* A name that leaves no room for the prefix is written as the kernel does. */
		if (strlen(name) + strlen(".wh.") <= 255) {
			write_prefix_whiteout(directory, name);
			return;
		}
		break;
	case DIALECT_XATTR:
		/* One attribute cannot say both that there are such whiteouts and that it is opaque. */
		if (in_opaque)
			break;
		touch(directory, name);
		set_xattr(directory, name, "trusted.overlay.whiteout", "y", 1);
		set_xattr(directory, ".", "trusted.overlay.opaque", "x", 1);
		return;
	default:
		break;
	}
	must(mknodat(directory, name, S_IFCHR, 0), "whiteout", name);
}

static void write_opaque(const struct writer *writer, int directory)
{
	if (writer->dialect == DIALECT_AUFS)
		touch(directory, ".wh..wh..opq");
	else if (writer->dialect == DIALECT_FUSE_OVERLAYFS)
		set_xattr(directory, ".", "user.fuseoverlayfs.opaque", "y", 1);
	else
		set_xattr(directory, ".", "trusted.overlay.opaque", "y", 1);
}

static void write_content(int directory, const struct node *node)
{
	static unsigned char data[80000];
	int fd = openat(directory, node->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	uint64_t start = node->hole < node->size ? node->hole : node->size;

	must(fd, "create", node->name);
	random_content(node->content, start, data, (size_t)(node->size - start));
	must(ftruncate(fd, (off_t)node->size), "truncate", node->name);
	if (pwrite(fd, data, (size_t)(node->size - start), (off_t)start) < 0)
		give_up("write %s: %s", node->name, strerror(errno));
	(void)close(fd);
}

static void write_object(int directory, const struct node *node)
{
	switch (node->mode & S_IFMT) {
	case S_IFREG:
		write_content(directory, node);
		break;
	case S_IFDIR:
		must(mkdirat(directory, node->name, 0700), "mkdir", node->name);
		break;
	case S_IFLNK:
		must(symlinkat(node->target, directory, node->name), "symlink", node->name);
		break;
	default:
		must(mknodat(directory, node->name, node->mode & S_IFMT, node->rdev), "mknod",
		     node->name);
	}
}

static void write_attributes(int directory, const struct node *node)
{
	struct timespec times[2] = { node->mtime, node->mtime };

	must(fchownat(directory, node->name, node->uid, node->gid, AT_SYMLINK_NOFOLLOW), "chown",
	     node->name);
	for (size_t i = 0; i < node->xattr_count; i++)
		set_xattr(directory, node->name, node->xattrs[i].name, node->xattrs[i].value,
			  node->xattrs[i].size);
	if (!S_ISLNK(node->mode))
		must(fchmodat(directory, node->name, node->mode & 07777, 0), "chmod", node->name);
	must(utimensat(directory, node->name, times, AT_SYMLINK_NOFOLLOW), "utimens", node->name);
}

/* Makes one more name if the file exists, and remembers the path of the first. True when it did. */
static bool write_link(const struct writer *writer, int directory, struct node *node,
		       const char *path)
{
	struct node *first = node_first_name(node->origin ? node->origin : node);

	if (!first->plain) {
		first->plain = arena_string(writer->arena, path);
		return false;
	}
	must(linkat(writer->root, first->plain, directory, node->name, 0), "link", node->name);
	return true;
}

static void write_children(const struct writer *writer, int directory, struct node *node,
			   const char *path);

static void write_node(const struct writer *writer, int directory, struct node *node,
		       const char *parent_path)
{
	char path[LINK_PATH_SIZE];
	struct node object = *node;
	int fd;

	(void)snprintf(path, sizeof(path), "%s%s%s", parent_path, *parent_path ? "/" : "",
		       node->name);
	if (S_ISDIR(node->mode)) {
		write_object(directory, node);
		fd = openat(directory, node->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		must(fd, "open", node->name);
		write_children(writer, fd, node, path);
		(void)close(fd);
		write_attributes(directory, node);
		return;
	}
	if (write_link(writer, directory, node, path))
		return;
	/* Another name of the same may come first in the merged tree. */
	object = *node_first_name(node->origin ? node->origin : node);
	object.name = node->name;
	write_object(directory, &object);
	write_attributes(directory, &object);
}

static void write_children(const struct writer *writer, int directory, struct node *node,
			   const char *path)
{
	for (size_t i = 0; i < node->child_count; i++) {
		struct node *child = node->children[i];

		if (child->whiteout)
			write_whiteout(writer, directory, child->name, node->opaque);
		else
			write_node(writer, directory, child, path);
		/* On a layer; the merged tree has no whiteouts. */
		if (!node->origin && child->replaces)
			write_prefix_whiteout(directory, child->name);
	}
	if (!node->origin && node->opaque)
		write_opaque(writer, directory);
}

static void forget_links(struct node *node)
{
	/* The first name may be one that is in no tree: left out, or hidden by its namesake. */
	node_first_name(node)->plain = NULL;
	for (size_t i = 0; i < node->child_count; i++)
		forget_links(node->children[i]);
}

static void write_root_attributes(int directory, const struct node *root)
{
	struct timespec times[2] = { root->mtime, root->mtime };

	must(fchmod(directory, root->mode & 07777), "chmod", "root");
	must(futimens(directory, times), "utimens", "root");
}

void write_layer(const struct layer_tree *layer, int directory)
{
	struct arena arena = { 0 };
	struct writer writer = { .dialect = layer->dialect, .root = directory, .arena = &arena };

	forget_links(layer->root);
	write_children(&writer, directory, layer->root, "");
	if (layer->bookkeeping) {
		must(mkdirat(directory, ".wh..wh.plnk", 0700), "mkdir", ".wh..wh.plnk");
		touch(directory, ".wh..wh.aufs");
	}
	write_root_attributes(directory, layer->root);
	forget_links(layer->root);
	arena_free(&arena);
}

/* A name that only the layer has still counts as a link of the file. */
static void write_hidden_links(const struct writer *writer, struct node *node)
{
	char name[32];

	for (size_t i = 0; i < node->child_count; i++) {
		struct node *child = node->children[i];
		const struct node *first = node_first_name(child);

		write_hidden_links(writer, child);
		if (child->visible || child->whiteout || !first->plain)
			continue;
		(void)snprintf(name, sizeof(name), "%u", child->number);
		must(linkat(writer->root, first->plain, writer->hidden, name, 0), "link", name);
	}
}

void write_merged(const struct stack *stack, int directory, int hidden)
{
	struct arena arena = { 0 };
	struct writer writer = { .root = directory, .hidden = hidden, .arena = &arena };

	for (unsigned i = 0; i < stack->layer_count; i++)
		forget_links(stack->layers[i].root);
	write_children(&writer, directory, stack->merged, "");
	for (unsigned i = 0; i < stack->layer_count; i++)
		write_hidden_links(&writer, stack->layers[i].root);
	write_root_attributes(directory, stack->merged);
	for (unsigned i = 0; i < stack->layer_count; i++)
		forget_links(stack->layers[i].root);
	arena_free(&arena);
}
