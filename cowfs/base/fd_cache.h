/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bounded number of open descriptors, the least recently used closed first.
 *
 * An owner (an inode, a directory of a layer) keeps a slot: a pointer that is NULL or names the
 * descriptor remembered for it. A descriptor in use is never closed under its users: eviction and
 * dropping only take it out of the slot, the last user closes it. A pinned one is never evicted:
 * it is the only way left to an unlinked file.
 *
 * One mutex inside guards everything, slots included; it is a leaf lock. Owners must drop their
 * slot before they go away.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct fd_cache;

struct cached_fd {
	int fd;
	bool writable; /* opened for writing too */
	/* The rest belongs to fd_cache.c. */
	bool pinned;
	unsigned users;
	struct cached_fd **slot;
	struct cached_fd *more_recent, *less_recent;
};

/* Remembers at most limit descriptors that are not pinned. Returns 0 or -ENOMEM. */
int fd_cache_create(size_t limit, struct fd_cache **ret_cache);
/* All slots must have been dropped. Accepts NULL. */
void fd_cache_destroy(struct fd_cache *cache);

/* The descriptor in *slot with one more user, or NULL when there is none. */
struct cached_fd *fd_cache_acquire(struct fd_cache *cache, struct cached_fd **slot);

/*
 * Remembers fd, whose ownership passes even on failure, in *slot; the result has one user, the
 * caller. When another thread was faster: its descriptor is returned and fd closed, except that a
 * writable fd takes the place of one that is not (unless that is pinned). 0 or -ENOMEM.
 */
int fd_cache_install(struct fd_cache *cache, struct cached_fd **slot, int fd, bool writable,
		     struct cached_fd **ret_cached);

/* fd_cache_install() and fd_cache_pin() in one, with no chance for an eviction in between. */
int fd_cache_install_pinned(struct fd_cache *cache, struct cached_fd **slot, int fd, bool writable,
			    struct cached_fd **ret_cached);

/* Ends a use. Accepts NULL. */
void fd_cache_release(struct fd_cache *cache, struct cached_fd *cached);

/* Empties the slot, also of a pinned descriptor. */
void fd_cache_drop(struct fd_cache *cache, struct cached_fd **slot);

/*
 * Exempts the descriptor in *slot from eviction until it is dropped. False when the slot is empty,
 * which an eviction may have made it even while the caller uses the descriptor.
 */
bool fd_cache_pin(struct fd_cache *cache, struct cached_fd **slot);

/*
 * Closes every descriptor that is neither in use nor pinned, for when the process has no more to
 * open (EMFILE, ENFILE). How many it closed.
 */
size_t fd_cache_trim(struct fd_cache *cache);

/* How many descriptors are remembered, pinned ones included. */
size_t fd_cache_count(struct fd_cache *cache);
