/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every part of the model needs: memory, names for people, giving up.
 *
 * An arena is memory given back all at once. Everything that a run of the model remembers lives in one arena,
 * so that the leak checker sees the union's leaks and none of ours.
 *
 * Running out of memory ends the program: a test has nothing better to do.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

struct arena {
	struct arena_block *blocks;
};

/* Zeroed memory. */
void *arena_allocate(struct arena *arena, size_t size);
char *arena_string(struct arena *arena, const char *string);
void arena_free(struct arena *arena);

/* Like realloc(3), but ends the program when there is no memory. For what does not live in an arena. */
void *must_reallocate(void *memory, size_t size);

/*
 * A name as a person can read it: in quotes, without control characters, long runs of one letter
 * cut short.
 */
void print_name(FILE *stream, const char *name);

/* Ends the process, which is one run of the model, with a sentence: it failed and cannot go on. */
__attribute__((format(printf, 1, 2), noreturn)) void give_up(const char *format, ...);
