/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/fd_cache.h"
#include "unit/scratch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <unistd.h>

static int some_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	cr_assert_geq(fd, 0);
	return fd;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static struct fd_cache *new_cache(size_t limit)
{
	struct fd_cache *cache;

	cr_assert_eq(fd_cache_create(limit, &cache), 0);
	return cache;
}

/* Installs and releases at once. */
static int put(struct fd_cache *cache, struct cached_fd **slot)
{
	struct cached_fd *cached;
	int fd = some_fd();

	cr_assert_eq(fd_cache_install(cache, slot, fd, false, &cached), 0);
	cr_assert_eq(cached->fd, fd);
	fd_cache_release(cache, cached);
	return fd;
}

Test(fd_cache, remembers_and_drops)
{
	struct fd_cache *cache = new_cache(4);
	struct cached_fd *slot = NULL, *cached;
	int fd;

	cr_assert_null(fd_cache_acquire(cache, &slot));
	fd = put(cache, &slot);
	cr_assert_eq(fd_cache_count(cache), 1);
	cached = fd_cache_acquire(cache, &slot);
	cr_assert_eq(cached->fd, fd);
	fd_cache_release(cache, cached);
	fd_cache_drop(cache, &slot);
	cr_assert_null(slot);
	cr_assert_not(is_open(fd));
	cr_assert_eq(fd_cache_count(cache), 0);
	fd_cache_drop(cache, &slot);
	fd_cache_release(cache, NULL);
	fd_cache_destroy(cache);
	fd_cache_destroy(NULL);
}

Test(fd_cache, evicts_the_least_recently_used)
{
	struct fd_cache *cache = new_cache(2);
	struct cached_fd *a = NULL, *b = NULL, *c = NULL;
	int fd_a = put(cache, &a), fd_b = put(cache, &b);

	fd_cache_release(cache, fd_cache_acquire(cache, &a));
	put(cache, &c);
	cr_assert_null(b);
	cr_assert_not(is_open(fd_b));
	cr_assert(is_open(fd_a));
	cr_assert_eq(fd_cache_count(cache), 2);
	fd_cache_drop(cache, &a);
	fd_cache_drop(cache, &c);
	fd_cache_destroy(cache);
}

Test(fd_cache, never_closes_under_a_user)
{
	struct fd_cache *cache = new_cache(1);
	struct cached_fd *a = NULL, *b = NULL, *used;
	int fd = put(cache, &a);

	used = fd_cache_acquire(cache, &a);
	put(cache, &b);
	cr_assert_null(a);
	cr_assert(is_open(fd));
	cr_assert_eq(used->fd, fd);
	fd_cache_release(cache, used);
	cr_assert_not(is_open(fd));

	used = fd_cache_acquire(cache, &b);
	fd_cache_drop(cache, &b);
	cr_assert(is_open(used->fd));
	fd = used->fd;
	fd_cache_release(cache, used);
	cr_assert_not(is_open(fd));
	fd_cache_destroy(cache);
}

Test(fd_cache, works_with_room_for_none)
{
	struct fd_cache *cache = new_cache(0);
	struct cached_fd *slot = NULL, *cached;
	int fd = some_fd();

	cr_assert_eq(fd_cache_install(cache, &slot, fd, false, &cached), 0);
	cr_assert_null(slot);
	cr_assert(is_open(fd));
	fd_cache_release(cache, cached);
	cr_assert_not(is_open(fd));
	fd_cache_destroy(cache);
}

Test(fd_cache, pinned_ones_stay)
{
	struct fd_cache *cache = new_cache(1);
	struct cached_fd *pinned = NULL, *a = NULL, *b = NULL, *cached;
	int fd = put(cache, &pinned);

	cr_assert(fd_cache_pin(cache, &pinned));
	cr_assert(fd_cache_pin(cache, &pinned));
	cr_assert_not(fd_cache_pin(cache, &a));
	put(cache, &a);
	put(cache, &b);
	cr_assert_eq(fd_cache_count(cache), 2);
	cached = fd_cache_acquire(cache, &pinned);
	cr_assert_eq(cached->fd, fd);
	fd_cache_release(cache, cached);
	fd_cache_drop(cache, &pinned);
	cr_assert_not(is_open(fd));
	fd_cache_drop(cache, &b);
	fd_cache_destroy(cache);
}

Test(fd_cache, installs_pinned_with_room_for_none)
{
	struct fd_cache *cache = new_cache(0);
	struct cached_fd *slot = NULL, *cached;
	int fd = some_fd(), second = some_fd();

	cr_assert_eq(fd_cache_install_pinned(cache, &slot, fd, false, &cached), 0);
	fd_cache_release(cache, cached);
	cr_assert_eq(slot, cached);
	/* A pinned one is not replaced, not even by a writable one. */
	cr_assert_eq(fd_cache_install(cache, &slot, second, true, &cached), 0);
	cr_assert_eq(cached->fd, fd);
	cr_assert_not(is_open(second));
	fd_cache_release(cache, cached);
	fd_cache_drop(cache, &slot);
	cr_assert_not(is_open(fd));
	fd_cache_destroy(cache);
}

Test(fd_cache, the_first_to_install_wins)
{
	struct fd_cache *cache = new_cache(4);
	struct cached_fd *slot = NULL, *cached;
	int first = put(cache, &slot), second = some_fd();

	cr_assert_eq(fd_cache_install(cache, &slot, second, false, &cached), 0);
	cr_assert_eq(cached->fd, first);
	cr_assert_not(is_open(second));
	fd_cache_release(cache, cached);
	fd_cache_drop(cache, &slot);
	fd_cache_destroy(cache);
}

Test(fd_cache, a_writable_one_takes_the_place)
{
	struct fd_cache *cache = new_cache(4);
	struct cached_fd *slot = NULL, *reader, *writer, *late;
	int first = put(cache, &slot), second = some_fd();

	reader = fd_cache_acquire(cache, &slot);
	cr_assert_eq(fd_cache_install(cache, &slot, second, true, &writer), 0);
	cr_assert_eq(writer->fd, second);
	cr_assert(writer->writable);
	cr_assert(is_open(first));
	fd_cache_release(cache, reader);
	cr_assert_not(is_open(first));
	cr_assert_eq(fd_cache_install(cache, &slot, some_fd(), false, &late), 0);
	cr_assert_eq(late, writer);
	fd_cache_release(cache, late);
	fd_cache_release(cache, writer);
	cr_assert_eq(fd_cache_count(cache), 1);
	fd_cache_drop(cache, &slot);
	fd_cache_destroy(cache);
}

Test(fd_cache, trims_what_nobody_uses)
{
	struct fd_cache *cache = new_cache(8);
	struct cached_fd *idle = NULL, *used = NULL, *pinned = NULL, *cached;

	put(cache, &idle);
	put(cache, &used);
	put(cache, &pinned);
	fd_cache_pin(cache, &pinned);
	cached = fd_cache_acquire(cache, &used);
	cr_assert_eq(fd_cache_trim(cache), 1);
	cr_assert_null(idle);
	cr_assert_eq(used, cached);
	cr_assert_not_null(pinned);
	fd_cache_release(cache, cached);
	cr_assert_eq(fd_cache_trim(cache), 1);
	cr_assert_eq(fd_cache_trim(cache), 0);
	fd_cache_drop(cache, &pinned);
	fd_cache_destroy(cache);
}

#define THREADS 4
#define SLOTS 24

struct contest {
	struct fd_cache *cache;
	struct cached_fd *slots[SLOTS];
};

static void *contend(void *argument)
{
	struct contest *contest = argument;
	unsigned state = (unsigned)(uintptr_t)&state;

	for (int i = 0; i < 4000; i++) {
		struct cached_fd **slot, *cached;

		state = state * 1103515245 + 12345;
		slot = &contest->slots[(state >> 16) % SLOTS];
		cached = fd_cache_acquire(contest->cache, slot);
		if (!cached && fd_cache_install(contest->cache, slot, open("/dev/null", O_RDONLY),
						(state >> 8) % 2, &cached) != 0)
			return (void *)(uintptr_t) "out of memory";
		if (!is_open(cached->fd))
			return (void *)(uintptr_t) "closed under its user";
		if (i % 7 == 0)
			fd_cache_drop(contest->cache, slot);
		if (i % 31 == 0)
			(void)fd_cache_pin(contest->cache, slot);
		if (i % 501 == 0)
			(void)fd_cache_trim(contest->cache);
		fd_cache_release(contest->cache, cached);
	}
	return NULL;
}

Test(fd_cache, holds_under_threads)
{
	size_t open_before = count_descriptors();
	struct contest contest = { .cache = new_cache(6) };
	pthread_t threads[THREADS];
	void *fault;

	for (int i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, contend, &contest), 0);
	for (int i = 0; i < THREADS; i++) {
		cr_assert_eq(pthread_join(threads[i], &fault), 0);
		cr_assert_null(fault, "%s", (const char *)fault);
	}
	for (int i = 0; i < SLOTS; i++)
		fd_cache_drop(contest.cache, &contest.slots[i]);
	cr_assert_eq(fd_cache_count(contest.cache), 0);
	fd_cache_destroy(contest.cache);
	cr_assert_eq(count_descriptors(), open_before);
}
