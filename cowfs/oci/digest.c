/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/digest.h"

#include "archive/sha256.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool digest_hex_is_valid(const char *hex)
{
	return strspn(hex, "0123456789abcdef") == DIGEST_HEX_LENGTH &&
	       hex[DIGEST_HEX_LENGTH] == '\0';
}

int digest_parse(const char *text, struct digest *ret_digest)
{
	const size_t prefix = strlen(DIGEST_PREFIX);

	if (strncmp(text, DIGEST_PREFIX, prefix) != 0 || !digest_hex_is_valid(text + prefix))
		return -EINVAL;
	memcpy(ret_digest->hex, text + prefix, DIGEST_HEX_LENGTH + 1);
	return 0;
}

const char *digest_text(const struct digest *digest, char text[DIGEST_TEXT_SIZE])
{
	(void)snprintf(text, DIGEST_TEXT_SIZE, DIGEST_PREFIX "%s", digest->hex);
	return text;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return strcmp(a->hex, b->hex) == 0;
}

int digest_of_bytes(const void *data, size_t length, struct digest *ret_digest)
{
	CLEANUP(sha256_free) struct sha256 *sha256 = NULL;
	int error = sha256_new(&sha256);

	if (!error)
		error = sha256_add(sha256, data, length);
	return error ? error : sha256_finish(sha256, ret_digest->hex);
}
