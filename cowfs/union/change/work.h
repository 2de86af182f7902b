/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The union's own state in the upper: `.wh..wh.cowfs/`, or the directory given as workdir.
 *
 *	work/	objects being made; what becomes visible is made here and appears by one rename
 *	index/	hard links and origins, see hard_links.h and copy_up/origin.h
 *
 * Whoever holds the state holds a lock (flock(2)) on the upper's root and on the state directory.
 */
#pragma once

#include "base/problem.h"
#include "layer/layer.h"

#include <stdint.h>

struct work {
	char *path;   /* of the state directory, absolute, when it is not in the upper; owned */
	int state_fd; /* the state directory; locked */
	int upper_lock_fd; /* the upper's root; locked */
	int fd;		   /* work/ */
	int index_fd;	   /* index/ */
	_Atomic uint64_t next_name;
};

#define WORK_NAME_MAX 24

/* Nothing open. */
void work_init(struct work *work);

/*
 * Locks the upper, makes the directories and empties work/. workdir NULL means STATE_DIRECTORY in the upper. Who is
 * patient waits some seconds for an earlier mount's daemon to end. 0 or -errno with a problem: -EBUSY when another
 * mount has the upper.
 */
int work_open(struct work *work, const struct layer *upper, const char *workdir, bool patient,
	      struct problem *problem);
/*
 * For who only looks at an upper, which others may have locked: nothing is made or locked, index_fd stays -1 where
 * there is no index. 0 or -errno with a problem.
 */
int work_look(struct work *work, const struct layer *upper, const char *workdir,
	      struct problem *problem);
/*
 * For who looks at a layer and then mends it: keeps others from mounting it as their upper. What work_look() opened is
 * locked, and work/ opened where there is one. 0 or -errno with a problem: -EBUSY when somebody has it mounted.
 */
int work_lock(struct work *work, const struct layer *upper, struct problem *problem);
/*
 * Tells whoever wants to mount the upper next to wait: this union is ending, though that may take a
 * while. Its locks become shared ones.
 */
void work_announce_end(struct work *work);
void work_close(struct work *work);

/* A name not used in work/ yet. */
void work_new_name(struct work *work, char name[WORK_NAME_MAX]);

/* Deletes name, with all that is in it when it is a directory. Errors leave litter for the next mount. */
void work_discard(struct work *work, const char *name);
/* The same for everything in work/. */
void work_empty(struct work *work);
