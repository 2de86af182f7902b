/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/serving/turns.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PATIENCE_LEAST ((uint64_t)CALLERS_WINDOW)
#define PATIENCE_MOST ((uint64_t)1 << 20)
/* The follower's turn was a good one if it answered so many times as many. */
#define GOOD_TURN 8

int turns_init(struct turns *turns, struct serving_counts *counts)
{
	*turns = (struct turns){
		.counts = counts,
		.turn = TURN_OF_FOLLOWER,
		.patience = PATIENCE_LEAST,
		.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	};
	if (turns->wake < 0)
		return -errno;
	(void)pthread_mutex_init(&turns->lock, NULL);
	(void)pthread_cond_init(&turns->changed, NULL);
	return 0;
}

void turns_destroy(struct turns *turns)
{
	(void)pthread_cond_destroy(&turns->changed);
	(void)pthread_mutex_destroy(&turns->lock);
	(void)close(turns->wake);
}

/* -- beginning and ending -- */

static void wake(const struct turns *turns)
{
	const uint64_t one = 1;

	while (write(turns->wake, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void turns_end(struct turns *turns)
{
	(void)pthread_mutex_lock(&turns->lock);
	turns->over = true;
	(void)pthread_cond_broadcast(&turns->changed);
	(void)pthread_mutex_unlock(&turns->lock);
	wake(turns);
}

void turns_give(struct turns *turns, enum turn turn)
{
	(void)pthread_mutex_lock(&turns->lock);
	if (turns->turn != turn) {
		turns->calm = 0;
		turns->began = turns->counts->followed;
		turns->turn = turn;
		(void)pthread_cond_broadcast(&turns->changed);
		if (turn == TURN_OF_FOLLOWER)
			wake(turns);
	}
	(void)pthread_mutex_unlock(&turns->lock);
}

static bool was_good(const struct turns *turns)
{
	return turns->counts->followed - turns->began >= GOOD_TURN * turns->patience;
}

void turns_take_from_follower(struct turns *turns)
{
	uint64_t patience = was_good(turns) ? PATIENCE_LEAST : turns->patience * 2;

	turns->patience = patience < PATIENCE_MOST ? patience : PATIENCE_MOST;
	(void)atomic_fetch_add_explicit(&turns->counts->stalled, 1, memory_order_relaxed);
	turns_give(turns, TURN_OF_POOL);
}

void turns_forbid_follower(struct turns *turns)
{
	turns->patience = UINT64_MAX;
	turns_give(turns, TURN_OF_POOL);
}

/* -- messages -- */

void turns_note_for_pool(struct turns *turns, pid_t caller)
{
	switch (callers_note(&turns->callers, caller)) {
	case CALLERS_ONE:
		turns->calm += CALLERS_WINDOW;
		if (turns->calm >= turns->patience)
			turns_give(turns, TURN_OF_FOLLOWER);
		break;
	case CALLERS_MANY:
		turns->calm = 0;
		break;
	case CALLERS_UNKNOWN:
		break;
	}
}

void turns_note_stream(struct turns *turns)
{
	turns->calm = 0;
}

void turns_note_for_follower(struct turns *turns, pid_t caller)
{
	if (callers_note(&turns->callers, caller) != CALLERS_MANY)
		return;
	(void)atomic_fetch_add_explicit(&turns->counts->crowded, 1, memory_order_relaxed);
	if (was_good(turns))
		turns->patience = PATIENCE_LEAST;
	turns_give(turns, TURN_OF_POOL);
}

/* -- waiting -- */

bool turns_wait_for_follower(struct turns *turns)
{
	(void)pthread_mutex_lock(&turns->lock);
	while (turns->turn != TURN_OF_FOLLOWER && !turns->over)
		(void)pthread_cond_wait(&turns->changed, &turns->lock);
	(void)pthread_mutex_unlock(&turns->lock);
	return !turns->over;
}

void turns_wait_for_pool(struct turns *turns, struct fuse_buf *ret_left)
{
	(void)pthread_mutex_lock(&turns->lock);
	turns->waiting++;
	while (turns->turn != TURN_OF_POOL && !turns->over && !turns->left.mem)
		(void)pthread_cond_wait(&turns->changed, &turns->lock);
	turns->waiting--;
	*ret_left = turns->left;
	turns->left = (struct fuse_buf){ 0 };
	(void)pthread_mutex_unlock(&turns->lock);
}

bool turns_leave(struct turns *turns, struct fuse_buf *message)
{
	bool taken;

	(void)pthread_mutex_lock(&turns->lock);
	taken = turns->turn == TURN_OF_FOLLOWER && turns->waiting > 0 && !turns->left.mem;
	if (taken) {
		turns->left = *message;
		*message = (struct fuse_buf){ 0 };
		/* In its own turn the follower does not wait here. */
		(void)pthread_cond_signal(&turns->changed);
	}
	(void)pthread_mutex_unlock(&turns->lock);
	if (taken)
		(void)atomic_fetch_add_explicit(&turns->counts->left, 1, memory_order_relaxed);
	return taken;
}
