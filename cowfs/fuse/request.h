/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each thread of a session is doing, and for whom: one request at a time, from its beginning to its answer.
 *
 * This is for people: for those who trace (session_options.trace), and for a debugger that looks at a daemon which is
 * stopped or dead (tools/gdb/cowfs.py). Nothing here decides anything. A thread writes only to what is its own; it costs a
 * few stores a request, and with tracing the time and the path.
 */
#pragma once

#include "base/list.h"
#include "fuse/counts.h"

#include <fuse_lowlevel.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct session;

struct request {
	bool under_way; /* not answered yet; else it is the last one */
	enum message message;
	pid_t pid;		 /* whose; 0: the kernel's own, or from another pid namespace */
	fuse_ino_t node;	 /* of an inode, or of the directory that name is in */
	const char *name;	 /* or NULL; this and the next ones are good until the answer */
	fuse_ino_t to_node;	 /* of rename, link, copy_file_range; 0: none */
	const char *to_name;	 /* or NULL */
	const char *text;	 /* the attribute or the link's target, or NULL */
	uint64_t offset, size;	 /* of reading and writing; size 0: none */
	struct timespec started; /* by the monotonic clock */
};

struct worker {
	struct list siblings; /* in workers.list */
	struct session *session;
	pid_t thread;
	struct request request;
};

struct workers {
	pthread_mutex_t lock;
	struct list list; /* of struct worker, those that have answered anything */
	pthread_key_t key;
};

/* 0 or -errno. */
int workers_init(struct workers *workers);
/* All threads have ended. */
void workers_destroy(struct workers *workers);

/* The session of a request about an inode, which is counted and remembered. */
struct session *begin(fuse_req_t req, enum message message, fuse_ino_t node);
/* The same for one about a name in a directory. */
struct session *begin_name(fuse_req_t req, enum message message, fuse_ino_t parent,
			   const char *name);

/* More about the request that this thread has begun: where it leads; a text; which bytes. */
void request_to(fuse_ino_t node, const char *name);
void request_text(const char *text);
void request_range(off_t offset, size_t size);

/*
 * It is going to be answered with this result, a length or -errno, now: afterwards the kernel may forget what it was about.
 * Nothing happens when none is under way.
 */
void request_end(int64_t result);

/* One of the inodes of a FORGET is about to be forgotten. */
void request_forget(fuse_ino_t node, uint64_t count);

/* Another thread will answer: takes the request from this one. And gives it to that. */
void request_take(struct request *ret_request);
void request_resume(struct session *session, const struct request *request);
