/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scope-bound release of memory and descriptors.
 *
 * A variable declared with one of the cleanup_ words owns what it holds and gives it back when it
 * leaves scope, whichever way it leaves. To hand the thing on, steal it: the variable is emptied
 * and the caller becomes the owner. Destructors accept the empty value and keep errno.
 */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Declares cleanup_##fn##p(), the attribute's form of a destructor that takes the pointer. */
#define DEFINE_CLEANUP_FUNCTION(type, fn)                                                          \
	static inline void cleanup_##fn##p(type *pointer)                                          \
	{                                                                                          \
		int saved = errno;                                                                 \
		if (*pointer)                                                                      \
			fn(*pointer);                                                              \
		errno = saved;                                                                     \
	}                                                                                          \
	struct cleanup_##fn##_semicolon

#define CLEANUP(fn) __attribute__((cleanup(cleanup_##fn##p)))

DEFINE_CLEANUP_FUNCTION(DIR *, closedir);
DEFINE_CLEANUP_FUNCTION(FILE *, fclose);

static inline void cleanup_free_function(void *pointer)
{
	int saved = errno;

	free(*(void **)pointer);
	errno = saved;
}

static inline void cleanup_fd_function(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd);
	errno = saved;
}

#define cleanup_free __attribute__((cleanup(cleanup_free_function)))
#define cleanup_fd __attribute__((cleanup(cleanup_fd_function)))

/* Empties *fd and returns what it held. */
static inline int steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

/* Empties a pointer variable and returns what it held, with its type. */
#define steal_pointer(pointer)                                                                     \
	({                                                                                         \
		__typeof__(*(pointer)) stolen_ = *(pointer);                                       \
		*(pointer) = NULL;                                                                 \
		stolen_;                                                                           \
	})
