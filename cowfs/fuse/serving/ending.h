/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a session ends in order when a signal asks for it.
 *
 * The kernel may hold data that nobody has written back, and files may be open. So the mount is
 * first synced, then taken out of the tree, and served on until its last user has gone or nothing
 * has been asked for a while; only then the session ends. (libfuse's own signal handlers end the
 * session at once, and lose what the kernel holds.)
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct session;
struct ending;

/* SIGTERM, SIGINT and SIGHUP: kept pending, or as before. For the calling thread and its children. */
void ending_block_signals(void);
void ending_unblock_signals(void);

/* The kernel's number for the mount on top of path; 0 when it cannot tell. */
uint64_t ending_mount_id(const char *path);

/* True when the kernel has let go of the session: it is unmounted, or was aborted. */
bool ending_is_over(const struct session *session);

/* Unmounts lazily, if the session's mount is still the one at its mountpoint. 0 or -errno. */
int ending_detach(const struct session *session);

/*
 * Waits for the signals, which must be blocked, in a thread of its own, while the calling thread
 * is about to run the loop. 0 or -errno.
 */
int ending_watch(struct session *session, struct ending **ret_ending);
/* While that goes on: ends with EINTR what the thread waits for. */
void ending_interrupt(pthread_t thread);
/* The loop is over. Accepts NULL. */
void ending_unwatch(struct ending *ending);
