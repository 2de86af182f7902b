/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/change/rename_disk.h"

#include "union/fs.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static bool prefix_fits(const struct union_fs *fs, const char *name)
{
	char prefixed[NAME_MAX + 1];

	return fs->upper->dialect == WHITEOUT_AUFS && whiteout_prefixed_name(name, prefixed) == 0;
}

/* In prefix form the whiteout can stand beside the name, and comes first. */
static int put_prefix_first(struct rename_move *move)
{
	struct rename_end *from = &move->from;
	char trash[WORK_NAME_MAX];

	if (!move->whiteout || !prefix_fits(move->fs, from->name))
		return 0;
	work_new_name(&move->fs->work, trash);
	return whiteout_put(move->fs->upper, from->fd->fd, from->name, TARGET_ABSENT,
			    move->fs->work.fd, trash, &move->form);
}

/* Undoes put_prefix_first() when the rename failed. */
static void take_prefix_back(const struct rename_move *move)
{
	char prefixed[NAME_MAX + 1];

	if (move->form == WHITEOUT_FORM_PREFIX && !(move->from.entry.whiteout & move->form) &&
	    whiteout_prefixed_name(move->from.name, prefixed) == 0)
		(void)unlinkat(move->from.fd->fd, prefixed, 0);
}

/* Where a directory stands from now on, for those who open what is in it. */
static void add_place(struct layer_dir_place *places, size_t *count, const struct inode *inode,
		      const struct rename_end *to)
{
	if (!inode_is_directory(inode))
		return;
	places[(*count)++] = (struct layer_dir_place){
		.dir = inode->directory->upper,
		.parent = to->dir->directory->upper,
		.name = to->name,
	};
}

/* home is the end at which what moves will stand. */
static int rename_on_disk(const struct rename_move *move, unsigned flags,
			  const struct rename_end *home)
{
	const struct rename_end *away = home == &move->to ? &move->from : &move->to;
	struct layer_dir_place places[LAYER_DIR_PLACES];
	size_t count = 0;

	add_place(places, &count, move->from.found.inode, home);
	if (rename_is_exchange(move))
		add_place(places, &count, move->to.found.inode, away);
	return layer_dir_rename(move->fs->upper, away->fd->fd, away->name, home->fd->fd, home->name,
				flags, places, count);
}

/* What the exchange brought to the old name goes; a whiteout in its place, if one is needed still. */
static int clear_old_name(struct rename_move *move, enum whiteout_target target)
{
	struct union_fs *fs = move->fs;
	bool node_needed = move->whiteout && !move->form;
	char trash[WORK_NAME_MAX];
	int error = 0;

	work_new_name(&fs->work, trash);
	if (node_needed) /* also where a whiteout came: one that is a file only counts in its directory */
		error = whiteout_put(fs->upper, move->from.fd->fd, move->from.name, target,
				     fs->work.fd, trash, &move->form);
	else if (target == TARGET_DIRECTORY)
		error = renameat(move->from.fd->fd, move->from.name, fs->work.fd, trash) < 0
				? -errno
				: 0;
	else
		error = unlinkat(move->from.fd->fd, move->from.name, 0) < 0 ? -errno : 0;
	if (target == TARGET_DIRECTORY && !error)
		work_discard(&fs->work, trash);
	return error;
}

/* Where the file system cannot leave a whiteout by itself, there is a moment without one. */
static int rename_then_whiteout(struct rename_move *move)
{
	bool over_nothing =
		!move->to.entry.upper_type && !(move->to.entry.whiteout & WHITEOUT_FORM_NODE);
	char trash[WORK_NAME_MAX];
	int error = rename_on_disk(move, 0, &move->to);

	if (error)
		return error;
	work_new_name(&move->fs->work, trash);
	error = whiteout_put(move->fs->upper, move->from.fd->fd, move->from.name, TARGET_ABSENT,
			     move->fs->work.fd, trash, &move->form);
	if (error && over_nothing)
		(void)rename_on_disk(move, 0, &move->from);
	return error;
}

static int rename_with_whiteout(struct rename_move *move)
{
	int error = rename_on_disk(move, RENAME_WHITEOUT, &move->to);

	if (error == -EINVAL || error == -EPERM)
		return rename_then_whiteout(move);
	if (!error)
		move->form = WHITEOUT_FORM_NODE;
	return error;
}

/* Moves over whatever the upper has under the new name. */
static int replace(struct rename_move *move)
{
	bool is_directory = inode_is_directory(move->from.found.inode);
	bool over_node = move->to.entry.whiteout & WHITEOUT_FORM_NODE;
	int error;

	if (!(is_directory && over_node)) {
		error = move->whiteout && !move->form ? rename_with_whiteout(move)
						      : rename_on_disk(move, 0, &move->to);
		if (error != -ENOTEMPTY && error != -EEXIST)
			return error;
	}
	/* A directory over a node, or over one that only holds whiteouts: neither is ever missing. */
	error = rename_on_disk(move, RENAME_EXCHANGE, &move->to);
	if (error)
		return error;
	error = clear_old_name(move, over_node ? TARGET_FILE : TARGET_DIRECTORY);
	if (error)
		(void)rename_on_disk(move, RENAME_EXCHANGE, &move->from);
	return error;
}

static void remove_prefix_at_new_name(const struct rename_move *move)
{
	char prefixed[NAME_MAX + 1];

	if ((move->to.entry.whiteout & WHITEOUT_FORM_PREFIX) &&
	    whiteout_prefixed_name(move->to.name, prefixed) == 0)
		(void)unlinkat(move->to.fd->fd, prefixed, 0);
}

int rename_disk_move(struct rename_move *move)
{
	int error = put_prefix_first(move);

	if (error)
		return error;
	error = replace(move);
	if (error)
		take_prefix_back(move);
	else
		remove_prefix_at_new_name(move);
	return error;
}

int rename_disk_exchange(struct rename_move *move)
{
	return rename_on_disk(move, RENAME_EXCHANGE, &move->to);
}
