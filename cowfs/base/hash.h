/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hashing: XXH3, for tables, cookies and identities. Never for content addresses. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A 64-bit hash of length bytes. The seed keeps crafted names from colliding on purpose. */
uint64_t hash_bytes(uint64_t seed, const void *data, size_t length);

/* A 64-bit hash of two numbers. */
uint64_t hash_pair(uint64_t seed, uint64_t a, uint64_t b);

/* A random seed from getrandom(2); falls back on the clock when the kernel has none to give. */
uint64_t hash_random_seed(void);
