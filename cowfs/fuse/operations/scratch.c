/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/operations/scratch.h"

#include <pthread.h>
#include <stdlib.h>

#define ALIGNMENT 4096U
/* Answers are up to 1 MiB long; most fit in this. */
#define SIZE_MIN (64U * 1024U)

struct piece {
	void *memory;
	size_t size;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int key_error;

static void free_piece(void *pointer)
{
	struct piece *piece = pointer;

	free(piece->memory);
	free(piece);
}

static void create_key(void)
{
	key_error = pthread_key_create(&key, free_piece);
}

static struct piece *own_piece(void)
{
	struct piece *piece;

	(void)pthread_once(&once, create_key);
	if (key_error)
		return NULL;
	piece = pthread_getspecific(key);
	if (piece)
		return piece;
	piece = calloc(1, sizeof(*piece));
	if (piece && pthread_setspecific(key, piece) != 0) {
		free(piece);
		return NULL;
	}
	return piece;
}

void *scratch(size_t size)
{
	struct piece *piece = own_piece();
	void *memory;

	if (!piece)
		return NULL;
	if (size <= piece->size)
		return piece->memory;
	if (size < SIZE_MIN)
		size = SIZE_MIN;
	size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	memory = aligned_alloc(ALIGNMENT, size);
	if (!memory)
		return NULL;
	free(piece->memory);
	*piece = (struct piece){ .memory = memory, .size = size };
	return memory;
}
