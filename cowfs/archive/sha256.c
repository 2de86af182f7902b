/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "archive/sha256.h"

#include <openssl/evp.h>

/* It is the library's context. */
struct sha256;

static EVP_MD_CTX *context_of(struct sha256 *sha256)
{
	return (EVP_MD_CTX *)sha256;
}

int sha256_new(struct sha256 **ret_sha256)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (!context)
		return -ENOMEM;
	if (EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(context);
		return -ENOMEM;
	}
	*ret_sha256 = (struct sha256 *)context;
	return 0;
}

void sha256_free(struct sha256 *sha256)
{
	EVP_MD_CTX_free(context_of(sha256));
}

int sha256_add(struct sha256 *sha256, const void *data, size_t size)
{
	return EVP_DigestUpdate(context_of(sha256), data, size) == 1 ? 0 : -EIO;
}

int sha256_finish(struct sha256 *sha256, char digest[TAR_DIGEST_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	if (EVP_DigestFinal_ex(context_of(sha256), bytes, &length) != 1 ||
	    length != (TAR_DIGEST_SIZE - 1) / 2)
		return -EIO;
	for (unsigned i = 0; i < length; i++) {
		digest[2 * i] = digits[bytes[i] >> 4];
		digest[2 * i + 1] = digits[bytes[i] & 15];
	}
	digest[2 * (size_t)length] = '\0';
	return 0;
}
