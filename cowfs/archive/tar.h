/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Layers as archives, in the form of the OCI image specification (layer.md): a tar, compressed or not, in
 * which `.wh.NAME` and `.wh..wh..opq` are the whiteouts. This is what apply.h and commit.h share.
 *
 * Archives are streams of any length: what they hold is never held in memory.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum tar_compression {
	TAR_PLAIN,
	TAR_GZIP,
	TAR_ZSTD,
	TAR_BZIP2, /* only read, as is the next */
	TAR_XZ,
};

/* 64 lower-case hexadecimal digits and a zero. */
#define TAR_DIGEST_SIZE 65

/* What is known of an archive once all of it has passed. */
struct tar_summary {
	char diff_id
		[TAR_DIGEST_SIZE]; /* SHA-256 of the tar: the layer's "diff id", without `sha256:` */
	char digest[TAR_DIGEST_SIZE]; /* SHA-256 of the archive as it is stored: its "digest" */
	uint64_t tar_bytes;
	uint64_t archive_bytes; /* as it is stored */
	uint64_t entries;	/* whiteouts included */
	enum tar_compression compression;
};

/*
 * Told now and then how many bytes of the stored archive have passed: at least for every MiB of it or, while one is
 * written, of the tar. Anything but 0 gives up: the work ends with that result, which should be a -errno such as
 * -ECANCELED.
 */
struct tar_progress {
	int (*show)(void *context, uint64_t archive_bytes);
	void *context;
};
