/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/copy_up/origin.h"

#include "union/fs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void origin_format(char record[ORIGIN_RECORD_MAX], const struct layer *layer, uint64_t inode)
{
	(void)snprintf(record, ORIGIN_RECORD_MAX, "%" PRIx64 ":%" PRIx64, layer->id, inode);
}

bool origin_scan(const char *record, uint64_t *ret_layer_id, uint64_t *ret_inode)
{
	char rest;

	return sscanf(record, "%" SCNx64 ":%" SCNx64 "%c", ret_layer_id, ret_inode, &rest) == 2;
}

/* Files that take no attribute of ours without privilege have their record in the index. */
static bool is_recorded_in_index(const struct layer *layer, mode_t mode)
{
	return layer->xattr_namespace != XATTR_NAMESPACE_TRUSTED && !S_ISREG(mode) &&
	       !S_ISDIR(mode);
}

static void index_name(char name[ORIGIN_RECORD_MAX], uint64_t upper_inode)
{
	(void)snprintf(name, ORIGIN_RECORD_MAX, "%" PRIx64 ".origin", upper_inode);
}

bool origin_scan_index_name(const char *name, uint64_t *ret_inode)
{
	char own_name[ORIGIN_RECORD_MAX];
	uint64_t inode;

	if (sscanf(name, "%" SCNx64, &inode) != 1)
		return false;
	index_name(own_name, inode);
	if (strcmp(name, own_name) != 0)
		return false;
	*ret_inode = inode;
	return true;
}

static ssize_t read_record(const struct union_fs *fs, const struct layer *layer, int directory,
			   const char *name, const struct attributes *attributes,
			   char record[ORIGIN_RECORD_MAX])
{
	char link[ORIGIN_RECORD_MAX];
	ssize_t length;

	if (!is_recorded_in_index(layer, attributes->mode))
		return layer_get_control(layer, directory, name, CONTROL_ORIGIN, record,
					 ORIGIN_RECORD_MAX);
	index_name(link, attributes->inode);
	length = readlinkat(fs->hard_links.index_fds[layer->index], link, record,
			    ORIGIN_RECORD_MAX - 1);
	if (length >= 0)
		record[length] = 0;
	return length;
}

static bool parse_record(const struct union_fs *fs, const char *record, struct origin *ret_origin)
{
	uint64_t id, inode;

	if (!origin_scan(record, &id, &inode))
		return false;
	for (unsigned i = 0; i < fs->layer_count; i++) {
		if (fs->layers[i]->id != id)
			continue;
		*ret_origin = (struct origin){ fs->layers[i], fs->layers[i]->device, inode };
		return true;
	}
	return false;
}

/* An upper with its state elsewhere has none of it in itself. */
static bool has_records(const struct union_fs *fs, const struct layer *layer)
{
	return layer->has_state || (layer->index == 0 && fs->work.state_fd >= 0);
}

struct origin origin_of(struct union_fs *fs, struct layer *layer, int directory, const char *name,
			const struct attributes *attributes)
{
	struct origin origin = { layer, attributes->device, attributes->inode };
	char record[ORIGIN_RECORD_MAX];

	if (has_records(fs, layer) &&
	    read_record(fs, layer, directory, name, attributes, record) > 0)
		(void)parse_record(fs, record, &origin);
	return origin;
}

void origin_record(struct union_fs *fs, int directory, const char *name,
		   const struct attributes *copy, const struct origin *origin)
{
	char record[ORIGIN_RECORD_MAX], link[ORIGIN_RECORD_MAX];

	origin_format(record, origin->layer, origin->inode);
	/* Without a record the number changes at the next mount; no reason to refuse the change. */
	if (!is_recorded_in_index(fs->upper, copy->mode)) {
		(void)layer_set_control(fs->upper, directory, name, CONTROL_ORIGIN, record);
		return;
	}
	index_name(link, copy->inode);
	(void)unlinkat(fs->work.index_fd, link, 0);
	(void)symlinkat(record, fs->work.index_fd, link);
}

void origin_forget(struct union_fs *fs, mode_t mode, uint64_t upper_inode)
{
	char link[ORIGIN_RECORD_MAX];

	if (!is_recorded_in_index(fs->upper, mode))
		return;
	index_name(link, upper_inode);
	(void)unlinkat(fs->work.index_fd, link, 0);
}
