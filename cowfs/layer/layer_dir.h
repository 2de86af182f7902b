/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A directory of one layer, named by its parent and one name, all the way up to the root.
 *
 * Nothing is opened until it is needed, and what is open is remembered in the layer's descriptor
 * cache: a directory whose descriptor was closed is opened again from its nearest open ancestor,
 * name by name. So any number may be known while few descriptors are open, no path is ever longer
 * than one name, and a directory moved in the upper takes its descendants along.
 *
 * Reference counted. parent and name are guarded by layer->names.
 */
#pragma once

#include "base/buffer.h"
#include "layer/layer.h"

struct layer_dir {
	struct layer *layer;
	struct layer_dir *parent; /* one reference; NULL for the root */
	struct cached_fd *fd;	  /* slot of layer->fds, an O_PATH descriptor */
	unsigned references;	  /* atomic */
	char *name;		  /* owned; "" for the root */
};

/*
 * For layer_open() only: the root, with one reference. Ownership of the O_PATH descriptor fd, which
 * it keeps open for good, passes even on failure. NULL when memory is short.
 */
struct layer_dir *layer_dir_new_root(struct layer *layer, int fd);
/* A new one with one reference, without any system call. NULL when memory is short. */
struct layer_dir *layer_dir_new(struct layer_dir *parent, const char *name);
struct layer_dir *layer_dir_ref(struct layer_dir *dir);
/* Accepts NULL. Returns NULL. */
struct layer_dir *layer_dir_unref(struct layer_dir *dir);

/*
 * An O_PATH descriptor of it, to be given back with fd_cache_release(dir->layer->fds, ...).
 * 0 or -errno: -ENOENT, -ENOTDIR or -ELOOP when something else is in its place.
 */
int layer_dir_open(struct layer_dir *dir, struct cached_fd **ret_fd);

/*
 * renameat2(2) on the upper, with the record of which directories of it then stand elsewhere: both or
 * none are done, and no thread opens a directory by its old name in between, which after an exchange
 * would be another one. At most LAYER_DIR_PLACES places. While it lasts the caller may not open
 * directories of the layer in the same thread. 0 or -errno, as renameat2(2) or -ENOMEM.
 */
#define LAYER_DIR_PLACES 2
struct layer_dir_place {
	struct layer_dir *dir;
	struct layer_dir *parent;
	const char *name;
};
int layer_dir_rename(struct layer *layer, int from, const char *old, int to, const char *new,
		     unsigned flags, const struct layer_dir_place *places, size_t count);

/*
 * Records that the upper's directory now stands under another parent or name. 0 or -ENOMEM. For when
 * nobody else can know the directory or what is in it; otherwise use layer_dir_rename().
 */
int layer_dir_move(struct layer_dir *dir, struct layer_dir *parent, const char *name);

/* Appends its path within the layer, "/" for the root. 0 or -ENOMEM. */
int layer_dir_path(struct layer_dir *dir, struct buffer *path);

/* One name found in a directory. */
struct layer_entry {
	const char *name;   /* without any whiteout prefix */
	unsigned char type; /* DT_REG and kin, never DT_UNKNOWN; DT_UNKNOWN for whiteouts */
	enum whiteout_form whiteout; /* NONE: a real entry */
};

/* Called for each; a non-zero result stops the reading and becomes its result. */
typedef int layer_entry_function(void *context, const struct layer_entry *entry);

/*
 * Reads the whole directory, decoding every dialect: "." and ".." and names that start with
 * .wh..wh. are left out, `.wh.NAME` comes as a whiteout of NAME, also beside NAME itself. *ret_opaque
 * tells whether the directory hides its namesakes in lower layers. 0 or -errno.
 */
int layer_dir_read(struct layer_dir *dir, layer_entry_function *function, void *context,
		   bool *ret_opaque);

/*
 * Looks for one name without reading the directory: its attributes, or -ENOENT; *ret_whiteout
 * (forms as bits) tells whether the layer whites it out, also with -ENOENT.
 */
int layer_dir_probe(struct layer_dir *dir, const char *name, struct attributes *ret_attributes,
		    unsigned *ret_whiteout);
/* Whether the directory is opaque, without reading it. 1, 0 or -errno. */
int layer_dir_is_opaque(struct layer_dir *dir);
