/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One layer on disk.
 *
 * A layer is a directory tree that we read in every dialect; the upper one is also written, in one.
 * struct layer holds what is known of it from its opening to its closing and never changes in
 * between, except that directories of the upper may be moved (layer_dir_move()).
 */
#pragma once

#include "base/fd_cache.h"
#include "base/problem.h"
#include "layer/attributes.h"
#include "layer/control_xattr.h"
#include "layer/ownership.h"
#include "layer/whiteout.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct layer_dir;

struct layer {
	char *path;	 /* as the person gave it, for messages; owned */
	char *real_path; /* absolute, when it was opened; NULL where that cannot be told; owned */
	unsigned index;	 /* 0 is the topmost layer of the stack */
	int root_fd;	 /* O_PATH; borrowed from root, which keeps it pinned */
	uint64_t device; /* of its root */
	uint64_t root_inode; /* of its root */
	/*
	 * Which tree this is: a hash of the root's inode number and birth time, the same at every
	 * mount and in every stack, another one for a copy of the tree.
	 */
	uint64_t id;
	bool writable;	/* the upper */
	bool has_state; /* an upper of ours, now or once: its redirects and index are honoured */
	enum whiteout_dialect dialect; /* in which whiteouts are written */
	/*
	 * Where our attributes are written and read. A lower layer with TRUSTED may have been written
	 * without that privilege, so it is asked for user. attributes next.
	 */
	enum xattr_namespace xattr_namespace;
	const struct ownership *ownership; /* borrowed, or as_mounted */
	struct ownership
		as_mounted;	/* without maps: the mount that it lies on has mapped its ids */
	struct fd_cache *fds;	/* borrowed */
	struct layer_dir *root; /* owned */
	pthread_rwlock_t names; /* guards parent and name of its directories */
};

struct layer_options {
	unsigned index;
	bool writable;
	enum whiteout_dialect dialect;
	bool no_xattr; /* treat the file system as one that keeps no attributes */
	const struct ownership *ownership;
	struct fd_cache *fds;
};

/*
 * Opens the directory `path`. A lower one is only read; in a writable one the attribute namespace
 * is probed by setting and removing an attribute on an unnamed or temporary file in it.
 * 0 or -errno with a problem; the layer is closed by layer_close().
 */
int layer_open(const char *path, const struct layer_options *options, struct layer **ret_layer,
	       struct problem *problem);
/* Accepts NULL. All directories of it must have been released. */
void layer_close(struct layer *layer);

/*
 * statx(2) of name in directory, never following it, as this layer means it: owners mapped,
 * override_stat applied. A NULL name means what the descriptor itself refers to. One system call,
 * two with xattr_permissions.
 */
int layer_stat(const struct layer *layer, int directory, const char *name,
	       struct attributes *ret_attributes);

/* layer_stat() without any mapping: what the disk says. */
int layer_stat_raw(int directory, const char *name, struct attributes *ret_attributes);

/* The second half of layer_stat(): turns what the disk says of name into what the layer means. */
void layer_interpret(const struct layer *layer, int directory, const char *name,
		     struct attributes *attributes);

/*
 * The value of one of our attributes of name in directory (NULL: of the descriptor's object), as a
 * string in a buffer of size bytes: its length, -ENODATA (also where attributes are not kept,
 * and when it holds a zero byte), -ERANGE.
 */
ssize_t layer_get_control(const struct layer *layer, int directory, const char *name,
			  const char *suffix, char *value, size_t size);
/* Sets one of ours. 0; -ENOTSUP where the file or its file system keeps none; -errno. */
int layer_set_control(const struct layer *layer, int directory, const char *name,
		      const char *suffix, const char *value);
/* Removes one of ours. 0, also when there was none. */
int layer_remove_control(const struct layer *layer, int directory, const char *name,
			 const char *suffix);

/*
 * Sets owner and permissions of name (NULL: of the descriptor's object), given as shown, where this
 * layer keeps them: on the disk, or in an override_stat attribute. mode carries the file type and
 * all twelve permission bits; (uid_t)-1 is not allowed. rdev matters for overrides of devices.
 *
 * On the disk: the owner is only changed where it differs, and that this is not permitted (-EPERM)
 * does not matter where owners are squashed. In an override: the file on the disk becomes
 * readable and writable for its owner, that is for us, and a symbolic link, which takes no user.
 * attribute, keeps what it has. 0, -EOVERFLOW for an id that no range covers, or -errno.
 */
int layer_set_owner_and_mode(const struct layer *layer, int directory, const char *name, uid_t uid,
			     gid_t gid, mode_t mode, dev_t rdev);
/* The same, owner, mode and device being those of wanted, for who knows what layer_stat_raw() says now. */
int layer_give_owner_and_mode(const struct layer *layer, int directory, const char *name,
			      const struct attributes *now, const struct attributes *wanted);
