/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/look/hiding.h"

#include "base/cleanup.h"
#include "union/change/redirect.h"
#include "union/directory/directory.h"
#include "union/fs.h"

#include <errno.h>

struct reading {
	const struct inode *dir;
	struct union_hiding *hiding;
};

static int take_whiteout(void *context, const struct layer_entry *entry)
{
	const struct reading *reading = context;

	if (entry->whiteout == WHITEOUT_FORM_NONE || directory_find(reading->dir, entry->name))
		return 0;
	return string_list_add(&reading->hiding->names, entry->name);
}

static int read_part(struct reading *reading, struct layer_dir *part)
{
	cleanup_free char *redirect = NULL;
	bool opaque;
	int error = layer_dir_read(part, take_whiteout, reading, &opaque);

	if (error)
		return error == -EXDEV ? 0 : error;
	reading->hiding->opaque = reading->hiding->opaque || opaque;
	if (!part->layer->has_state)
		return 0;
	error = redirect_read(part, &redirect);
	reading->hiding->redirected = reading->hiding->redirected || redirect;
	return error;
}

/* With the directory locked, so that its parts are final. */
static int read_parts(struct inode *dir, unsigned layers, struct union_hiding *hiding)
{
	struct reading reading = { .dir = dir, .hiding = hiding };
	const struct directory *directory = dir->directory;
	int error = 0;

	if (directory->upper)
		error = read_part(&reading, directory->upper);
	for (unsigned i = 0; i < directory->lower_count && !error; i++) {
		if (directory->lowers[i]->layer->index >= layers)
			break;
		error = read_part(&reading, directory->lowers[i]);
	}
	return error;
}

/* Whether a whiteout or a file of its name, in one of the layers where its parent is, ended the merge. */
static int is_closed(struct union_fs *fs, struct inode *dir, unsigned layers, bool *ret_closed)
{
	const struct listing_entry *entry;
	struct position position;
	int error = position_get(fs, dir, &position);

	*ret_closed = false;
	if (error)
		return error == -ENOENT ? 0 : error; /* the root */
	error = directory_lock(fs, position.parent, false);
	if (!error) {
		entry = directory_find(position.parent, position.name);
		if (entry)
			*ret_closed = entry->closed_by < layers || entry->whiteout;
		directory_unlock(position.parent);
	}
	position_release(fs, &position);
	return error;
}

int union_read_hiding(struct union_fs *fs, struct inode *dir, unsigned layers,
		      struct union_hiding *ret_hiding)
{
	struct union_hiding hiding = { .names = STRING_LIST_INIT };
	int error;

	if (!inode_is_directory(dir))
		return -ENOTDIR;
	error = is_closed(fs, dir, layers, &hiding.opaque);
	if (!error)
		error = directory_lock(fs, dir, false);
	if (!error) {
		error = read_parts(dir, layers, &hiding);
		directory_unlock(dir);
	}
	if (error)
		union_hiding_free(&hiding);
	else
		*ret_hiding = hiding;
	return error;
}

void union_hiding_free(struct union_hiding *hiding)
{
	string_list_free(&hiding->names);
}

bool union_links_reach_beyond(struct union_fs *fs, unsigned layers)
{
	for (unsigned i = 0; i < layers && i < fs->layer_count; i++) {
		if (hard_links_reach_beyond(fs, fs_layer(fs, i)))
			return true;
	}
	return false;
}
