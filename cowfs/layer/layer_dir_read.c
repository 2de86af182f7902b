/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of layer_dir.h: what a directory holds, with the whiteouts of every dialect. */
#include "base/cleanup.h"
#include "base/confined.h"
#include "layer/layer_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* WHITEOUT_MARKER_ bits of the directory that fd refers to. */
static unsigned read_markers(const struct layer *layer, int fd)
{
	return layer->xattr_namespace == XATTR_NAMESPACE_NONE ? 0 : whiteout_read_markers(fd);
}

int layer_dir_is_opaque(struct layer_dir *dir)
{
	struct fd_cache *fds = dir->layer->fds;
	struct attributes marker;
	struct cached_fd *cached;
	int error = layer_dir_open(dir, &cached), result;

	if (error)
		return error;
	error = layer_stat_raw(cached->fd, WHITEOUT_OPAQUE, &marker);
	if (error == 0)
		result = 1;
	else if (error == -ENOENT)
		result = (read_markers(dir->layer, cached->fd) & WHITEOUT_MARKER_OPAQUE) != 0;
	else
		result = error;
	fd_cache_release(fds, cached);
	return result;
}

/* -- reading all of it -- */

struct reading {
	const struct layer *layer;
	int fd;
	unsigned markers;
	layer_entry_function *function;
	void *context;
};

/* Whether the kernel's type for the name says less than the disk does. */
static bool needs_stat(const struct reading *reading, unsigned char type)
{
	if (type == DT_REG)
		return (reading->markers & WHITEOUT_MARKER_ATTRIBUTES) ||
		       reading->layer->ownership->xattr_permissions != XATTR_PERMISSIONS_OFF;
	return type != DT_DIR && type != DT_LNK && type != DT_FIFO && type != DT_SOCK &&
	       type != DT_BLK;
}

static int report_real(const struct reading *reading, const struct dirent *dirent)
{
	struct layer_entry entry = { .name = dirent->d_name, .type = dirent->d_type };
	struct attributes attributes;
	int error;

	if (needs_stat(reading, dirent->d_type)) {
		error = layer_stat_raw(reading->fd, entry.name, &attributes);
		if (error == -ENOENT) /* removed since it was read */
			return 0;
		if (error)
			return error;
		if (attributes_are_whiteout(&attributes) ||
		    ((reading->markers & WHITEOUT_MARKER_ATTRIBUTES) &&
		     whiteout_is_node(reading->fd, entry.name, &attributes))) {
			entry.whiteout = WHITEOUT_FORM_NODE;
			entry.type = DT_UNKNOWN;
		} else {
			layer_interpret(reading->layer, reading->fd, entry.name, &attributes);
			entry.type = (unsigned char)IFTODT(attributes.mode);
		}
	}
	return reading->function(reading->context, &entry);
}

static int report(struct reading *reading, const struct dirent *dirent)
{
	const size_t prefix = strlen(WHITEOUT_PREFIX);
	struct layer_entry whiteout = {
		.type = DT_UNKNOWN,
		.whiteout = WHITEOUT_FORM_PREFIX,
	};

	/* A network or FUSE server below us is no more to be trusted than a layer. */
	if (!confined_name_is_valid(dirent->d_name))
		return 0;
	if (!whiteout_name_is_reserved(dirent->d_name))
		return report_real(reading, dirent);
	if (strcmp(dirent->d_name, WHITEOUT_OPAQUE) == 0)
		reading->markers |= WHITEOUT_MARKER_OPAQUE;
	if (strncmp(dirent->d_name, WHITEOUT_META_PREFIX, strlen(WHITEOUT_META_PREFIX)) == 0)
		return 0;
	whiteout.name = dirent->d_name + prefix;
	return confined_name_is_valid(whiteout.name)
		       ? reading->function(reading->context, &whiteout)
		       : 0;
}

/* A stream that reads the directory from its start. */
static int open_stream(struct layer_dir *dir, DIR **ret_stream)
{
	struct fd_cache *fds = dir->layer->fds;
	struct cached_fd *cached;
	int error = layer_dir_open(dir, &cached);

	if (error)
		return error;
	error = confined_open_stream(cached->fd, NULL, ret_stream);
	if ((error == -EMFILE || error == -ENFILE) && fd_cache_trim(fds) > 0)
		error = confined_open_stream(cached->fd, NULL, ret_stream);
	fd_cache_release(fds, cached);
	return error;
}

int layer_dir_read(struct layer_dir *dir, layer_entry_function *function, void *context,
		   bool *ret_opaque)
{
	CLEANUP(closedir) DIR *stream = NULL;
	struct reading reading = {
		.layer = dir->layer,
		.function = function,
		.context = context,
	};
	const struct dirent *dirent;
	int error = open_stream(dir, &stream);

	if (error)
		return error;
	reading.fd = dirfd(stream);
	reading.markers = read_markers(dir->layer, reading.fd);
	while (errno = 0, (dirent = readdir(stream))) {
		error = report(&reading, dirent);
		if (error)
			return error;
	}
	if (errno)
		return -errno;
	*ret_opaque = reading.markers & WHITEOUT_MARKER_OPAQUE;
	return 0;
}

/* -- looking for one name -- */

/* Whether name is a whiteout in node form, seen as layer_dir_read() would see it. */
static bool is_node(const struct layer *layer, int directory, const char *name,
		    const struct attributes *attributes)
{
	return attributes_are_whiteout(attributes) ||
	       (layer->xattr_namespace != XATTR_NAMESPACE_NONE &&
		whiteout_is_node(directory, name, attributes));
}

/* 1 when there is a `.wh.NAME`, 0 or -errno. */
static int has_prefix_whiteout(int directory, const char *name)
{
	char prefixed[NAME_MAX + 1];
	struct attributes attributes;
	int error;

	if (whiteout_prefixed_name(name, prefixed) != 0)
		return 0;
	error = layer_stat_raw(directory, prefixed, &attributes);
	if (error == 0)
		return 1;
	/* A file system may allow less than NAME_MAX. */
	return error == -ENOENT || error == -ENAMETOOLONG ? 0 : error;
}

static int probe_in(const struct layer *layer, int directory, const char *name,
		    struct attributes *attributes, unsigned *ret_whiteout)
{
	unsigned forms = WHITEOUT_FORM_NONE;
	int error = layer_stat_raw(directory, name, attributes), prefix;

	if (error && error != -ENOENT)
		return error;
	if (!error && is_node(layer, directory, name, attributes)) {
		forms |= WHITEOUT_FORM_NODE;
		error = -ENOENT;
	}
	prefix = has_prefix_whiteout(directory, name);
	if (prefix < 0)
		return prefix;
	if (prefix)
		forms |= WHITEOUT_FORM_PREFIX;
	if (!error)
		layer_interpret(layer, directory, name, attributes);
	*ret_whiteout = forms;
	return error;
}

int layer_dir_probe(struct layer_dir *dir, const char *name, struct attributes *ret_attributes,
		    unsigned *ret_whiteout)
{
	struct fd_cache *fds = dir->layer->fds;
	struct attributes attributes;
	struct cached_fd *cached;
	int error;

	if (whiteout_name_is_reserved(name)) {
		*ret_whiteout = WHITEOUT_FORM_NONE;
		return -ENOENT;
	}
	error = layer_dir_open(dir, &cached);
	if (error)
		return error;
	error = probe_in(dir->layer, cached->fd, name, &attributes, ret_whiteout);
	fd_cache_release(fds, cached);
	if (!error)
		*ret_attributes = attributes;
	return error;
}
