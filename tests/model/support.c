/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct arena_block {
	struct arena_block *next;
	max_align_t data[];
};

void give_up(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	printf("# cannot go on: ");
	vprintf(format, arguments);
	printf("\n");
	(void)fflush(stdout);
	va_end(arguments);
	_exit(1);
}

void *must_reallocate(void *memory, size_t size)
{
	memory = realloc(memory, size);
	if (!memory)
		give_up("no memory");
	return memory;
}

void *arena_allocate(struct arena *arena, size_t size)
{
	struct arena_block *block = calloc(1, sizeof(*block) + size);

	if (!block)
		give_up("no memory");
	block->next = arena->blocks;
	arena->blocks = block;
	return block->data;
}

char *arena_string(struct arena *arena, const char *string)
{
	size_t size = strlen(string) + 1;

	return memcpy(arena_allocate(arena, size), string, size);
}

void arena_free(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *block = arena->blocks;

		arena->blocks = block->next;
		free(block);
	}
}

void print_name(FILE *stream, const char *name)
{
	(void)fputc('\'', stream);
	while (*name != '\0') {
		size_t run = strspn(name, (char[]){ *name, '\0' });

		if (*name < ' ' || *name > '~')
			fprintf(stream, "\\x%02x", (unsigned char)*name);
		else
			(void)fputc(*name, stream);
		if (run > 4)
			fprintf(stream, "{%zu}", run);
		name += run > 4 ? run : 1;
	}
	(void)fputc('\'', stream);
}
