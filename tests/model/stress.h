/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stress test: threads that do random things to a small tree all at once.
 *
 * What a file holds describes itself, in records of 64 words. A word names the file's inode number and the
 * write it came from, so that bytes of another file, and records torn apart, are seen for what they are. A
 * record may be all zero: a hole, or beyond the former end.
 */
#pragma once

#include "random.h"

#include "union/union.h"

#include <pthread.h>
#include <stdatomic.h>

#define RECORD_WORDS 64
#define RECORD_SIZE (RECORD_WORDS * sizeof(uint64_t))
#define RECORDS_MAX 12 /* in a file */

#define STRESS_LOWERS 3
#define THREADS_MAX 64

/* Everything is called one of these; few, so that threads meet. */
extern const char *const stress_names[];
#define STRESS_NAMES 10

struct stress {
	struct union_fs *fs;
	uint64_t seed;
	unsigned threads;
	size_t operations;   /* of each thread */
	bool quiet_registry; /* leave the numbers unchecked: the check's lock orders the threads */
	pthread_barrier_t start;
	_Atomic uint32_t serial;   /* of writes */
	_Atomic unsigned failures; /* told on standard output */
	_Atomic unsigned stale;	   /* -ESTALE answers */
	char **files;		   /* paths of all regular files at the start */
	size_t file_count;
};

/* Says, once for each, what must not be. */
__attribute__((format(printf, 2, 3))) void stress_complain(struct stress *stress,
							   const char *format, ...);

static inline uint64_t record_word(uint64_t number, uint32_t serial)
{
	return number << 32 | serial;
}

/* stress_records.c: fills one record. */
void record_fill(uint64_t *words, uint64_t number, uint32_t serial);
/*
 * Checks size bytes of the file with this number. While others write, a record may be half an old
 * and half a new one.
 */
bool record_check(const uint64_t *words, size_t size, uint64_t number, bool quiescent);

/* stress_layers.c: writes lower layer number index, 0 being the topmost. */
void stress_write_layer(uint64_t seed, unsigned index, int directory);

/* stress_threads.c: runs the threads to their end. */
void stress_run(struct stress *stress);
