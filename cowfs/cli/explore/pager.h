/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A text to scroll through, a file of a union or one in memory: which line begins where is found out as far as it is needed,
 * so that a file may be of any size.
 */
#pragma once

#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Longer lines are broken. */
#define PAGER_LINE_MAX 4096
/* Nobody scrolls further than this many bytes. */
#define PAGER_BYTES_MAX ((uint64_t)64 << 20)

/* As pread(2) on the text: a length, or -errno. */
typedef ssize_t pager_read_function(void *context, void *data, size_t size, uint64_t offset);

struct pager {
	pager_read_function *read;
	void *context;
	uint64_t *starts; /* of the lines that are known, and of the next one; owned */
	size_t line_count, capacity;
	bool is_complete; /* there are no more lines */
	bool is_cut;	  /* there are, beyond PAGER_BYTES_MAX */
	int error;	  /* why there are no more, or 0 */
	size_t top;	  /* the line shown first */
	size_t left;	  /* the column shown first */
};

/* The context is borrowed until pager_close(). */
void pager_open(struct pager *pager, pager_read_function *read, void *context);
void pager_close(struct pager *pager);

/* How many lines there are, if not more than this many. */
size_t pager_lines(struct pager *pager, size_t wanted);
/* Appends a line, harmless on a terminal, tabs as spaces. 0, -ENOENT when there is none, or -ENOMEM. */
int pager_line(struct pager *pager, size_t line, struct buffer *text);

/* Moves what is shown, of which height lines can be seen; SIZE_MAX / 2 is far enough for the end. */
void pager_scroll(struct pager *pager, long lines, size_t height);
