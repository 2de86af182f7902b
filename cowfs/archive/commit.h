/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing a layer: what one or more layers say becomes a tar.
 *
 * The topmost layers of a stack are written as one, for the others to lie below it: unpacked over them it shows what the
 * whole stack shows. When no layers below are known, whiteouts and opaque directories are written as they stand, or, with
 * `flatten`, nothing but the tree.
 *
 * Everything becomes plain entries: whiteouts in every dialect, owners kept in attributes, redirected
 * directories (with all that the layers below have in them), names of hard links that only the index
 * knows. The last two need the layers below; a layer that has such and comes without is refused.
 * Bookkeeping is left out.
 *
 * The bytes depend on the content alone: of each directory the whiteouts come first, as the specification wants them, then its
 * names, both in the order of their bytes and each with all that is below it; names of owners are left out, headers are pax
 * where ustar does not suffice, compression has no time and no name in it.
 *
 * A whiteout whose `.wh.NAME` would have more than NAME_MAX bytes makes its directory opaque, and what the layers below show in
 * it is written whole. With nothing known below it is written all the same, as others do (only a file system cannot hold it).
 */
#pragma once

#include "archive/tar.h"
#include "base/problem.h"
#include "union/union.h"

#include <stdbool.h>

struct layer_commit_options {
	/*
	 * The layers, opened by union_open() with only_look, also while a mount has them: all of them, and those that the
	 * result will lie on, which are the lowest of these. Without `below` all are written.
	 */
	struct union_fs *layers;
	struct union_fs *below; /* or NULL */
	bool flatten;		/* without `below`: leave out whiteouts, for nothing is below */
	/* Paths from the root, as "etc/hosts": neither they nor what is below them is written, or whited out. */
	const char *const *excluded;
	size_t excluded_count;
	enum tar_compression compression; /* PLAIN, GZIP or ZSTD */
	bool has_source_date_epoch;	  /* times later than this are written as this */
	int64_t source_date_epoch;	  /* seconds */
	/*
	 * Write holes as zeros. Otherwise as GNU.sparse entries, which every tar reads; but engines that take a
	 * layer apart and put it together again (docker, podman) then get another one.
	 */
	bool fill_holes;
	struct tar_progress progress; /* show may be NULL */
};

struct layer_commit_result {
	struct tar_summary archive;
	uint64_t left_out; /* sockets, which no tar can hold */
};

/*
 * Writes the archive to the descriptor. 0 or -errno with a problem; what was written is then worth nothing. The first thing that was
 * left out is told in warning, which stays empty otherwise.
 */
int layer_commit(const struct layer_commit_options *options, int fd,
		 struct layer_commit_result *ret_result, struct problem *problem,
		 struct problem *warning);
