/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pseudo-random numbers from a seed (splitmix64): the same seed gives the same run everywhere. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
	uint64_t z = (random->state += 0x9e3779b97f4a7c15U);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

/* A number below limit; limit is at least 1. */
static inline unsigned random_below(struct random *random, unsigned limit)
{
	return (unsigned)(random_next(random) % limit);
}

/* True so many times out of a hundred. */
static inline bool random_percent(struct random *random, unsigned percent)
{
	return random_below(random, 100) < percent;
}

/* size bytes of content number seed, from its byte number offset on. Never zero bytes: holes show. */
static inline void random_content(uint64_t seed, uint64_t offset, void *data, size_t size)
{
	unsigned char *bytes = data;

	for (size_t i = 0; i < size; i++) {
		struct random random = { seed ^ ((offset + i) / 8) };
		uint64_t word = random_next(&random);

		bytes[i] = (unsigned char)(word >> (offset + i) % 8 * 8 | 1);
	}
}
