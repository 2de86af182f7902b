/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/hash.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

uint64_t hash_bytes(uint64_t seed, const void *data, size_t length)
{
	return XXH3_64bits_withSeed(data, length, seed);
}

uint64_t hash_pair(uint64_t seed, uint64_t a, uint64_t b)
{
	const uint64_t pair[2] = { a, b };

	return XXH3_64bits_withSeed(pair, sizeof(pair), seed);
}

uint64_t hash_random_seed(void)
{
	struct timespec now = { 0 };
	uint64_t seed;
	int saved = errno;

	/* Never wait for entropy: early in boot a guessable seed is better than a mount that hangs. */
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed)) {
		(void)clock_gettime(CLOCK_MONOTONIC, &now);
		seed = hash_pair((uint64_t)getpid(), (uint64_t)now.tv_sec, (uint64_t)now.tv_nsec);
	}
	errno = saved;
	return seed;
}
