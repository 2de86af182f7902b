/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a tar, compressed or not, entry by entry; with the digests and sizes of all that passes.
 *
 * libarchive does the reading, twice: once for the compression, once for the tar in it, so that the tar's own bytes
 * can be hashed. Names come as the bytes that are in the archive: libarchive would convert them
 * to the locale's characters and normalise them, which is another name to us.
 */
#pragma once

#include "archive/apply.h"
#include "archive/tar.h"
#include "base/cleanup.h"
#include "base/problem.h"

#include <sys/types.h>

struct archive_entry;
struct tar_reader;

struct tar_reader_options {
	uint64_t bytes_max;
	uint64_t entries_max;
	struct tar_progress progress;
};

/* 0, -EBADMSG when it is nothing that we read, or -errno, with a problem. The source is borrowed. */
int tar_reader_open(const struct apply_source *source, const struct tar_reader_options *options,
		    struct tar_reader **ret_reader, struct problem *problem);
/* Accepts NULL. */
void tar_reader_close(struct tar_reader *reader);

DEFINE_CLEANUP_FUNCTION(struct tar_reader *, tar_reader_close);

/*
 * The next entry, which the reader owns, until the next call: 1, or 0 at the end, or -errno with a problem:
 * -EBADMSG for a damaged archive, -EFBIG beyond a limit, and what the source or the progress answered.
 */
int tar_reader_next(struct tar_reader *reader, struct archive_entry **ret_entry,
		    struct problem *problem);

/* Part of the entry's data: what lies between the parts is a hole. */
struct tar_extent {
	const void *data; /* owned by the reader, until the next call */
	size_t size;
	uint64_t offset;
};

/* The next part: 1, or 0 at the end, or -errno as above. */
int tar_reader_data(struct tar_reader *reader, struct tar_extent *ret_extent,
		    struct problem *problem);

/* After the last entry: reads what is left of the source. 0 or -errno as above. */
int tar_reader_finish(struct tar_reader *reader, struct tar_summary *ret_summary,
		      struct problem *problem);
