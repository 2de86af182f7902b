/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blobs: bytes under their SHA-256, in blobs/sha256 of a store. What is there is complete, on the disk,
 * and was verified when it came; it never changes.
 */
#pragma once

#include "base/buffer.h"
#include "image/work.h"

/* A blob that is being written. */
struct blob_writer {
	const struct image_store *store;
	char name[WORK_NAME_SIZE]; /* in work/ */
	int fd;
};

#define BLOB_WRITER_INIT ((struct blob_writer){ .fd = -1 })
#define cleanup_blob_writer __attribute__((cleanup(blob_abandon)))

/* An empty file, to be written through its descriptor. 0 or -errno. */
int blob_begin(const struct image_store *store, struct blob_writer *ret_writer);
/*
 * Puts what was written in its place, under the digest that whoever wrote it has found, also in
 * that of a blob which is there already. 0 or -errno; the writer is then empty.
 */
int blob_finish(struct blob_writer *writer, const struct digest *digest);
/* Gives up. Accepts an empty one. */
void blob_abandon(struct blob_writer *writer);

/*
 * Copies what is left to read of a descriptor into a blob. With an expected descriptor, digest and
 * size must be its own: -EBADMSG with a problem. `what` names the source there, and for the
 * progress with `total` bytes (0: unknown).
 */
int blob_put_stream(const struct image_store *store, int fd, const struct descriptor *expected,
		    const char *what, uint64_t total, struct digest *ret_digest, uint64_t *ret_size,
		    struct problem *problem);

/*
 * The same of a file in work/, which is not copied: it gets a further name. It is read from where the
 * descriptor stands, which must be its beginning.
 */
int blob_adopt_file(const struct image_store *store, int fd, const struct descriptor *expected,
		    const char *what, struct digest *ret_digest, uint64_t *ret_size,
		    struct problem *problem);

/* A document of ours. 0 or -errno. */
int blob_put_bytes(const struct image_store *store, const char *bytes, size_t length,
		   struct digest *ret_digest);

bool blob_exists(const struct image_store *store, const struct digest *digest);
/* And has the size that it should have: one that a person has damaged is to come again. */
bool blob_exists_whole(const struct image_store *store, const struct descriptor *blob);
/* For reading. A descriptor or -errno. */
int blob_open(const struct image_store *store, const struct digest *digest);
/* A document, at most JSON_DOCUMENT_MAX bytes, verified once more. 0, -EBADMSG, -EFBIG or -errno. */
int blob_read(const struct image_store *store, const struct digest *digest, struct buffer *content);

/*
 * Replaces the small file `name` in a directory: written in work/, synced, renamed. 0 or -errno.
 */
int blob_write_document(const struct image_store *store, int directory, const char *name,
			const char *bytes, size_t length);
