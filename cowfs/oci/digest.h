/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Content addresses: `sha256:` and 64 lower-case hexadecimal digits, and nothing else. (OCI
 * image-spec, descriptor.md, "Digests"; other algorithms are optional there and not taken here.) archive/sha256.h computes them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_HEX_LENGTH 64
#define DIGEST_PREFIX "sha256:"
#define DIGEST_TEXT_SIZE (sizeof(DIGEST_PREFIX) + DIGEST_HEX_LENGTH)
#define DIGEST_SHORT_LENGTH 12 /* digits of an id that are shown to people */

struct digest {
	char hex[DIGEST_HEX_LENGTH + 1]; /* "" in one that was never set */
};

/* 64 digits without the prefix, as in the names of blobs. */
bool digest_hex_is_valid(const char *hex);
/* The whole form. 0 or -EINVAL. */
int digest_parse(const char *text, struct digest *ret_digest);
/* Writes the whole form, and returns it. */
const char *digest_text(const struct digest *digest, char text[DIGEST_TEXT_SIZE]);
bool digest_equal(const struct digest *a, const struct digest *b);

/* 0, or -ENOMEM or -EIO. */
int digest_of_bytes(const void *data, size_t length, struct digest *ret_digest);
