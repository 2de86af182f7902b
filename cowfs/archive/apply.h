/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unpacking a layer: a tar becomes a directory that is one layer.
 *
 * Archives are hostile input. Names are resolved within the target as if it were the root: a parent may be
 * a symbolic link of the archive's own (images rely on lib -> usr/lib), which never leads out; the last
 * component is never followed. Directories on the way that are missing are made, root's, 0755. What stands in
 * an entry's place is removed first, except that a directory over a directory only changes its attributes, and
 * that the target itself is never replaced.
 *
 * Refused, with -EBADMSG: what is no tar, or cut short, or damaged; names with ".." in them, or with a component longer
 * than NAME_MAX; `.wh.` of nothing, of "." and of ".."; anything below a `.wh.NAME`; a file as a
 * parent; a link to what is not there, or to a directory. Left out, and counted: names that start
 * with `.wh..wh.` other than `.wh..wh..opq`, with all below them, as AUFS and we keep our own state there.
 *
 * Kept are types, permissions, owners, times to the nanosecond, hard links, holes, and extended
 * attributes, POSIX ACLs among them. Never the attributes that are a layer's own bookkeeping
 * (layer/control_xattr.h), nor security.selinux, which the machine decides. A device 0:0 is a whiteout, as it is
 * on the disk.
 */
#pragma once

#include "archive/tar.h"
#include "base/problem.h"
#include "layer/ownership.h"
#include "layer/whiteout.h"

#include <stdbool.h>
#include <sys/types.h>

/* Where the archive comes from: `read` if it is set, else the descriptor, which is read from where it stands to its end. */
struct apply_source {
	int fd;
	/* Reads at most size bytes: how many there were, 0 at the end, or -errno. */
	ssize_t (*read)(void *context, void *buffer, size_t size);
	void *context;
	const char *name; /* for problems; not NULL */
};

struct layer_apply_options {
	const char *target;	       /* a directory that is there, empty unless `changeset` */
	enum whiteout_dialect dialect; /* in which whiteouts are written */
	/*
	 * How owners are kept on the disk: mapped, squashed, or in an attribute. NULL: as they are in the archive, which
	 * needs the privilege to chown(2).
	 */
	const struct ownership *ownership;
	/*
	 * The target is a root file system that the layer is to change: whiteouts remove what was there before the
	 * archive, and none are written. The only way in which the target need not be empty; after a failure it is
	 * half changed.
	 */
	bool changeset;
	/*
	 * The archive is no layer but files to be added to those of the target, which need not be empty: no name means
	 * anything but itself, also those that start with `.wh.`; and a directory neither takes the place of something else
	 * (-ENOTDIR) nor gives up its own (-EISDIR). Not together with `changeset`.
	 */
	bool plain_files;
	uint64_t bytes_max; /* of the tar: more is -EFBIG; 0: no limit */
	uint64_t entries_max;
	struct tar_progress progress; /* show may be NULL */
};

struct layer_apply_result {
	struct tar_summary archive;
	uint64_t data_bytes; /* written to files */
	uint64_t
		left_out; /* attributes and devices that we lack the privilege or the file system the means for */
	uint64_t skipped; /* names that start with .wh..wh. */
};

/*
 * Unpacks the layer. Whatever the archive is, nothing outside the target is touched. 0 or -errno with a problem that names
 * the archive and, if one is to blame, the entry; then the target holds what was unpacked until then. The first
 * thing that was left out is told in warning, which stays empty otherwise. All of the source is read, for the digests, unless it fails.
 */
int layer_apply(const struct apply_source *source, const struct layer_apply_options *options,
		struct layer_apply_result *ret_result, struct problem *problem,
		struct problem *warning);
