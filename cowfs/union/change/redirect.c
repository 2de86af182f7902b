/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/change/redirect.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "union/fs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void layer_parts_free(struct layer_parts *parts)
{
	for (unsigned i = 0; i < parts->count; i++)
		layer_dir_unref(parts->dirs[i]);
	free(parts->dirs);
	*parts = (struct layer_parts){ 0 };
}

/* Takes over one reference to dir, NULL meaning that there was no memory for it. */
static int parts_append(struct layer_parts *parts, struct layer_dir *dir)
{
	struct layer_dir **grown =
		reallocarray(parts->dirs, parts->count + 1U, sizeof(struct layer_dir *));

	if (grown)
		parts->dirs = grown;
	if (!grown || !dir) {
		layer_dir_unref(dir);
		return -ENOMEM;
	}
	parts->dirs[parts->count++] = dir;
	return 0;
}

int redirect_read(struct layer_dir *dir, char **ret_path)
{
	struct fd_cache *fds = dir->layer->fds;
	char path[REDIRECT_MAX + 1];
	struct cached_fd *fd;
	ssize_t length;
	int error = layer_dir_open(dir, &fd);

	if (error)
		return error;
	length = layer_get_control(dir->layer, fd->fd, NULL, CONTROL_REDIRECT, path, sizeof(path));
	fd_cache_release(fds, fd);
	*ret_path = NULL;
	if (length <= 0)
		return 0; /* none, or one that is not ours to understand */
	*ret_path = strdup(path);
	return *ret_path ? 0 : -ENOMEM;
}

/* Follows dir's own redirect, if any: 1 when parts have been appended from there. */
static int append_redirected(struct union_fs *fs, struct layer_dir *dir, struct layer_parts *parts)
{
	cleanup_free char *path = NULL;
	struct layer_parts further = { 0 };
	int error;

	if (!dir->layer->has_state)
		return 0;
	error = redirect_read(dir, &path);
	if (error || !path)
		return error;
	error = redirect_resolve(fs, dir->layer->index, path, &further);
	for (unsigned i = 0; !error && i < further.count; i++)
		error = parts_append(parts, layer_dir_ref(further.dirs[i]));
	layer_parts_free(&further);
	return error ? error : 1;
}

/*
 * What one layer's directory says of name: appends the directory it has there. Returns 1 when
 * nothing from deeper layers joins, 0 to go on, or -errno.
 */
static int step_in_layer(struct union_fs *fs, struct layer_dir *dir, const char *name,
			 struct layer_parts *parts)
{
	struct attributes attributes;
	struct layer_dir *child;
	unsigned whiteout = 0;
	int result = layer_dir_probe(dir, name, &attributes, &whiteout);

	if (result == -ENOENT)
		return whiteout != 0;
	if (result)
		return result;
	if (!S_ISDIR(attributes.mode))
		return 1;
	child = layer_dir_new(dir, name);
	result = parts_append(parts, child);
	if (!result)
		result = append_redirected(fs, child, parts);
	if (!result && whiteout)
		result = 1;
	return result ? result : layer_dir_is_opaque(child);
}

int redirect_step(struct union_fs *fs, const struct layer_parts *parts, const char *name,
		  struct layer_parts *ret_parts)
{
	struct layer_parts next = { 0 };
	int result = 0;

	for (unsigned i = 0; !result && i < parts->count; i++)
		result = step_in_layer(fs, parts->dirs[i], name, &next);
	if (result < 0) {
		layer_parts_free(&next);
		return result;
	}
	*ret_parts = next;
	return 0;
}

/* The roots of the layers below, down to an opaque one. */
static int append_roots(struct union_fs *fs, unsigned above, struct layer_parts *parts)
{
	int result = 0;

	for (unsigned i = above + 1; !result && i < fs->layer_count; i++) {
		result = parts_append(parts, layer_dir_ref(fs_layer(fs, i)->root));
		if (!result)
			result = layer_dir_is_opaque(fs_layer(fs, i)->root);
	}
	return result < 0 ? result : 0;
}

static int step_down(struct union_fs *fs, const char *name, struct layer_parts *parts)
{
	struct layer_parts next;
	int error;

	if (!confined_name_is_valid(name)) {
		layer_parts_free(parts);
		return 0;
	}
	error = redirect_step(fs, parts, name, &next);
	if (error)
		return error;
	layer_parts_free(parts);
	*parts = next;
	return 0;
}

int redirect_resolve(struct union_fs *fs, unsigned above, const char *path,
		     struct layer_parts *ret_parts)
{
	cleanup_free char *copy = strdup(path);
	struct layer_parts parts = { 0 };
	char *rest = copy, *name;
	int error = copy ? append_roots(fs, above, &parts) : -ENOMEM;

	while (!error && (name = strsep(&rest, "/")))
		if (*name)
			error = step_down(fs, name, &parts);
	if (error) {
		layer_parts_free(&parts);
		return error;
	}
	*ret_parts = parts;
	return 0;
}

/* Builds the path of dir's lower parts: its own redirect, or its parent's path and its name. */
static int lower_path(struct inode *dir, struct buffer *path)
{
	struct inode *ancestor = dir;

	/* Positions of directories do not change while topology is held. */
	for (; ancestor->parent; ancestor = ancestor->parent) {
		if (ancestor->directory->redirect)
			return buffer_prepend(path, ancestor->directory->redirect,
					      strlen(ancestor->directory->redirect));
		if (path->length > REDIRECT_MAX)
			return -ENAMETOOLONG;
		if (buffer_prepend(path, ancestor->name, strlen(ancestor->name)) < 0 ||
		    buffer_prepend(path, "/", 1) < 0)
			return -ENOMEM;
	}
	return 0;
}

int redirect_set(struct union_fs *fs, struct inode *dir)
{
	struct directory *directory = dir->directory;
	cleanup_buffer struct buffer path = BUFFER_INIT;
	struct cached_fd *fd;
	int error;

	if (directory->redirect || directory->opaque || !directory->lower_count)
		return 0;
	error = lower_path(dir, &path);
	if (error)
		return error;
	if (path.length > REDIRECT_MAX)
		return -ENAMETOOLONG;
	error = layer_dir_open(directory->upper, &fd);
	if (error)
		return error;
	error = layer_set_control(fs->upper, fd->fd, NULL, CONTROL_REDIRECT, buffer_string(&path));
	fd_cache_release(fs->fds, fd);
	if (!error)
		directory->redirect = steal_pointer(&path.data);
	return error;
}
