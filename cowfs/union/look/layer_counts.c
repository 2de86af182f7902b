/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/look/layer_counts.h"

#include "base/number_set.h"
#include "union/fs.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

struct layer_counting {
	struct union_fs *fs;
	struct layer_counts counts;
	struct number_set seen;	    /* inodes with several names that were counted already */
	struct layer_dir **pending; /* directories still to be read, a reference each */
	size_t pending_count, pending_capacity;
	struct layer_dir *dir; /* the one that is being read */
	int fd;
};

/* Takes over the reference, also on failure; NULL: there was no memory for it. */
static int push(struct layer_counting *counting, struct layer_dir *dir)
{
	struct layer_dir **grown = counting->pending;

	if (dir && counting->pending_count == counting->pending_capacity) {
		size_t capacity = counting->pending_capacity ? counting->pending_capacity * 2 : 16;

		grown = reallocarray(counting->pending, capacity, sizeof(*grown));
		if (grown) {
			counting->pending = grown;
			counting->pending_capacity = capacity;
		}
	}
	if (!dir || !grown) {
		layer_dir_unref(dir);
		return -ENOMEM;
	}
	counting->pending[counting->pending_count++] = dir;
	return 0;
}

static int count_object(struct layer_counting *counting, const char *name)
{
	struct layer_counts *counts = &counting->counts;
	struct attributes attributes;
	int error = layer_stat_raw(counting->fd, name, &attributes), new = 1;

	if (error)
		return error == -ENOENT ? 0 : error; /* gone meanwhile */
	counts->entries++;
	if (!S_ISDIR(attributes.mode) && attributes.links > 1)
		new = number_set_add(&counting->seen, attributes.inode);
	if (new <= 0)
		return new;
	counts->disk_bytes += attributes.blocks * 512;
	if (S_ISREG(attributes.mode))
		counts->bytes += attributes.size;
	if (!S_ISDIR(attributes.mode))
		return 0;
	counts->directories++;
	return push(counting, layer_dir_new(counting->dir, name));
}

static int count_entry(void *context, const struct layer_entry *entry)
{
	struct layer_counting *counting = context;

	if (entry->whiteout == WHITEOUT_FORM_PREFIX)
		counting->counts.prefix_whiteouts++;
	else if (entry->whiteout)
		counting->counts.node_whiteouts++;
	else
		return count_object(counting, entry->name);
	return 0;
}

static int count_directory(struct layer_counting *counting)
{
	struct attributes marker;
	struct cached_fd *fd;
	bool opaque = false;
	int error = layer_dir_open(counting->dir, &fd);

	if (error)
		return error;
	counting->fd = fd->fd;
	error = layer_dir_read(counting->dir, count_entry, counting, &opaque);
	if (!error && opaque) {
		if (layer_stat_raw(fd->fd, WHITEOUT_OPAQUE, &marker) == 0)
			counting->counts.marker_opaques++;
		else
			counting->counts.attribute_opaques++;
	}
	fd_cache_release(counting->fs->fds, fd);
	return error;
}

int layer_counting_begin(struct union_fs *fs, unsigned layer, struct layer_counting **ret_counting)
{
	struct layer_counting *counting = calloc(1, sizeof(*counting));
	int error = counting ? 0 : -ENOMEM;

	if (!error) {
		counting->fs = fs;
		error = push(counting, layer_dir_ref(fs_layer(fs, layer)->root));
	}
	if (error) {
		layer_counting_end(counting);
		return error;
	}
	*ret_counting = counting;
	return 0;
}

int layer_counting_step(struct layer_counting *counting)
{
	int error;

	if (!counting->pending_count)
		return 0;
	counting->dir = counting->pending[--counting->pending_count];
	error = count_directory(counting);
	counting->dir = layer_dir_unref(counting->dir);
	switch (error) {
	case 0:
	case -ENOENT: /* gone or replaced meanwhile, or another file system is mounted there */
	case -ENOTDIR:
	case -ELOOP:
	case -EXDEV:
		break;
	case -EACCES:
	case -EPERM:
		counting->counts.unreadable++;
		break;
	default:
		return error;
	}
	return counting->pending_count > 0;
}

const struct layer_counts *layer_counting_counts(const struct layer_counting *counting)
{
	return &counting->counts;
}

void layer_counting_end(struct layer_counting *counting)
{
	if (!counting)
		return;
	for (size_t i = 0; i < counting->pending_count; i++)
		layer_dir_unref(counting->pending[i]);
	free(counting->pending);
	number_set_free(&counting->seen);
	free(counting);
}
