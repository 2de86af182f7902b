/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One entry of an archive, made in the target. For cowfs/archive only. */
#pragma once

#include "archive/apply.h"
#include "archive/tar_reader.h"
#include "archive/target.h"

/* What making one entry needs, and says. */
struct entry_context {
	struct target *target;
	struct tar_reader *reader;
	struct archive_entry *entry;
	struct layer_apply_result *result; /* counts are added to */
	struct problem reason; /* of a failure, when there is more to say than its number */
	struct problem *reader_problem; /* filled when it was the reader that failed */
	bool reader_failed;
};

/* Makes it. 0 or -errno. */
int apply_entry(struct entry_context *context);

/* The same for what the place says is a whiteout or an opaque marker. */
int apply_whiteout(struct entry_context *context, const struct place *place);

/* Gives the new object, of these attributes, its owner, permissions, extended attributes and times. 0 or -errno. */
int apply_attributes(struct entry_context *context, int directory, const char *name,
		     const struct target_attributes *attributes);
/* The same for a directory, some of it in the end. */
int apply_directory_attributes(struct entry_context *context, struct layer_dir *dir, uint64_t inode,
			       const struct target_attributes *attributes);
