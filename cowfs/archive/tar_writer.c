/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "archive/tar_writer.h"

#include "archive/library_entry.h"
#include "archive/sha256.h"
#include "union/acl.h"

#include <locale.h>
#include <string.h>
#include <unistd.h>

/* How much is gathered before it is passed on. */
#define BLOCK (64 << 10)
#define PROGRESS_STEP ((uint64_t)1 << 20)

struct tar_writer {
	int fd;
	struct tar_progress progress;
	struct archive *tar;	/* makes the tar's bytes of entries */
	struct archive *packed; /* and these smaller; NULL: they stay as they are */
	struct sha256 *packed_hash, *tar_hash;
	struct tar_summary summary;
	uint64_t shown; /* bytes of the tar when the progress was told last */
	int error; /* what ended the writing, when it was not libarchive: nothing more is written */
	locale_t utf8; /* in which libarchive writes names as they are */
};

/* -- the two streams -- */

static int show_progress(struct tar_writer *writer)
{
	writer->shown = writer->summary.tar_bytes;
	return writer->progress.show ? writer->progress.show(writer->progress.context,
							     writer->summary.archive_bytes)
				     : 0;
}

/* A signal may be a reason to give up, which the progress knows. */
static int write_all(struct tar_writer *writer, const char *data, size_t size)
{
	size_t done = 0;
	int error = 0;

	while (done < size && !error) {
		ssize_t length = write(writer->fd, data + done, size - done);

		if (length < 0)
			error = errno == EINTR ? show_progress(writer) : -errno;
		else
			done += (size_t)length;
	}
	return error;
}

static int store(struct tar_writer *writer, const void *data, size_t size)
{
	int error = write_all(writer, data, size);

	if (error)
		return error;
	writer->summary.archive_bytes += size;
	return writer->packed_hash ? sha256_add(writer->packed_hash, data, size) : 0;
}

/*
 * libarchive has stored bytes. After an error they are thrown away: libarchive is not told of it, for then it would
 * not give back its memory.
 */
static la_ssize_t write_packed(struct archive *archive, void *context, const void *data,
			       size_t size)
{
	struct tar_writer *writer = context;

	(void)archive;
	if (!writer->error)
		writer->error = store(writer, data, size);
	return (la_ssize_t)size;
}

static int pass_on(struct tar_writer *writer, const void *data, size_t size)
{
	int error = sha256_add(writer->tar_hash, data, size);

	writer->summary.tar_bytes += size;
	if (!error && !writer->packed)
		error = store(writer, data, size);
	else if (!error && archive_write_data(writer->packed, data, size) != (la_ssize_t)size)
		error = -EIO;
	if (error || writer->error)
		return error ? error : writer->error;
	/* However little is left of it when it is packed, this can be given up. */
	if (writer->summary.tar_bytes - writer->shown < PROGRESS_STEP)
		return 0;
	return show_progress(writer);
}

/* libarchive has bytes of the tar. */
static la_ssize_t write_tar(struct archive *archive, void *context, const void *data, size_t size)
{
	struct tar_writer *writer = context;

	(void)archive;
	if (!writer->error)
		writer->error = pass_on(writer, data, size);
	return (la_ssize_t)size;
}

static int tell(const struct tar_writer *writer, struct problem *problem)
{
	const char *reason = archive_error_string(writer->tar);

	if (writer->error)
		return problem_set(problem, writer->error, "cannot write the archive: %s",
				   strerror(-writer->error));
	return problem_set(problem, -EIO, "cannot write the archive: %s",
			   reason ? reason : strerror(EIO));
}

/* -- opening -- */

static int open_packed(struct tar_writer *writer, enum tar_compression compression)
{
	CLEANUP(archive_entry_free) struct archive_entry *entry = archive_entry_new();
	struct archive *packed = archive_write_new();

	if (!entry || !packed)
		return -ENOMEM;
	writer->packed = packed;
	(void)archive_write_set_format_raw(packed);
	if (compression == TAR_ZSTD) {
		if (archive_write_add_filter_zstd(packed) != ARCHIVE_OK)
			return -ENOTSUP;
	} else if (archive_write_add_filter_gzip(packed) != ARCHIVE_OK ||
		   archive_write_set_filter_option(packed, "gzip", "timestamp", NULL) !=
			   ARCHIVE_OK) {
		return -ENOTSUP;
	}
	(void)archive_write_set_bytes_per_block(packed, BLOCK);
	(void)archive_write_set_bytes_in_last_block(packed, 1);
	archive_entry_set_filetype(entry, AE_IFREG);
	if (archive_write_open(packed, writer, NULL, write_packed, NULL) != ARCHIVE_OK ||
	    archive_write_header(packed, entry) != ARCHIVE_OK)
		return -EIO;
	return 0;
}

static int open_tar(struct tar_writer *writer)
{
	struct archive *tar = archive_write_new();

	if (!tar)
		return -ENOMEM;
	writer->tar = tar;
	(void)archive_write_set_format_pax(tar);
	/* What others read. */
	if (archive_write_set_format_option(tar, "pax", "xattrheader", "SCHILY") != ARCHIVE_OK)
		return -ENOTSUP;
	(void)archive_write_set_bytes_per_block(tar, BLOCK);
	(void)archive_write_set_bytes_in_last_block(tar, 1);
	return archive_write_open(tar, writer, NULL, write_tar, NULL) == ARCHIVE_OK ? 0 : -EIO;
}

static int allocate(struct tar_writer *writer, enum tar_compression compression)
{
	int error = sha256_new(&writer->tar_hash);

	if (!error && compression != TAR_PLAIN)
		error = sha256_new(&writer->packed_hash);
	if (error)
		return error;
	writer->utf8 = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);
	/* Without it names that are not ASCII are marked as binary, which some readers warn of. */
	if (!writer->utf8)
		writer->utf8 = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	return writer->utf8 ? 0 : -ENOMEM;
}

int tar_writer_open(int fd, enum tar_compression compression, const struct tar_progress *progress,
		    struct tar_writer **ret_writer, struct problem *problem)
{
	CLEANUP(tar_writer_close) struct tar_writer *writer = calloc(1, sizeof(*writer));
	int error = -ENOMEM;

	if (writer) {
		writer->fd = fd;
		writer->progress = *progress;
		writer->summary.compression = compression;
		error = allocate(writer, compression);
	}
	if (!error && compression != TAR_PLAIN)
		error = open_packed(writer, compression);
	if (!error)
		error = open_tar(writer);
	if (error)
		return problem_set(problem, error, "cannot begin the archive: %s",
				   strerror(-error));
	*ret_writer = steal_pointer(&writer);
	return 0;
}

void tar_writer_close(struct tar_writer *writer)
{
	if (!writer)
		return;
	/* What libarchive still holds is written, to nowhere. */
	if (!writer->error)
		writer->error = -ECANCELED;
	(void)archive_write_free(writer->tar);
	(void)archive_write_free(writer->packed);
	sha256_free(writer->packed_hash);
	sha256_free(writer->tar_hash);
	if (writer->utf8)
		freelocale(writer->utf8);
	free(writer);
}

/* -- names -- */

/* The length of the UTF-8 character at this place; 0 for what is none. */
static size_t character_length(const unsigned char *at)
{
	static const struct {
		unsigned char mask, lead;
		unsigned first; /* what takes so many bytes */
	} forms[] = { { 0x80, 0x00, 0 },
		      { 0xe0, 0xc0, 0x80 },
		      { 0xf0, 0xe0, 0x800 },
		      { 0xf8, 0xf0, 0x10000 } };
	unsigned character;

	for (size_t form = 0; form < sizeof(forms) / sizeof(forms[0]); form++) {
		if ((at[0] & forms[form].mask) != forms[form].lead)
			continue;
		character = at[0] & (unsigned char)~forms[form].mask;
		for (size_t i = 1; i <= form; i++) {
			if ((at[i] & 0xc0) != 0x80)
				return 0;
			character = character << 6 | (at[i] & 0x3f);
		}
		if (character < forms[form].first || character > 0x10ffff ||
		    (character >= 0xd800 && character <= 0xdfff))
			return 0;
		return form + 1;
	}
	return 0;
}

bool tar_writer_keeps_holes(const char *name)
{
	const unsigned char *at = (const unsigned char *)name;
	size_t length;

	while (*at) {
		length = character_length(at);
		if (!length)
			return false;
		at += length;
	}
	return true;
}

/*
 * True when libarchive would write another name: it takes two surrogates, each encoded like a character
 * of UTF-8, for the one character that they mean in UTF-16.
 */
static bool would_be_changed(const char *name)
{
	const unsigned char *at = (const unsigned char *)name;

	for (; at && *at; at++) {
		if (at[0] == 0xed && at[1] >= 0xa0 && at[1] <= 0xaf && at[2] && at[3] == 0xed &&
		    at[4] >= 0xb0 && at[4] <= 0xbf)
			return true;
	}
	return false;
}

/* -- writing -- */

int tar_writer_entry(struct tar_writer *writer, struct archive_entry *entry,
		     struct problem *problem)
{
	const char *names[] = { archive_entry_pathname(entry), archive_entry_symlink(entry),
				archive_entry_hardlink(entry) };
	locale_t before;
	int result;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i] && would_be_changed(names[i]))
			return problem_set(problem, -EILSEQ,
					   "\"%s\": cannot be written: it has UTF-16 in its name, "
					   "encoded as if it were UTF-8",
					   names[0]);
	}
	before = uselocale(writer->utf8);
	result = archive_write_header(writer->tar, entry);
	(void)uselocale(before);
	/* A warning is that the name is not UTF-8; then it was written as it is, and marked. */
	if ((result != ARCHIVE_OK && result != ARCHIVE_WARN) || writer->error)
		return tell(writer, problem);
	writer->summary.entries++;
	return 0;
}

int tar_writer_data(struct tar_writer *writer, const void *data, size_t size,
		    struct problem *problem)
{
	if (archive_write_data(writer->tar, data, size) != (la_ssize_t)size || writer->error)
		return tell(writer, problem);
	return 0;
}

int tar_writer_finish(struct tar_writer *writer, struct tar_summary *ret_summary,
		      struct problem *problem)
{
	struct tar_summary *summary = &writer->summary;
	int error;

	if (archive_write_close(writer->tar) != ARCHIVE_OK ||
	    (writer->packed && archive_write_close(writer->packed) != ARCHIVE_OK) || writer->error)
		return tell(writer, problem);
	error = sha256_finish(writer->tar_hash, summary->diff_id);
	if (!error && writer->packed_hash)
		error = sha256_finish(writer->packed_hash, summary->digest);
	if (error)
		return problem_set(problem, error, "cannot compute SHA-256: %s", strerror(-error));
	if (!writer->packed_hash)
		memcpy(summary->digest, summary->diff_id, sizeof(summary->digest));
	*ret_summary = *summary;
	return 0;
}

bool tar_writer_wants_xattr(const char *attribute)
{
	if (strncmp(attribute, "system.", strlen("system.")) == 0)
		return acl_is_acl(attribute);
	return strcmp(attribute, "security.selinux") != 0;
}

bool tar_writer_keeps_xattr(const char *attribute)
{
	for (const char *c = attribute; *c; c++) {
		if (*c <= ' ' || *c >= 0x7f || *c == '%' || *c == '=')
			return false;
	}
	return true;
}
