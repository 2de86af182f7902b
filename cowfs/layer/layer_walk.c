/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layer/layer_walk.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

struct walk {
	layer_walk_function *function;
	void *context;
	struct layer_dir **stack; /* directories still to be read, with a reference on each */
	size_t count;
	struct layer_dir *dir; /* what is being read, and its descriptor */
	int fd;
	int result; /* of the function */
};

static int push(struct walk *walk, struct layer_dir *dir)
{
	struct layer_dir **stack = walk->stack;

	if (!dir)
		return -ENOMEM;
	if ((walk->count & (walk->count - 1)) == 0) /* full at powers of two */
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
	struct layer_walk_entry found = { walk->dir, walk->fd, entry->name, { 0 } };

	if (entry->whiteout)
		return 0;
	if (entry->type == DT_DIR)
		return push(walk, layer_dir_new(walk->dir, entry->name));
	if (layer_stat_raw(walk->fd, entry->name, &found.attributes) != 0)
		return 0;
	walk->result = walk->function(walk->context, &found);
	return walk->result;
}

static int read_directory(struct walk *walk)
{
	struct fd_cache *fds = walk->dir->layer->fds;
	struct cached_fd *fd;
	bool opaque;
	int error = layer_dir_open(walk->dir, &fd);

	if (!error) {
		walk->fd = fd->fd;
		error = layer_dir_read(walk->dir, visit, walk, &opaque);
		fd_cache_release(fds, fd);
	}
	if (walk->result)
		return walk->result;
	return error == -ENOMEM || error == -EIO ? error : 0;
}

int layer_walk(struct layer *layer, layer_walk_function *function, void *context)
{
	struct walk walk = { .function = function, .context = context };
	int result = push(&walk, layer_dir_ref(layer->root));

	while (!result && walk.count) {
		walk.dir = walk.stack[--walk.count];
		result = read_directory(&walk);
		layer_dir_unref(walk.dir);
	}
	while (walk.count)
		layer_dir_unref(walk.stack[--walk.count]);
	free(walk.stack);
	return result;
}
