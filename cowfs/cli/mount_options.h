/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arguments of a mount, in every form in which they come, as one struct.
 *
 * Parsing touches nothing outside: no file is looked at, nothing is printed, the caller's ids play
 * no part. It is tested and fuzzed by itself. (getopt keeps its state in the process, so one thread
 * at a time.)
 */
#pragma once

#include "base/problem.h"
#include "base/string_list.h"
#include "layer/ownership.h"
#include "layer/whiteout.h"
#include "union/union.h"

#include <stdbool.h>

enum mount_form {
	MOUNT_COMMAND,	      /* cowfs mount [options] LOWER[:LOWER...] [UPPER] MOUNTPOINT */
	MOUNT_PROGRAM,	      /* cowfs -o OPTIONS [SOURCE] MOUNTPOINT, as engines call it */
	MOUNT_FUSE_OVERLAYFS, /* the same under the name fuse-overlayfs */
	MOUNT_HELPER,	      /* mount.cowfs SOURCE MOUNTPOINT -o OPTIONS, as mount(8) calls it */
};

/* Who reads and writes the data of files. */
enum io_mode {
	IO_CACHED,	/* the daemon */
	IO_PASSTHROUGH, /* the kernel itself, or else a sentence says why not */
	IO_AUTO,	/* the kernel, where that can be had and several mounts gain by it */
};

struct mount_options {
	bool help, version; /* asked for; nothing else is filled then */

	struct string_list lowers; /* the topmost first, at least one */
	char *upper;		   /* NULL: a read-only union */
	char *workdir;		   /* NULL: a directory of ours in the upper */
	char *mountpoint;
	char *source; /* as mount(8) names it, or NULL */

	enum whiteout_dialect dialect;
	enum redirect_mode redirect;
	struct ownership ownership;
	bool volatile_upper;
	bool no_acl, no_xattr, static_nlink;
	bool no_atime;	/* reading leaves access times alone */
	bool writeback; /* the kernel may hold written data back */
	bool changing;	/* timeout= was given */
	double timeout; /* seconds */

	bool read_only; /* asked for */
	bool allow_other;
	char *fsname;			   /* NULL: the default */
	struct string_list kernel_options; /* in the order given: suid, nodev, context="..." */

	bool foreground, verbose, debug;
	struct string_list debug_globs; /* what paths are traced with debug; none: all */
	bool fake;			/* mount -f: do everything but mount */
	bool remount; /* what is mounted gets other flags; layers need not be given */
	enum io_mode io;
	bool follow; /* a thread follows a single caller (fuse/serving/serving.h); true */
	bool clone_fd, io_uring;
	unsigned threads, idle_threads; /* 0: the default */

	struct string_list warnings; /* about options without effect, a sentence each */
};

/*
 * Reads argv[1] and on; argv may be reordered. 0, -EINVAL with a problem, or -ENOMEM; *ret_options
 * is written on success only and is released with mount_options_free().
 */
int mount_options_parse(enum mount_form form, int argc, char **argv,
			struct mount_options *ret_options, struct problem *problem);
void mount_options_free(struct mount_options *options);
