/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "archive/commit.h"

#include "archive/commit_entry.h"
#include "archive/commit_list.h"
#include "base/buffer.h"
#include "layer/whiteout.h"
#include "union/look/hiding.h"

#include <string.h>

/* A directory that is being written. */
struct level {
	/* It, and what is below in its place or NULL; a reference each, except on the roots. */
	struct union_entry with, without;
	bool is_written; /* there is an entry for it; one that is the same gets it for something in it */
	struct commit_list list;
	size_t next;	    /* item */
	size_t path_length; /* of the directory */
};

struct walk {
	struct commit *commit;
	struct commit_unions unions;
	struct level *levels;
	size_t depth, capacity;
	struct buffer path; /* of the latest item, without a slash before it */
};

static int fail(const struct walk *walk, int error)
{
	return problem_set(walk->commit->problem, error, "\"/%s\": %s", buffer_string(&walk->path),
			   strerror(-error));
}

/* -- paths -- */

static void cut_path(struct walk *walk, size_t length)
{
	walk->path.length = length;
	if (walk->path.data)
		walk->path.data[length] = '\0';
}

static int append_name(struct walk *walk, const char *name)
{
	return buffer_append_format(&walk->path, "%s%s", walk->path.length ? "/" : "", name);
}

/* Whether name in the directory that walk->path is cut to is not to be written. */
static bool is_excluded(const struct walk *walk, const char *name)
{
	const struct layer_commit_options *options = walk->commit->options;
	size_t length = walk->path.length, slash = length > 0;

	for (size_t i = 0; i < options->excluded_count; i++) {
		const char *excluded = options->excluded[i];

		if (strncmp(excluded, buffer_string(&walk->path), length) == 0 &&
		    (!slash || excluded[length] == '/') &&
		    strcmp(excluded + length + slash, name) == 0)
			return true;
	}
	return false;
}

/* -- directories -- */

static int read_list(struct walk *walk, struct level *level)
{
	struct commit *commit = walk->commit;
	int error;

	if (walk->unions.below)
		error = commit_list_read_difference(&walk->unions, level->with.inode,
						    level->without.inode, &level->list);
	else
		error = commit_list_read(&walk->unions, level->with.inode, &level->list);
	if (error == -EXDEV)
		return problem_set(commit->problem, error,
				   "\"/%s\": was moved here from where the layers below have it: "
				   "they are needed to write it",
				   buffer_string(&walk->path));
	if (error)
		return fail(walk, error);
	if (level->list.sockets > 0 && commit->left_out == 0)
		(void)problem_set(commit->warning, 0,
				  "\"/%s\": has a socket in it, which a tar cannot hold",
				  buffer_string(&walk->path));
	commit->left_out += level->list.sockets;
	return 0;
}

static void level_free(const struct walk *walk, struct level *level)
{
	commit_list_free(&walk->unions, &level->list);
	if (level->with.inode)
		union_forget(walk->unions.layers, level->with.inode, 1);
	if (level->without.inode)
		union_forget(walk->unions.below, level->without.inode, 1);
}

static void leave(struct walk *walk)
{
	level_free(walk, &walk->levels[--walk->depth]);
}

static int make_room(struct walk *walk)
{
	size_t capacity = walk->capacity ? walk->capacity * 2 : 16;
	struct level *grown;

	if (walk->depth < walk->capacity)
		return 0;
	grown = reallocarray(walk->levels, capacity, sizeof(*grown));
	if (!grown)
		return fail(walk, -ENOMEM);
	walk->levels = grown;
	walk->capacity = capacity;
	return 0;
}

/* Enters the directory at walk->path, and takes over the references, also on failure. */
static int enter(struct walk *walk, struct level *directory)
{
	int error = make_room(walk);

	directory->path_length = walk->path.length;
	if (!error)
		error = read_list(walk, directory);
	if (error)
		level_free(walk, directory);
	else
		walk->levels[walk->depth++] = *directory;
	return error;
}

/* Writes entries for the directories that lead to the deepest level, if they have none yet. */
static int write_parents(struct walk *walk)
{
	cleanup_buffer struct buffer path = BUFFER_INIT;
	int error = 0;

	for (size_t i = 0; i < walk->depth && !error; i++) {
		struct level *level = &walk->levels[i];

		if (level->is_written)
			continue;
		buffer_clear(&path);
		error = buffer_append(&path, buffer_string(&walk->path), level->path_length);
		if (error)
			return fail(walk, error);
		error = commit_entry(walk->commit, walk->unions.layers, buffer_string(&path),
				     &level->with);
		level->is_written = true;
	}
	return error;
}

/* -- items -- */

static int write_marker(struct walk *walk, const char *name)
{
	int error = write_parents(walk);

	if (!error && append_name(walk, name) < 0)
		error = fail(walk, -ENOMEM);
	return error ? error : commit_marker(walk->commit, buffer_string(&walk->path));
}

static int write_found(struct walk *walk, struct commit_item *item)
{
	struct level directory = {
		.with = item->with,
		.without = item->without,
		.is_written = !item->is_same,
	};
	int error = item->is_same ? 0 : write_parents(walk);

	if (!error && append_name(walk, item->name) < 0)
		error = fail(walk, -ENOMEM);
	if (!error && !item->is_same)
		error = commit_entry(walk->commit, walk->unions.layers, buffer_string(&walk->path),
				     &item->with);
	if (!error && S_ISDIR(item->with.attributes.mode)) {
		/* Its level has the references now, and may have moved the item. */
		item->with.inode = item->without.inode = NULL;
		return enter(walk, &directory);
	}
	commit_item_forget(&walk->unions, item);
	return error;
}

static int write_name(struct walk *walk, const struct level *level, struct commit_item *item)
{
	int error = 0;

	if (!item->with.inode)
		error = union_lookup(walk->unions.layers, level->with.inode, item->name,
				     &item->with);
	if (error == -ENOENT)
		return 0; /* gone since it was listed */
	if (error) {
		(void)append_name(walk, item->name);
		return fail(walk, error);
	}
	return write_found(walk, item);
}

/* Writes the next item of the deepest directory. */
static int write_next(struct walk *walk)
{
	struct level *level = &walk->levels[walk->depth - 1];
	struct commit_item *item = &level->list.items[level->next++];

	cut_path(walk, level->path_length);
	if (is_excluded(walk, item->name + (item->is_marker ? strlen(WHITEOUT_PREFIX) : 0)))
		return 0;
	return item->is_marker ? write_marker(walk, item->name) : write_name(walk, level, item);
}

/* -- the whole -- */

static int write_root(struct walk *walk)
{
	const struct commit_unions *unions = &walk->unions;
	struct level root = { .with.inode = union_root(unions->layers), .is_written = true };
	int error = union_getattr(unions->layers, root.with.inode, &root.with.attributes);

	if (unions->below)
		root.without.inode = union_root(unions->below);
	if (error)
		return fail(walk, error);
	error = commit_entry(walk->commit, unions->layers, "", &root.with);
	return error ? error : enter(walk, &root);
}

/* Nothing of it may be lost: what only the layers below could tell must not be needed. */
static int check_alone(const struct commit_unions *unions, struct problem *problem)
{
	if (unions->below || unions->flatten ||
	    !union_links_reach_beyond(unions->layers, union_layer_count(unions->layers)))
		return 0;
	return problem_set(problem, -EXDEV,
			   "a file that has other names in the layers below was changed: they are "
			   "needed to write it under all of them");
}

static int write_tree(struct commit *commit)
{
	const struct layer_commit_options *options = commit->options;
	struct walk walk = {
		.commit = commit,
		.unions = {
			.layers = options->layers,
			.below = options->below,
			.flatten = options->flatten,
		},
	};
	int error = check_alone(&walk.unions, commit->problem);

	if (options->below)
		difference_init(&walk.unions.difference, options->layers, options->below);
	if (!error)
		error = write_root(&walk);
	while (!error && walk.depth > 0) {
		const struct level *level = &walk.levels[walk.depth - 1];

		if (level->next < level->list.count)
			error = write_next(&walk);
		else
			leave(&walk);
	}
	while (walk.depth > 0)
		leave(&walk);
	free(walk.levels);
	buffer_free(&walk.path);
	return error;
}

static int write_archive(struct commit *commit, int fd, struct tar_summary *ret_summary)
{
	const struct layer_commit_options *options = commit->options;
	CLEANUP(tar_writer_close) struct tar_writer *writer = NULL;
	int error = tar_writer_open(fd, options->compression, &options->progress, &writer,
				    commit->problem);

	commit->writer = writer;
	if (!error)
		error = write_tree(commit);
	return error ? error : tar_writer_finish(writer, ret_summary, commit->problem);
}

int layer_commit(const struct layer_commit_options *options, int fd,
		 struct layer_commit_result *ret_result, struct problem *problem,
		 struct problem *warning)
{
	struct commit commit = { .options = options, .problem = problem, .warning = warning };
	struct layer_commit_result result = { 0 };
	int error = write_archive(&commit, fd, &result.archive);

	result.left_out = commit.left_out;
	link_table_free(&commit.links);
	if (!error)
		*ret_result = result;
	return error;
}
