/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layer/layer.h"
#include "base/cleanup.h"
#include "base/confined.h"
#include "base/hash.h"
#include "base/mount_table.h"
#include "base/privilege.h"
#include "layer/layer_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Fixed: it is part of what identities on disk mean. */
#define LAYER_ID_SEED UINT64_C(0x636f7766732d3031)
#define PROBE_NAME WHITEOUT_META_PREFIX "cowfs-probe"
#define PROBE_SUFFIX "cowfs.probe"

/* -- opening -- */

static enum xattr_namespace probe_reading(int root)
{
	/* Whether trusted. attributes may be readable: only a try tells if the user namespace agrees. */
	bool admin = privilege_is_admin();

	/* Without the privilege, trusted. answers "none" whether the file system has it or not. */
	if (admin && confined_getxattr(root, NULL, "trusted." PROBE_SUFFIX, NULL, 0) != -ENOTSUP)
		return XATTR_NAMESPACE_TRUSTED;
	if (confined_getxattr(root, NULL, "user." PROBE_SUFFIX, NULL, 0) != -ENOTSUP)
		return XATTR_NAMESPACE_USER;
	return XATTR_NAMESPACE_NONE;
}

/* A file that will leave no trace, to try attributes on. */
static int open_probe(int root)
{
	int fd = confined_open_unnamed(root, O_RDWR, 0600);

	if (fd != -EOPNOTSUPP && fd != -EISDIR && fd != -EINVAL && fd != -ENOENT)
		return fd;
	/* One left by a crash is in the way. */
	(void)unlinkat(root, PROBE_NAME, 0);
	fd = confined_open(root, PROBE_NAME, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd >= 0)
		(void)unlinkat(root, PROBE_NAME, 0);
	return fd;
}

static enum xattr_namespace probe_writing(int file)
{
	if (confined_setxattr(file, NULL, "trusted." PROBE_SUFFIX, "y", 1, 0) == 0)
		return XATTR_NAMESPACE_TRUSTED;
	if (confined_setxattr(file, NULL, "user." PROBE_SUFFIX, "y", 1, 0) == 0)
		return XATTR_NAMESPACE_USER;
	return XATTR_NAMESPACE_NONE;
}

static int probe_xattrs(struct layer *layer, bool no_xattr, struct problem *problem)
{
	cleanup_fd int file = -1;

	if (layer->writable) {
		file = open_probe(layer->root_fd);
		if (file < 0)
			return problem_set(problem, file,
					   "%s: cannot be written: %s; the upper layer must be a "
					   "directory that you can write",
					   layer->path, strerror(-file));
	}
	if (no_xattr)
		layer->xattr_namespace = XATTR_NAMESPACE_NONE;
	else if (layer->writable)
		layer->xattr_namespace = probe_writing(file);
	else
		layer->xattr_namespace = probe_reading(layer->root_fd);
	return 0;
}

/* Fills in what the root's attributes tell. */
static int identify(struct layer *layer)
{
	struct attributes root, state;
	int error = layer_stat_raw(layer->root_fd, NULL, &root);

	if (error)
		return error;
	layer->device = root.device;
	layer->root_inode = root.inode;
	layer->id = hash_pair(LAYER_ID_SEED, root.inode,
			      (uint64_t)root.btime.tv_sec * UINT64_C(1000000000) +
				      (uint64_t)root.btime.tv_nsec);
	layer->has_state =
		layer_stat_raw(layer->root_fd, STATE_DIRECTORY, &state) == 0 && S_ISDIR(state.mode);
	return 0;
}

/*
 * Podman gives an id-mapped mount of a layer together with the same map as an option (storage's overlay driver): what the
 * mount has mapped is not to be mapped again.
 */
static void heed_id_mapped_mount(struct layer *layer)
{
	const struct ownership *ownership = layer->ownership;

	if ((ownership->users.count == 0 && ownership->groups.count == 0) ||
	    !mount_maps_ids(layer->root_fd))
		return;
	layer->as_mounted = *ownership;
	layer->as_mounted.users = layer->as_mounted.groups = (struct id_map){ 0 };
	layer->ownership = &layer->as_mounted;
}

static int open_root(struct layer *layer, struct problem *problem)
{
	int fd = confined_open_root(layer->path), error;

	if (fd < 0)
		return problem_set(problem, fd, "%s: cannot be opened as a layer: %s", layer->path,
				   strerror(-fd));
	layer->root = layer_dir_new_root(layer, fd);
	if (!layer->root)
		return problem_set(problem, -ENOMEM, "%s: %s", layer->path, strerror(ENOMEM));
	layer->root_fd = fd;
	heed_id_mapped_mount(layer);
	error = identify(layer);
	if (error)
		return problem_set(problem, error, "%s: cannot be read as a layer: %s", layer->path,
				   strerror(-error));
	layer->real_path = realpath(layer->path, NULL);
	return 0;
}

/* Writers go first: moves are rare, and a stream of lookups must not keep one waiting. */
static int init_names_lock(pthread_rwlock_t *lock)
{
	pthread_rwlockattr_t attributes;
	int error = pthread_rwlockattr_init(&attributes);

	if (error)
		return -error;
	(void)pthread_rwlockattr_setkind_np(&attributes,
					    PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	error = pthread_rwlock_init(lock, &attributes);
	(void)pthread_rwlockattr_destroy(&attributes);
	return -error;
}

static int layer_new(const char *path, const struct layer_options *options,
		     struct layer **ret_layer)
{
	struct layer *layer = calloc(1, sizeof(*layer));

	if (!layer)
		return -ENOMEM;
	layer->path = strdup(path);
	if (!layer->path || init_names_lock(&layer->names) != 0) {
		free(layer->path);
		free(layer);
		return -ENOMEM;
	}
	layer->index = options->index;
	layer->root_fd = -1;
	layer->writable = options->writable;
	layer->dialect = options->dialect;
	layer->ownership = options->ownership;
	layer->fds = options->fds;
	*ret_layer = layer;
	return 0;
}

int layer_open(const char *path, const struct layer_options *options, struct layer **ret_layer,
	       struct problem *problem)
{
	struct layer *layer = NULL;
	int error = layer_new(path, options, &layer);

	if (error)
		return problem_set(problem, error, "%s: %s", path, strerror(-error));
	error = open_root(layer, problem);
	if (!error)
		error = probe_xattrs(layer, options->no_xattr, problem);
	if (error) {
		layer_close(layer);
		return error;
	}
	*ret_layer = layer;
	return 0;
}

void layer_close(struct layer *layer)
{
	if (!layer)
		return;
	layer_dir_unref(layer->root);
	(void)pthread_rwlock_destroy(&layer->names);
	free(layer->path);
	free(layer->real_path);
	free(layer);
}
