/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of pack.h: blobs as they are packed, whatever is in them. */
#include "image/pack.h"

#include "archive/tar_reader.h"
#include "base/cleanup.h"
#include "image/blobs.h"

#include <archive.h>
#include <errno.h>
#include <string.h>

#define MAGIC_MAX 6

static const struct packing {
	const char *magic;
	size_t length;
	enum media_type type; /* MEDIA_OTHER: images have none such */
	const char *program;  /* that unpacks it */
} packings[] = {
	{ "\x1f\x8b", 2, MEDIA_LAYER_GZIP, NULL },
	{ "\x28\xb5\x2f\xfd", 4, MEDIA_LAYER_ZSTD, NULL },
	{ "\xfd\x37zXZ", 6, MEDIA_OTHER, "xz -dc" },
	{ "BZh", 3, MEDIA_OTHER, "bzip2 -dc" },
	{ "\x04\x22\x4d\x18", 4, MEDIA_OTHER, "lz4 -dc" },
};

static int cannot_read(const char *what, int error, struct problem *problem)
{
	return problem_set(problem, error, "%s: cannot read the layer: %s", what, strerror(-error));
}

int pack_layer_type(const struct image_store *store, struct descriptor *blob, const char *what,
		    struct problem *problem)
{
	cleanup_fd int fd = blob_open(store, &blob->digest);
	char magic[MAGIC_MAX] = { 0 };
	ssize_t length = fd < 0 ? fd : pread(fd, magic, sizeof(magic), 0);

	if (length < 0)
		return cannot_read(what, fd < 0 ? fd : -errno, problem);
	blob->type = MEDIA_LAYER;
	for (size_t i = 0; i < sizeof(packings) / sizeof(*packings); i++) {
		const struct packing *packing = &packings[i];

		if ((size_t)length < packing->length ||
		    memcmp(magic, packing->magic, packing->length) != 0)
			continue;
		if (packing->type == MEDIA_OTHER)
			return problem_set(problem, -EINVAL,
					   "%s is packed in a way that layers of images are not; "
					   "unpack it with %s first",
					   what, packing->program);
		blob->type = packing->type;
	}
	return 0;
}

int pack_find_diff_id(const struct image_store *store, const struct descriptor *blob,
		      const char *what, struct digest *ret_diff_id, struct problem *problem)
{
	cleanup_fd int fd = blob_open(store, &blob->digest);
	const struct apply_source source = { .fd = fd, .name = what };
	const struct tar_reader_options options = { 0 };
	CLEANUP(tar_reader_close) struct tar_reader *reader = NULL;
	struct tar_summary summary;
	int error;

	if (fd < 0)
		return cannot_read(what, fd, problem);
	error = tar_reader_open(&source, &options, &reader, problem);
	if (!error)
		error = tar_reader_finish(reader, &summary, problem);
	if (!error)
		memcpy(ret_diff_id->hex, summary.diff_id, sizeof(ret_diff_id->hex));
	return error;
}

DEFINE_CLEANUP_FUNCTION(struct archive *, archive_read_free);

int pack_expand(const struct image_store *store, const struct descriptor *blob, int to,
		const char *what, struct problem *problem)
{
	cleanup_fd int fd = blob_open(store, &blob->digest);
	CLEANUP(archive_read_free) struct archive *archive = archive_read_new();
	struct archive_entry *entry;

	if (fd < 0)
		return cannot_read(what, fd, problem);
	if (!archive)
		return problem_set(problem, -ENOMEM, "out of memory");
	(void)archive_read_support_filter_gzip(archive);
	(void)archive_read_support_filter_zstd(archive);
	(void)archive_read_support_format_raw(archive);
	if (archive_read_open_fd(archive, fd, 256 * 1024) == ARCHIVE_OK &&
	    archive_read_next_header(archive, &entry) == ARCHIVE_OK &&
	    archive_read_data_into_fd(archive, to) == ARCHIVE_OK)
		return 0;
	return problem_set(problem, -EIO, "%s: cannot unpack the layer " DIGEST_PREFIX "%s: %s",
			   what, blob->digest.hex, archive_error_string(archive));
}
