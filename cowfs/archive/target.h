/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directory that an archive is unpacked into, and the places in it that the archive's names mean.
 *
 * Names are resolved as if the target were the root: see apply.h. All is done from directory to directory, one name
 * at a time and never by the kernel's own walk along a path, so that neither the length of a name nor a link can
 * lead anywhere else. For cowfs/archive only.
 */
#pragma once

#include "archive/apply.h"
#include "base/buffer.h"
#include "base/number_set.h"
#include "layer/layer.h"
#include "layer/layer_dir.h"

#include <limits.h>
#include <time.h>

/* Owner, permissions and times, as the archive has them. */
struct target_attributes {
	uid_t uid;
	gid_t gid;
	mode_t mode; /* with the type */
	dev_t rdev;
	struct timespec times[2]; /* access and modification */
};

/* An ACL as an extended attribute has it. */
struct target_acl {
	void *value; /* NULL: none; owned */
	size_t size;
};

/* What a directory is to get in the end, when nothing more is made in it. */
struct target_directory {
	struct layer_dir *dir; /* a reference */
	uint64_t inode;	       /* in case another one has taken its place since */
	size_t depth, sequence;
	struct target_attributes attributes;
	struct target_acl acls[2]; /* access and default */
};

struct target {
	const struct layer_apply_options *options;
	struct ownership ownership; /* the options', or none */
	struct fd_cache *fds;
	struct layer *layer;
	bool has_whiteouts; /* some have been written: what is made next may have one beside it */
	struct number_set
		made; /* inodes of a changeset: what the archive made, or gave attributes to */
	struct target_directory *directories;
	size_t directory_count, directory_capacity;
	/* Where the latest name was, by what the archive calls it: the next one is mostly there as well. */
	struct buffer latest_path;
	struct layer_dir *latest;	  /* a reference, or NULL */
	struct timespec implied_times[2]; /* for directories that no entry has named yet */
	uint64_t left_out;
	struct problem *warning; /* about the first thing that was left out */
};

/* Opens the directory of the options, which are borrowed. 0 or -errno with a problem. */
int target_open(struct target *target, const struct layer_apply_options *options,
		struct problem *problem, struct problem *warning);
void target_close(struct target *target);

/* Counts something that could not be kept, and tells of the first. */
__attribute__((format(printf, 2, 3))) void target_leave_out(struct target *target,
							    const char *format, ...);

/* -- attributes: target_attributes.c -- */

/* Sets owner and permissions of name in directory (NULL: of what it refers to). 0 or -errno. */
int target_set_owner(struct target *target, int directory, const char *name,
		     const struct target_attributes *attributes);

/*
 * Sets an extended attribute, unless it is not to be kept; one that cannot be stored for want of privilege or support is
 * left out. path is for the warning. 0 or -errno.
 */
int target_set_xattr(struct target *target, int directory, const char *name, const char *path,
		     const char *attribute, const void *value, size_t size);

/*
 * The directory gets these attributes in the end: now, what is made in it would inherit the ACLs, change its times, or
 * not be allowed. A later call counts more than an earlier one. What the ACLs hold is taken over, also on failure. 0 or -ENOMEM.
 */
int target_note_directory(struct target *target, struct layer_dir *dir, uint64_t inode,
			  const struct target_attributes *attributes, struct target_acl acls[2]);
/* The same for one that no entry has named yet: root's, 0755, of the time of the entry that needs it. */
int target_note_implied(struct target *target, struct layer_dir *dir, uint64_t inode);
/* Sets all that. 0 or -errno with a problem. */
int target_finish_directories(struct target *target, struct problem *problem);

/* -- places: target_place.c -- */

enum place_kind {
	PLACE_ROOT,	/* the target itself; no name */
	PLACE_NAME,	/* a name in the directory */
	PLACE_WHITEOUT, /* the whiteout of that name */
	PLACE_OPAQUE,	/* says that the directory is opaque; no name */
	PLACE_RESERVED, /* another that starts with .wh..wh., or is below such; neither directory nor name */
};

struct place {
	enum place_kind kind;
	struct layer_dir *dir; /* a reference */
	struct cached_fd *fd;  /* of the directory, O_PATH */
	char name[NAME_MAX + 1];
};

/*
 * Finds the place that the archive calls path; if make, directories that are missing on the way are made. 0, or -errno:
 * -EBADMSG when the name is one that may not be, with a problem that says why; without make, -ENOENT.
 */
int place_find(struct target *target, const char *path, bool make, struct place *ret_place,
	       struct problem *problem);
/* Accepts one that is all zeros, and makes it that. */
void place_release(struct target *target, struct place *place);

/* Whether what has these attributes says that there is nothing of that name. */
bool target_has_whiteout(const struct target *target, int directory, const char *name,
			 const struct attributes *attributes);

/*
 * Frees the name of files, directories with all that is in them, and whiteouts; *ret_hid tells that one of the last was
 * there. 0, -EISDIR for a directory of plain files, or -errno.
 */
int place_clear(struct target *target, const struct place *place, bool *ret_hid);

/*
 * Makes the name a directory, unless it is one: *ret_made tells. 0 or -errno; the result is a reference.
 */
int place_make_directory(struct target *target, const struct place *place,
			 struct layer_dir **ret_dir, uint64_t *ret_inode, bool *ret_made);

/* Notes that the name is of this archive now. 0 or -errno. */
int place_note_made(struct target *target, const struct place *place);

/* To be called before anything goes that the latest place may have been in. */
void target_forget_latest(struct target *target);

/* -- removing: target_remove.c -- */

/*
 * Removes name in dir, or without a name all that is in dir, with all below, except what the archive made. 0, also when there
 * is no such name, or -errno.
 */
int target_remove_older(struct target *target, struct layer_dir *dir, const char *name);
