/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/blobs.h"

#include "archive/sha256.h"
#include "base/cleanup.h"
#include "base/confined.h"
#include "base/file_data.h"
#include "image/work.h"
#include "oci/json_get.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PIECE (256 * 1024)

/* -- writing -- */

int blob_begin(const struct image_store *store, struct blob_writer *ret_writer)
{
	struct blob_writer writer = { .store = store };
	int error = work_make_name("file", writer.name);

	if (error)
		return error;
	writer.fd = confined_open(store->work_fd, writer.name, O_RDWR | O_CREAT | O_EXCL, 0644);
	if (writer.fd < 0)
		return writer.fd;
	*ret_writer = writer;
	return 0;
}

void blob_abandon(struct blob_writer *writer)
{
	if (writer->fd < 0)
		return;
	(void)unlinkat(writer->store->work_fd, writer->name, 0);
	(void)close(steal_fd(&writer->fd));
}

static int put_in_place(struct blob_writer *writer, int directory, const char *name)
{
	if (fsync(writer->fd) < 0 ||
	    renameat(writer->store->work_fd, writer->name, directory, name) < 0)
		return -errno;
	(void)close(steal_fd(&writer->fd));
	return 0;
}

int blob_finish(struct blob_writer *writer, const struct digest *digest)
{
	return put_in_place(writer, writer->store->blobs_fd, digest->hex);
}

int blob_put_bytes(const struct image_store *store, const char *bytes, size_t length,
		   struct digest *ret_digest)
{
	cleanup_blob_writer struct blob_writer writer = BLOB_WRITER_INIT;
	struct digest digest;
	int error = digest_of_bytes(bytes, length, &digest);

	if (!error)
		error = blob_begin(store, &writer);
	if (!error)
		error = file_write_all(writer.fd, bytes, length);
	if (!error)
		error = blob_finish(&writer, &digest);
	if (!error)
		*ret_digest = digest;
	return error;
}

int blob_write_document(const struct image_store *store, int directory, const char *name,
			const char *bytes, size_t length)
{
	cleanup_blob_writer struct blob_writer writer = BLOB_WRITER_INIT;
	int error = blob_begin(store, &writer);

	if (!error)
		error = file_write_all(writer.fd, bytes, length);
	return error ? error : put_in_place(&writer, directory, name);
}

/* -- from a stream -- */

/* Bytes that become a blob, copied or as the file that they are. */
struct arrival {
	const struct image_store *store;
	const struct descriptor *expected; /* or NULL */
	const char *what;
	int from, to; /* to: -1 when it is not copied */
	struct digest digest;
	uint64_t size, total;
};

/* -EBADMSG as soon as there is more than expected. */
static int read_through(struct arrival *arrival, struct sha256 *sha256)
{
	uint64_t maximum = arrival->expected ? arrival->expected->size : UINT64_MAX;
	cleanup_free char *piece = malloc(PIECE);
	ssize_t length;
	int error = piece ? 0 : -ENOMEM;

	while (!error && (length = file_read_piece(arrival->from, piece, PIECE)) != 0) {
		if (length < 0)
			return (int)length;
		arrival->size += (uint64_t)length;
		if (arrival->size > maximum)
			return -EBADMSG;
		error = sha256_add(sha256, piece, (size_t)length);
		if (!error && arrival->to >= 0)
			error = file_write_all(arrival->to, piece, (size_t)length);
		image_progress_show(arrival->store->progress, arrival->what, arrival->size,
				    arrival->total);
	}
	return error ? error : sha256_finish(sha256, arrival->digest.hex);
}

static int read_and_verify(struct arrival *arrival)
{
	CLEANUP(sha256_free) struct sha256 *sha256 = NULL;
	const struct descriptor *expected = arrival->expected;
	int error = sha256_new(&sha256);

	if (!error)
		error = read_through(arrival, sha256);
	if (!error && expected &&
	    (arrival->size != expected->size || !digest_equal(&arrival->digest, &expected->digest)))
		error = -EBADMSG;
	return error;
}

static int arrival_failed(const struct arrival *arrival, int error, struct problem *problem)
{
	char text[DIGEST_TEXT_SIZE];

	if (error == -EBADMSG)
		return problem_set(problem, error,
				   "%s is not what its digest says (%s, %" PRIu64
				   " bytes): it is damaged or was tampered with",
				   arrival->what, digest_text(&arrival->expected->digest, text),
				   arrival->expected->size);
	return problem_set(problem, error, "%s cannot be taken into the store %s: %s",
			   arrival->what, arrival->store->path, strerror(-error));
}

int blob_put_stream(const struct image_store *store, int fd, const struct descriptor *expected,
		    const char *what, uint64_t total, struct digest *ret_digest, uint64_t *ret_size,
		    struct problem *problem)
{
	cleanup_blob_writer struct blob_writer writer = BLOB_WRITER_INIT;
	struct arrival arrival = {
		.store = store,
		.expected = expected,
		.what = what,
		.from = fd,
		.total = total,
	};
	int error = blob_begin(store, &writer);

	arrival.to = writer.fd;
	if (!error)
		error = read_and_verify(&arrival);
	if (!error)
		error = blob_finish(&writer, &arrival.digest);
	if (error)
		return arrival_failed(&arrival, error, problem);
	*ret_digest = arrival.digest;
	*ret_size = arrival.size;
	return 0;
}

/* The file gets a further name, and what a blob of ours has otherwise. */
static int link_file(const struct image_store *store, int fd, const struct digest *digest)
{
	char name[WORK_NAME_SIZE];
	int error = confined_chmod(fd, NULL, 0644);

	if (!error && fsync(fd) < 0)
		error = -errno;
	if (!error)
		error = work_make_name("file", name);
	if (!error)
		error = confined_link_fd(fd, store->work_fd, name);
	if (error)
		return error;
	if (renameat(store->work_fd, name, store->blobs_fd, digest->hex) < 0)
		error = -errno;
	/* It is still there when it could not be moved, or when both are the same file. */
	(void)unlinkat(store->work_fd, name, 0);
	return error;
}

int blob_adopt_file(const struct image_store *store, int fd, const struct descriptor *expected,
		    const char *what, struct digest *ret_digest, uint64_t *ret_size,
		    struct problem *problem)
{
	struct arrival arrival = {
		.store = store,
		.expected = expected,
		.what = what,
		.from = fd,
		.to = -1,
		.total = expected ? expected->size : 0,
	};
	int error = read_and_verify(&arrival);

	if (!error)
		error = link_file(store, fd, &arrival.digest);
	if (error)
		return arrival_failed(&arrival, error, problem);
	*ret_digest = arrival.digest;
	*ret_size = arrival.size;
	return 0;
}

/* -- reading -- */

bool blob_exists(const struct image_store *store, const struct digest *digest)
{
	return faccessat(store->blobs_fd, digest->hex, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool blob_exists_whole(const struct image_store *store, const struct descriptor *blob)
{
	struct stat status;

	return fstatat(store->blobs_fd, blob->digest.hex, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (uint64_t)status.st_size == blob->size;
}

int blob_open(const struct image_store *store, const struct digest *digest)
{
	return confined_open_regular(store->blobs_fd, digest->hex, O_RDONLY);
}

int blob_read(const struct image_store *store, const struct digest *digest, struct buffer *content)
{
	cleanup_fd int fd = blob_open(store, digest);
	struct digest actual;
	int error = fd < 0 ? fd : file_read_all(fd, JSON_DOCUMENT_MAX, content);

	if (!error)
		error = digest_of_bytes(buffer_string(content), content->length, &actual);
	if (!error && !digest_equal(&actual, digest))
		error = -EBADMSG;
	return error;
}
