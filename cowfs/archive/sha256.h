/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-256 of a stream, by libcrypto. Not to be used by several threads at once. */
#pragma once

#include "archive/tar.h"
#include "base/cleanup.h"

struct sha256;

/* 0 or -ENOMEM. */
int sha256_new(struct sha256 **ret_sha256);
/* Accepts NULL. */
void sha256_free(struct sha256 *sha256);

DEFINE_CLEANUP_FUNCTION(struct sha256 *, sha256_free);

/* 0, or -EIO should libcrypto refuse. */
int sha256_add(struct sha256 *sha256, const void *data, size_t size);
/* The digest of all that was added; then nothing more may be. 0 or -EIO. */
int sha256_finish(struct sha256 *sha256, char digest[TAR_DIGEST_SIZE]);
