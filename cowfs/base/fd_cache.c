/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/fd_cache.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * A descriptor is remembered while its slot names it; then it is counted and, unless pinned, on the
 * list from the most to the least recent. Out of its slot it lives only for its users. Closing
 * may take long (a network file system), so it happens after the mutex is released: what is to
 * be closed is gathered in a chain through less_recent.
 */
struct fd_cache {
	pthread_mutex_t mutex;
	size_t limit;
	size_t count;	  /* remembered */
	size_t evictable; /* of these, on the list */
	struct cached_fd *most_recent, *least_recent;
};

static void list_insert(struct fd_cache *cache, struct cached_fd *cached)
{
	cached->more_recent = NULL;
	cached->less_recent = cache->most_recent;
	if (cache->most_recent)
		cache->most_recent->more_recent = cached;
	else
		cache->least_recent = cached;
	cache->most_recent = cached;
	cache->evictable++;
}

static void list_take_out(struct fd_cache *cache, struct cached_fd *cached)
{
	if (cached->more_recent)
		cached->more_recent->less_recent = cached->less_recent;
	else
		cache->most_recent = cached->less_recent;
	if (cached->less_recent)
		cached->less_recent->more_recent = cached->more_recent;
	else
		cache->least_recent = cached->more_recent;
	cached->more_recent = cached->less_recent = NULL;
	cache->evictable--;
}

/* Takes it out of its slot; without users it joins the chain of those to close. */
static void forget(struct fd_cache *cache, struct cached_fd *cached, struct cached_fd **to_close)
{
	if (!cached->pinned)
		list_take_out(cache, cached);
	*cached->slot = NULL;
	cached->slot = NULL;
	cache->count--;
	if (cached->users == 0) {
		cached->less_recent = *to_close;
		*to_close = cached;
	}
}

static void close_chain(struct cached_fd *chain)
{
	struct cached_fd *next;
	int saved = errno;

	for (; chain; chain = next) {
		next = chain->less_recent;
		(void)close(chain->fd);
		free(chain);
	}
	errno = saved;
}

int fd_cache_create(size_t limit, struct fd_cache **ret_cache)
{
	struct fd_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return -ENOMEM;
	if (pthread_mutex_init(&cache->mutex, NULL) != 0) {
		free(cache);
		return -ENOMEM;
	}
	cache->limit = limit;
	*ret_cache = cache;
	return 0;
}

void fd_cache_destroy(struct fd_cache *cache)
{
	if (!cache)
		return;
	(void)pthread_mutex_destroy(&cache->mutex);
	free(cache);
}

/* One user more for what is in the slot, which must not be empty. */
static struct cached_fd *use(struct fd_cache *cache, struct cached_fd *cached)
{
	cached->users++;
	if (!cached->pinned && cached != cache->most_recent) {
		list_take_out(cache, cached);
		list_insert(cache, cached);
	}
	return cached;
}

struct cached_fd *fd_cache_acquire(struct fd_cache *cache, struct cached_fd **slot)
{
	struct cached_fd *cached;

	pthread_mutex_lock(&cache->mutex);
	cached = *slot;
	if (cached)
		use(cache, cached);
	pthread_mutex_unlock(&cache->mutex);
	return cached;
}

static void pin(struct fd_cache *cache, struct cached_fd *cached)
{
	if (cached->pinned)
		return;
	list_take_out(cache, cached);
	cached->pinned = true;
}

static void remember(struct fd_cache *cache, struct cached_fd **slot, struct cached_fd *cached)
{
	cached->slot = slot;
	*slot = cached;
	cache->count++;
	list_insert(cache, cached);
}

static int install(struct fd_cache *cache, struct cached_fd **slot, int fd, bool writable,
		   bool pinned, struct cached_fd **ret_cached)
{
	struct cached_fd *cached = calloc(1, sizeof(*cached)), *to_close = NULL, *earlier;

	if (!cached) {
		(void)close(fd);
		return -ENOMEM;
	}
	cached->fd = fd;
	cached->writable = writable;

	pthread_mutex_lock(&cache->mutex);
	earlier = *slot;
	if (earlier && (earlier->writable || !writable || earlier->pinned)) {
		to_close = cached;
		cached = earlier;
	} else {
		if (earlier)
			forget(cache, earlier, &to_close);
		remember(cache, slot, cached);
	}
	use(cache, cached);
	if (pinned)
		pin(cache, cached);
	while (cache->evictable > cache->limit)
		forget(cache, cache->least_recent, &to_close);
	pthread_mutex_unlock(&cache->mutex);

	close_chain(to_close);
	*ret_cached = cached;
	return 0;
}

int fd_cache_install(struct fd_cache *cache, struct cached_fd **slot, int fd, bool writable,
		     struct cached_fd **ret_cached)
{
	return install(cache, slot, fd, writable, false, ret_cached);
}

int fd_cache_install_pinned(struct fd_cache *cache, struct cached_fd **slot, int fd, bool writable,
			    struct cached_fd **ret_cached)
{
	return install(cache, slot, fd, writable, true, ret_cached);
}

void fd_cache_release(struct fd_cache *cache, struct cached_fd *cached)
{
	struct cached_fd *to_close = NULL;

	if (!cached)
		return;
	pthread_mutex_lock(&cache->mutex);
	/* Out of its slot it is on no list, so its links are empty. */
	if (--cached->users == 0 && !cached->slot)
		to_close = cached;
	pthread_mutex_unlock(&cache->mutex);
	close_chain(to_close);
}

void fd_cache_drop(struct fd_cache *cache, struct cached_fd **slot)
{
	struct cached_fd *to_close = NULL;

	pthread_mutex_lock(&cache->mutex);
	if (*slot)
		forget(cache, *slot, &to_close);
	pthread_mutex_unlock(&cache->mutex);
	close_chain(to_close);
}

bool fd_cache_pin(struct fd_cache *cache, struct cached_fd **slot)
{
	bool pinned;

	pthread_mutex_lock(&cache->mutex);
	pinned = *slot != NULL;
	if (pinned)
		pin(cache, *slot);
	pthread_mutex_unlock(&cache->mutex);
	return pinned;
}

size_t fd_cache_trim(struct fd_cache *cache)
{
	struct cached_fd *cached, *next, *to_close = NULL;
	size_t closed = 0;

	pthread_mutex_lock(&cache->mutex);
	for (cached = cache->most_recent; cached; cached = next) {
		next = cached->less_recent;
		if (cached->users == 0) {
			forget(cache, cached, &to_close);
			closed++;
		}
	}
	pthread_mutex_unlock(&cache->mutex);
	close_chain(to_close);
	return closed;
}

size_t fd_cache_count(struct fd_cache *cache)
{
	size_t count;

	pthread_mutex_lock(&cache->mutex);
	count = cache->count;
	pthread_mutex_unlock(&cache->mutex);
	return count;
}
