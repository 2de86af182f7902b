/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "archive/tar_reader.h"

#include "archive/sha256.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#define SOURCE_BUFFER ((size_t)256 << 10)
#define TAR_BLOCK 512

struct tar_reader {
	const struct apply_source *source;
	struct tar_reader_options options;
	struct archive *packed; /* what is stored: yields the bytes of the tar */
	struct archive *tar;	/* these: yields entries */
	struct sha256 *packed_hash, *tar_hash;
	struct tar_summary summary;
	uint64_t zeros; /* at the end of the tar so far */
	int error;	/* what ended the reading, when it was not libarchive */
	locale_t plain; /* in which libarchive leaves names alone */
	unsigned char *buffer;
};

/* -- the two streams -- */

static int show_progress(const struct tar_reader *reader)
{
	const struct tar_progress *progress = &reader->options.progress;

	return progress->show ? progress->show(progress->context, reader->summary.archive_bytes)
			      : 0;
}

/* A signal may be a reason to give up, which the progress knows. */
static ssize_t read_source(const struct tar_reader *reader)
{
	const struct apply_source *source = reader->source;
	ssize_t length;
	int error = 0;

	if (source->read)
		return source->read(source->context, reader->buffer, SOURCE_BUFFER);
	do {
		length = read(source->fd, reader->buffer, SOURCE_BUFFER);
		if (length < 0)
			error = errno == EINTR ? show_progress(reader) : -errno;
	} while (length < 0 && !error);
	return error ? error : length;
}

/* libarchive asks for stored bytes. */
static la_ssize_t read_packed(struct archive *archive, void *context, const void **ret_buffer)
{
	struct tar_reader *reader = context;
	ssize_t length = read_source(reader);
	int error = length < 0 ? (int)length : 0;

	if (!error && length > 0) {
		reader->summary.archive_bytes += (uint64_t)length;
		error = sha256_add(reader->packed_hash, reader->buffer, (size_t)length);
	}
	if (!error)
		error = show_progress(reader);
	if (error) {
		reader->error = error;
		archive_set_error(archive, -error, "%s", strerror(-error));
		return -1;
	}
	*ret_buffer = reader->buffer;
	return length;
}

/* How many zeros the tar ends with, given what comes next. */
static uint64_t count_zeros(uint64_t before, const unsigned char *data, size_t size)
{
	size_t end = size;

	while (end > 0 && data[end - 1] == 0)
		end--;
	return end == 0 ? before + size : size - end;
}

/* The next bytes of the tar: how many, 0 at the end, or an ARCHIVE_ result below 0. */
static la_ssize_t unpack(struct tar_reader *reader, const void **ret_buffer)
{
	la_int64_t offset;
	size_t size = 0;
	int result;

	do {
		result = archive_read_data_block(reader->packed, ret_buffer, &size, &offset);
	} while (result == ARCHIVE_OK && size == 0);
	if (result == ARCHIVE_EOF)
		return 0;
	if (result < ARCHIVE_WARN)
		return ARCHIVE_FATAL;
	reader->summary.tar_bytes += size;
	if (reader->options.bytes_max && reader->summary.tar_bytes > reader->options.bytes_max)
		reader->error = -EFBIG;
	else
		reader->error = sha256_add(reader->tar_hash, *ret_buffer, size);
	reader->zeros = count_zeros(reader->zeros, *ret_buffer, size);
	return reader->error ? ARCHIVE_FATAL : (la_ssize_t)size;
}

/* libarchive asks for bytes of the tar. */
static la_ssize_t read_tar(struct archive *archive, void *context, const void **ret_buffer)
{
	struct tar_reader *reader = context;
	la_ssize_t size = unpack(reader, ret_buffer);

	if (size < 0)
		archive_copy_error(archive, reader->packed);
	return size < 0 ? -1 : size;
}

/* -- problems -- */

static int tell(const struct tar_reader *reader, struct archive *archive, struct problem *problem)
{
	const char *name = reader->source->name, *reason = archive_error_string(archive);

	if (reader->error == -EFBIG)
		return problem_set(problem, -EFBIG, "\"%s\": it holds more than it may", name);
	if (reader->error)
		return problem_set(problem, reader->error, "\"%s\": %s", name,
				   strerror(-reader->error));
	if (archive_errno(archive) == ENOMEM)
		return problem_set(problem, -ENOMEM, "\"%s\": %s", name, strerror(ENOMEM));
	return problem_set(problem, -EBADMSG,
			   "\"%s\": it is damaged, cut short, or not a tar archive: %s", name,
			   reason ? reason : "there is no reason given");
}

/* -- opening -- */

static int support_compressions(struct archive *archive)
{
	/* Each of these may be built to start a program instead, which we do not want to: only then is it not OK. */
	if (archive_read_support_filter_none(archive) != ARCHIVE_OK ||
	    archive_read_support_filter_gzip(archive) != ARCHIVE_OK ||
	    archive_read_support_filter_bzip2(archive) != ARCHIVE_OK ||
	    archive_read_support_filter_xz(archive) != ARCHIVE_OK ||
	    archive_read_support_filter_zstd(archive) != ARCHIVE_OK)
		return -ENOTSUP;
	return 0;
}

static enum tar_compression compression_of(struct archive *archive)
{
	switch (archive_filter_code(archive, 0)) {
	case ARCHIVE_FILTER_GZIP:
		return TAR_GZIP;
	case ARCHIVE_FILTER_ZSTD:
		return TAR_ZSTD;
	case ARCHIVE_FILTER_BZIP2:
		return TAR_BZIP2;
	case ARCHIVE_FILTER_XZ:
		return TAR_XZ;
	default:
		return TAR_PLAIN;
	}
}

static int open_packed(struct tar_reader *reader, struct problem *problem)
{
	struct archive_entry *entry;
	int error = support_compressions(reader->packed);

	if (error)
		return problem_set(problem, error,
				   "this libarchive lacks one of gzip, bzip2, xz and zstd");
	(void)archive_read_support_format_raw(reader->packed);
	if (archive_read_open(reader->packed, reader, NULL, read_packed, NULL) != ARCHIVE_OK ||
	    archive_read_next_header(reader->packed, &entry) != ARCHIVE_OK)
		return tell(reader, reader->packed, problem);
	reader->summary.compression = compression_of(reader->packed);
	return 0;
}

static int open_tar(struct tar_reader *reader, struct problem *problem)
{
	(void)archive_read_support_filter_none(reader->tar);
	(void)archive_read_support_format_tar(reader->tar);
	if (archive_read_open(reader->tar, reader, NULL, read_tar, NULL) != ARCHIVE_OK)
		return tell(reader, reader->tar, problem);
	return 0;
}

static int allocate(struct tar_reader *reader)
{
	reader->buffer = malloc(SOURCE_BUFFER);
	reader->packed = archive_read_new();
	reader->tar = archive_read_new();
	/* Of this one there is no doubt. */
	reader->plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (!reader->buffer || !reader->packed || !reader->tar || !reader->plain)
		return -ENOMEM;
	if (sha256_new(&reader->packed_hash) < 0 || sha256_new(&reader->tar_hash) < 0)
		return -ENOMEM;
	return 0;
}

int tar_reader_open(const struct apply_source *source, const struct tar_reader_options *options,
		    struct tar_reader **ret_reader, struct problem *problem)
{
	CLEANUP(tar_reader_close) struct tar_reader *reader = calloc(1, sizeof(*reader));
	int error;

	if (!reader)
		return problem_set(problem, -ENOMEM, "%s", strerror(ENOMEM));
	reader->source = source;
	reader->options = *options;
	error = allocate(reader);
	if (error)
		return problem_set(problem, error, "%s", strerror(-error));
	error = open_packed(reader, problem);
	if (!error)
		error = open_tar(reader, problem);
	if (!error)
		*ret_reader = steal_pointer(&reader);
	return error;
}

void tar_reader_close(struct tar_reader *reader)
{
	if (!reader)
		return;
	(void)archive_read_free(reader->tar);
	(void)archive_read_free(reader->packed);
	sha256_free(reader->packed_hash);
	sha256_free(reader->tar_hash);
	if (reader->plain)
		freelocale(reader->plain);
	free(reader->buffer);
	free(reader);
}

/* -- reading -- */

int tar_reader_next(struct tar_reader *reader, struct archive_entry **ret_entry,
		    struct problem *problem)
{
	locale_t before = uselocale(reader->plain);
	int result = archive_read_next_header(reader->tar, ret_entry);

	(void)uselocale(before);
	if (result == ARCHIVE_EOF)
		return 0;
	/* A warning is that a name is not of the locale's characters; then it is left as it is. */
	if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
		return tell(reader, reader->tar, problem);
	reader->summary.entries++;
	if (reader->options.entries_max && reader->summary.entries > reader->options.entries_max) {
		reader->error = -EFBIG;
		return tell(reader, reader->tar, problem);
	}
	return 1;
}

int tar_reader_data(struct tar_reader *reader, struct tar_extent *ret_extent,
		    struct problem *problem)
{
	la_int64_t offset = 0;
	int result =
		archive_read_data_block(reader->tar, &ret_extent->data, &ret_extent->size, &offset);

	if (result == ARCHIVE_EOF)
		return 0;
	if (result != ARCHIVE_OK || offset < 0)
		return tell(reader, reader->tar, problem);
	ret_extent->offset = (uint64_t)offset;
	return 1;
}

/* Lets the rest of both streams pass. */
static int drain(struct tar_reader *reader, struct problem *problem)
{
	const void *data;
	la_ssize_t size;

	while ((size = unpack(reader, &data)) > 0)
		;
	if (size < 0)
		return tell(reader, reader->packed, problem);
	/* What comes after the compressed stream. */
	while ((size = read_packed(reader->packed, reader, &data)) > 0)
		;
	return size < 0 ? tell(reader, reader->packed, problem) : 0;
}

int tar_reader_finish(struct tar_reader *reader, struct tar_summary *ret_summary,
		      struct problem *problem)
{
	struct tar_summary *summary = &reader->summary;
	int error = drain(reader, problem);

	if (error)
		return error;
	/* Every writer ends a tar with two blocks of zeros; readers take one. */
	if (reader->zeros < TAR_BLOCK)
		return problem_set(problem, -EBADMSG, "\"%s\": it is cut short: its end is missing",
				   reader->source->name);
	error = sha256_finish(reader->packed_hash, summary->digest);
	if (!error)
		error = sha256_finish(reader->tar_hash, summary->diff_id);
	if (error)
		return problem_set(problem, error, "cannot compute SHA-256: %s", strerror(-error));
	*ret_summary = *summary;
	return 0;
}
