/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Renaming: what moves is brought into the upper first, whole or with a redirect, then moved there
 * (rename_disk.h), and last everybody who remembers a name is told.
 */
#include "base/cleanup.h"
#include "union/change/names.h"
#include "union/change/redirect.h"
#include "union/change/rename_disk.h"
#include "union/copy_up/copy_up.h"
#include "union/directory/directory.h"
#include "union/directory/times.h"
#include "union/fs.h"

#include <dirent.h>
#include <string.h>

/* -- before anything is locked -- */

static int find_end(struct union_fs *fs, struct rename_end *end)
{
	int error = union_lookup(fs, end->dir, end->name, &end->found);

	if (error)
		end->found.inode = NULL;
	return error == -ENOENT ? 0 : error;
}

static int check(const struct rename_move *move)
{
	const struct inode *from = move->from.found.inode, *to = move->to.found.inode;

	if (!from || (rename_is_exchange(move) && !to))
		return -ENOENT;
	if (to && (move->flags & RENAME_NOREPLACE))
		return -EEXIST;
	if (!to || rename_is_exchange(move))
		return 0;
	if (inode_is_directory(from) != inode_is_directory(to))
		return inode_is_directory(to) ? -EISDIR : -ENOTDIR;
	return 0;
}

/* Makes a directory ready to move without losing what it shows from lower layers. */
static int prepare_directory(struct union_fs *fs, struct inode *dir)
{
	int error;

	/* Reading it tells which lower parts it really has. */
	error = directory_lock(fs, dir, false);
	if (error)
		return error;
	directory_unlock(dir);
	if (!dir->directory->lower_count || dir->directory->opaque)
		return 0;
	if (fs->redirect == REDIRECT_ON) {
		/* For writing: others who build paths read the redirects of what leads to them. */
		pthread_rwlock_wrlock(&fs->topology);
		error = redirect_set(fs, dir);
		pthread_rwlock_unlock(&fs->topology);
		if (!error)
			return 0;
	}
	return copy_up_tree(fs, dir);
}

static int prepare(struct union_fs *fs, struct inode *inode)
{
	int error = copy_up(fs, inode, COPY_WHOLE);

	return error || !inode_is_directory(inode) ? error : prepare_directory(fs, inode);
}

/* -- with everything locked -- */

static int open_end(struct union_fs *fs, struct rename_end *end)
{
	struct listing_entry *entry;
	int error;

	if (end->dir->directory->removed)
		return -ENOENT;
	entry = directory_obtain_entry(fs, end->dir, end->name);
	if (!entry)
		return -ENOMEM;
	/* Somebody was faster: the caller's view of the names is stale. */
	if (listing_entry_is_visible(entry) != (end->found.inode != NULL))
		return -ESTALE;
	error = end->found.inode ? names_look_again(fs, end->dir, entry, &end->found) : 0;
	if (error)
		return error;
	end->entry = *entry;
	return layer_dir_open(end->dir->directory->upper, &end->fd);
}

static void set_entry(const struct rename_end *end, uint8_t type, unsigned whiteout)
{
	struct listing_entry *entry = listing_find(end->dir->directory->listing, end->name);

	directory_set_entry(end->dir, entry, type, whiteout);
}

/* One of several names of a copied-up file may not be in the upper yet: what moves must be. */
static int bring_name_up(struct union_fs *fs, struct rename_end *end)
{
	int error;

	if (end->entry.upper_type || inode_is_directory(end->found.inode))
		return 0;
	error = link_bring_up(fs, end->found.inode, end->fd->fd, end->name);
	if (error)
		return error;
	set_entry(end, end->found.inode->type, end->entry.whiteout);
	end->entry.upper_type = end->found.inode->type;
	return 0;
}

/* A directory without redirect that comes to stand over a lower one must not merge with it. */
static int separate(struct union_fs *fs, struct inode *inode, const struct rename_end *place)
{
	if (!inode_is_directory(inode) || inode->directory->redirect ||
	    place->entry.lower_type != DT_DIR)
		return 0;
	return directory_make_opaque(fs, inode);
}

/* -- what the union remembers -- */

static struct doomed_name doomed_by(const struct rename_move *move)
{
	return (struct doomed_name){
		.inode = move->to.found.inode,
		.dir = move->to.dir,
		.name = move->to.name,
		.links = move->to.found.attributes.links,
		.was_upper_name = move->to.entry.upper_type != 0,
	};
}

static int prepare_target(const struct rename_move *move)
{
	struct doomed_name doomed = doomed_by(move);

	if (!doomed.inode)
		return 0;
	return inode_is_directory(doomed.inode) ? names_prepare_rmdir(move->fs, doomed.inode)
						: names_prepare_removal(move->fs, &doomed);
}

static void finish_target(const struct rename_move *move)
{
	struct doomed_name doomed = doomed_by(move);

	if (!doomed.inode)
		return;
	if (inode_is_directory(doomed.inode))
		names_finish_rmdir(move->fs, doomed.inode);
	else
		names_finish_removal(move->fs, &doomed);
}

/* What moves has changed, too. */
static void note_change(struct inode *inode)
{
	if (inode_is_directory(inode))
		directory_times_changed(inode);
}

/* -- the two kinds of rename -- */

static int move_over(struct rename_move *move)
{
	struct union_fs *fs = move->fs;
	struct inode *inode = move->from.found.inode;
	cleanup_free char *name = strdup(move->to.name);
	int error = name ? prepare_target(move) : -ENOMEM;

	move->whiteout = (move->from.entry.lower_type && !move->from.entry.whiteout) ||
			 (move->flags & RENAME_WHITEOUT);
	if (!error)
		error = separate(fs, inode, &move->to);
	if (!error)
		error = rename_disk_move(move);
	if (error)
		return error;
	set_entry(&move->to, inode->type, 0);
	set_entry(&move->from, 0, move->from.entry.whiteout | move->form);
	finish_target(move);
	note_change(inode);
	position_move(fs, inode, move->to.dir, &name);
	return 0;
}

static int exchange(struct rename_move *move)
{
	struct union_fs *fs = move->fs;
	struct inode *from = move->from.found.inode, *to = move->to.found.inode;
	cleanup_free char *from_name = strdup(move->from.name);
	cleanup_free char *to_name = strdup(move->to.name);
	int error = from_name && to_name ? separate(fs, from, &move->to) : -ENOMEM;

	if (!error)
		error = separate(fs, to, &move->from);
	if (!error)
		error = rename_disk_exchange(move);
	if (error)
		return error;
	set_entry(&move->to, from->type, move->to.entry.whiteout);
	set_entry(&move->from, to->type, move->from.entry.whiteout);
	note_change(from);
	note_change(to);
	position_move(fs, from, move->to.dir, &to_name);
	position_move(fs, to, move->from.dir, &from_name);
	return 0;
}

/* The entry made for a new name that did not come to be. */
static void drop_unused_entry(const struct rename_end *end)
{
	struct listing_entry *entry = listing_find(end->dir->directory->listing, end->name);

	if (entry && !entry->upper_type)
		directory_set_entry(end->dir, entry, 0, entry->whiteout);
}

static int rename_locked(struct rename_move *move)
{
	struct union_fs *fs = move->fs;
	int error = open_end(fs, &move->from);

	if (!error)
		error = open_end(fs, &move->to);
	if (!error)
		error = bring_name_up(fs, &move->from);
	if (!error && rename_is_exchange(move))
		error = bring_name_up(fs, &move->to);
	if (!error)
		error = rename_is_exchange(move) ? exchange(move) : move_over(move);
	if (error)
		drop_unused_entry(&move->to);
	fd_cache_release(fs->fds, move->from.fd);
	fd_cache_release(fs->fds, move->to.fd);
	return error;
}

/* In a directory that has another parent now, ".." stands for another one. */
static void tell_moved(const struct rename_move *move)
{
	if (move->from.dir == move->to.dir)
		return;
	if (inode_is_directory(move->from.found.inode))
		fs_tell(move->fs, move->from.found.inode, STALE_LISTING);
	if (rename_is_exchange(move) && inode_is_directory(move->to.found.inode))
		fs_tell(move->fs, move->to.found.inode, STALE_LISTING);
}

static int lock_and_rename(struct rename_move *move)
{
	struct inode *from = move->from.found.inode, *to = move->to.found.inode;
	bool moves_directory = inode_is_directory(from) || (to && inode_is_directory(to));
	struct inode *target =
		to && inode_is_directory(to) && !rename_is_exchange(move) ? to : NULL;
	struct inode *dirs[] = { move->from.dir, move->to.dir, target };
	int error;

	if (moves_directory)
		pthread_rwlock_wrlock(&move->fs->topology);
	names_lock_files(from, to);
	error = directory_lock_all(move->fs, dirs, 3);
	if (!error) {
		error = rename_locked(move);
		directory_unlock_all(dirs, 3);
	}
	names_unlock_files(from, to);
	if (moves_directory)
		pthread_rwlock_unlock(&move->fs->topology);
	if (!error)
		tell_moved(move);
	return error;
}

static int prepare_and_rename(struct rename_move *move)
{
	struct union_fs *fs = move->fs;
	int error = check(move);

	/* Two names of one file: POSIX wants nothing to happen. */
	if (error || move->from.found.inode == move->to.found.inode)
		return error;
	error = copy_up(fs, move->from.dir, COPY_WHOLE);
	if (!error)
		error = copy_up(fs, move->to.dir, COPY_WHOLE);
	if (!error)
		error = prepare(fs, move->from.found.inode);
	if (!error && rename_is_exchange(move))
		error = prepare(fs, move->to.found.inode);
	return error ? error : lock_and_rename(move);
}

int union_rename(struct union_fs *fs, struct inode *from_dir, const char *from,
		 struct inode *to_dir, const char *to, unsigned flags)
{
	struct rename_move move = {
		.fs = fs,
		.from = { .dir = from_dir, .name = from },
		.to = { .dir = to_dir, .name = to },
		.flags = flags,
	};
	int error = names_check_old(fs, from_dir, from);

	if (!error)
		error = names_check_new(fs, to_dir, to);
	if (flags & ~(unsigned)(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT) ||
	    (rename_is_exchange(&move) && flags != RENAME_EXCHANGE))
		error = -EINVAL;
	if (!error)
		error = find_end(fs, &move.from);
	if (!error)
		error = find_end(fs, &move.to);
	if (!error)
		error = prepare_and_rename(&move);
	if (move.from.found.inode)
		inode_unref(fs, move.from.found.inode, 1);
	if (move.to.found.inode)
		inode_unref(fs, move.to.found.inode, 1);
	return error;
}
