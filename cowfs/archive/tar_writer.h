/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing a tar, compressed or not, with the digests and sizes of all that passes.
 *
 * libarchive does the writing, twice: once for the tar, once for its compression, so that the tar's own bytes can be
 * hashed. The same entries give the same bytes.
 */
#pragma once

#include "archive/tar.h"
#include "base/cleanup.h"
#include "base/problem.h"

#include <stdbool.h>

struct archive_entry;
struct tar_writer;

/* Writes to the descriptor. 0 or -errno with a problem. */
int tar_writer_open(int fd, enum tar_compression compression, const struct tar_progress *progress,
		    struct tar_writer **ret_writer, struct problem *problem);
/* Accepts NULL. What was not finished is worth nothing. */
void tar_writer_close(struct tar_writer *writer);

DEFINE_CLEANUP_FUNCTION(struct tar_writer *, tar_writer_close);

/*
 * Begins an entry; names may be any bytes. 0 or -errno with a problem: -EILSEQ for a name that cannot be written as
 * it is. Data follow, as many bytes as it says, holes as zeros.
 */
int tar_writer_entry(struct tar_writer *writer, struct archive_entry *entry,
		     struct problem *problem);
int tar_writer_data(struct tar_writer *writer, const void *data, size_t size,
		    struct problem *problem);
/* Writes the end. 0 or -errno with a problem. */
int tar_writer_finish(struct tar_writer *writer, struct tar_summary *ret_summary,
		      struct problem *problem);

/* Whether holes in a file of this name can be kept: libarchive would cut a name that is not UTF-8. */
bool tar_writer_keeps_holes(const char *name);
/* Whether an attribute is the file's own: labels are the machine's, and those of the system but ACLs mean nothing elsewhere. */
bool tar_writer_wants_xattr(const char *attribute);
/* Whether its name can be kept: libarchive would write another, which nobody reads as this one; and "=" ends it for everybody. */
bool tar_writer_keeps_xattr(const char *attribute);
