/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One file of a union, written to an archive. For cowfs/archive only. */
#pragma once

#include "archive/commit.h"
#include "archive/link_table.h"
#include "archive/tar_writer.h"

/* What all entries of an archive share. */
struct commit {
	const struct layer_commit_options *options;
	struct tar_writer *writer;
	struct link_table links;
	uint64_t left_out;
	struct problem *problem, *warning;
};

/* Writes what the union shows as path, "a/b" from its root. 0 or -errno with a problem. */
int commit_entry(struct commit *commit, struct union_fs *fs, const char *path,
		 const struct union_entry *entry);
/* Writes an empty file that says something by its name. 0 or -errno with a problem. */
int commit_marker(struct commit *commit, const char *path);
