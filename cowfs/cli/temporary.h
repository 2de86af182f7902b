/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A directory that a command needs while it runs, and nobody else may look into. As long as it does, it holds a lock (flock(2)) on it:
 * whoever makes the next one deletes those of the same user that nobody has locked, as a command that was killed left them.
 */
#pragma once

#include "base/buffer.h"
#include "base/problem.h"

/* Begins as TEMPORARY_INIT. */
struct temporary {
	int parent;	    /* $TMPDIR, or /var/tmp: O_PATH */
	int fd;		    /* readable, locked */
	char name[48];	    /* in the parent */
	struct buffer path; /* of it */
};

#define TEMPORARY_INIT ((struct temporary){ .parent = -1, .fd = -1 })
#define cleanup_temporary __attribute__((cleanup(temporary_end)))

/* Makes one in $TMPDIR, or else /var/tmp, where more fits than into /tmp. 0 or -errno with a problem. */
int temporary_begin(struct temporary *temporary, struct problem *problem);
/* A directory in it; its path is to be freed by the caller. 0 or -errno with a problem. */
int temporary_make_directory(const struct temporary *temporary, const char *name, char **ret_path,
			     struct problem *problem);
/* Deletes it with all that it holds; nothing before temporary_begin(). */
void temporary_end(struct temporary *temporary);
