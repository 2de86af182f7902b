/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the file of a name comes from: for one path of the union, what every layer has there, and what hides what.
 *
 * One goes from the root down, a name at a time: each step probes the name in the directories that the step before found,
 * the hidden ones included. So nothing is listed, and layers of any width cost a few system calls a name. What is
 * told is what the disk says when it is asked; a change under way may be seen half.
 */
#pragma once

#include "base/buffer.h"
#include "layer/attributes.h"
#include "union/union.h"

struct layer_dir;

enum provenance_hiding {
	PROVENANCE_SEEN,       /* it is what is shown, or a directory that is merged into it */
	PROVENANCE_COVERED,    /* a higher layer has something there that does not merge with it */
	PROVENANCE_WHITED_OUT, /* a higher layer has a whiteout of the name, or of a directory above */
	PROVENANCE_OPAQUE,     /* a higher layer has an opaque directory there, or above */
	PROVENANCE_REDIRECTED, /* a higher layer has a directory there, or above, that was moved to that name */
};

/* What one layer has under the name. */
struct provenance_place {
	unsigned layer;
	char *path;	   /* of the object or its whiteout, in the layer: "/etc/.wh.motd" */
	bool exists;	   /* there is an object; else only whiteouts */
	unsigned whiteout; /* WHITEOUT_FORM_ bits; beside an object they hide what is below it */
	struct attributes attributes; /* of the object: owners as shown, inode and device on disk */
	bool opaque;		      /* the object is an opaque directory */
	char *redirect; /* of a directory that was moved: where the layers below have it; or NULL */
	bool redirected; /* found by the redirect of a place above it, not by the name */

	enum provenance_hiding hiding;
	unsigned hider;	  /* unless seen: the layer that hides it, */
	char *hider_path; /* and by what in it */

	struct layer_dir *dir; /* of a directory: for the next step; a reference */
};

/* Everything is owned by it. Paths named "real" are absolute. */
struct provenance {
	struct provenance_place *places; /* the topmost layer first */
	size_t count;
	struct provenance_place *shown; /* what the union shows; NULL: nothing of that name */

	/* Where the shown file, or the topmost part of the shown directory, is. */
	unsigned layer;
	char *real_path;
	/* It is a copy made through another hard link of shown: in the index of `layer`. */
	bool by_index;

	/* It was copied up, from this layer's file of this number. */
	bool copied_up;
	unsigned origin_layer;
	uint64_t origin_inode;
	char *origin_path; /* its real path; NULL when it is not found under the name, as after a rename */
};

/* The root. 0 or -errno. */
int provenance_of_root(struct union_fs *fs, struct provenance **ret_provenance);

/*
 * What is called name in the directory. 0, also when no layer knows the name; -errno: -ENAMETOOLONG, or -EINVAL when it
 * can be no name in a union.
 */
int provenance_step(struct union_fs *fs, const struct provenance *directory, const char *name,
		    struct provenance **ret_provenance);

/* Both for a path "/a/b" without "." or "..", that follows no symbolic link. 0 or -errno. */
int provenance_of_path(struct union_fs *fs, const char *path, struct provenance **ret_provenance);

/* Accepts NULL. */
void provenance_free(struct provenance *provenance);
