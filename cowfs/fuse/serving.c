/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/serving.h"

#include "fuse/callers.h"
#include "fuse/ending.h"
#include "fuse/follower.h"
#include "fuse/killpriv.h"
#include "fuse/operations.h"

#include <errno.h>
#include <linux/fuse.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* How long nobody notices that the follower does not answer, and how many quiet ticks are the end of a burst. */
#define TICK_NS 4000000L
#define QUIET_TICKS 5
/* Messages that the pool answers at least before it is the follower's turn again. */
#define PATIENCE_LEAST ((uint64_t)CALLERS_WINDOW)
#define PATIENCE_MOST ((uint64_t)1 << 20)
/* The follower's turn was a good one if it answered so many times as many. */
#define GOOD_TURN 8
/* To copy so much takes as long as waking a thread a few times. */
#define LONG_COPY ((uint64_t)256 << 10)

enum turn { FOLLOWER, POOL };

struct server {
	struct serving *serving;
	pthread_t thread;
	struct fuse_buf message; /* read last; its memory is kept */
};

struct serving {
	struct session *session;
	struct serving_counts *counts;
	struct callers callers;
	struct follower follower;
	_Atomic enum turn turn;
	_Atomic bool over;
	_Atomic int error;
	_Atomic bool answering;	     /* the follower is about a message */
	_Atomic uint64_t turn_began; /* the number of messages followed until then */
	_Atomic uint64_t calm;	     /* messages of one caller, in the pool's turn */
	_Atomic uint64_t patience;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* whose turn it is, over, or something is left */
	struct fuse_buf left;	/* a message left to the pool, with its memory; under lock */
	unsigned waiting;	/* threads of the pool without work, under lock */
	int wake; /* eventfd: the follower's turn has begun, or the end: for who looks after it */
	unsigned count;
	struct server servers[]; /* the first is the follower */
};

/* -- turns -- */

static void wake(const struct serving *serving)
{
	const uint64_t one = 1;

	while (write(serving->wake, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void end_of_session(struct serving *serving)
{
	(void)pthread_mutex_lock(&serving->lock);
	serving->over = true;
	(void)pthread_cond_broadcast(&serving->changed);
	(void)pthread_mutex_unlock(&serving->lock);
	wake(serving);
}

static void give_turn(struct serving *serving, enum turn turn)
{
	(void)pthread_mutex_lock(&serving->lock);
	if (serving->turn != turn) {
		serving->calm = 0;
		serving->turn_began = serving->counts->followed;
		serving->turn = turn;
		(void)pthread_cond_broadcast(&serving->changed);
		if (turn == FOLLOWER)
			wake(serving);
	}
	(void)pthread_mutex_unlock(&serving->lock);
}

static bool had_good_turn(const struct serving *serving)
{
	return serving->counts->followed - serving->turn_began >= GOOD_TURN * serving->patience;
}

/* It kept somebody waiting, or would. */
static void take_turn_from_follower(struct serving *serving)
{
	uint64_t patience = had_good_turn(serving) ? PATIENCE_LEAST : serving->patience * 2;

	serving->patience = patience < PATIENCE_MOST ? patience : PATIENCE_MOST;
	(void)atomic_fetch_add_explicit(&serving->counts->stalled, 1, memory_order_relaxed);
	give_turn(serving, POOL);
}

static void note_for_pool(struct serving *serving, pid_t caller)
{
	switch (callers_note(&serving->callers, caller)) {
	case CALLERS_ONE:
		serving->calm += CALLERS_WINDOW;
		if (serving->calm >= serving->patience)
			give_turn(serving, FOLLOWER);
		break;
	case CALLERS_MANY:
		serving->calm = 0;
		break;
	case CALLERS_UNKNOWN:
		break;
	}
}

static void note_for_follower(struct serving *serving, pid_t caller)
{
	if (callers_note(&serving->callers, caller) == CALLERS_MANY) {
		(void)atomic_fetch_add_explicit(&serving->counts->crowded, 1, memory_order_relaxed);
		if (had_good_turn(serving))
			serving->patience = PATIENCE_LEAST;
		give_turn(serving, POOL);
	} else if (!follower_follow(&serving->follower, caller)) {
		take_turn_from_follower(serving);
	}
}

/* -- messages -- */

/* There is no memory for it, so the message stays where it is: others may have some from earlier messages. */
static void wait_for_memory(struct serving *serving)
{
	(void)nanosleep(&(struct timespec){ .tv_nsec = TICK_NS }, NULL);
	give_turn(serving, serving->turn == FOLLOWER ? POOL : FOLLOWER);
}

/* False at the end of the session. A message of length 0 is none. */
static bool receive(struct server *server)
{
	struct serving *serving = server->serving;
	int state, length;

	if (serving->over)
		return false;
	/* The only place where a thread may be ended from outside, as one that waits here for a message must be. */
	(void)pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
	length = fuse_session_receive_buf(serving->session->fuse, &server->message);
	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	if (length == -EINTR || length == -EAGAIN || length == -ENOMEM) {
		server->message.size = 0;
		if (length == -ENOMEM)
			wait_for_memory(serving);
		return true;
	}
	if (length <= 0) {
		if (length < 0 && !fuse_session_exited(serving->session->fuse))
			serving->error = length;
		end_of_session(serving);
		return false;
	}
	return true;
}

static const struct fuse_in_header *header_of(const struct fuse_buf *message)
{
	return message->mem;
}

static void answer(const struct serving *serving, const struct fuse_buf *message)
{
	fuse_session_process_buf(serving->session->fuse, message);
}

static bool would_copy_long(const struct session *session, uint64_t node)
{
	return union_copy_up_size(session->fs, inode_of(session, node)) > LONG_COPY;
}

static bool may_take_long(const struct session *session, const struct fuse_in_header *header)
{
	switch (header->opcode) {
	case FUSE_FSYNC:
	case FUSE_FSYNCDIR:
	case FUSE_SYNCFS:
	case FUSE_FALLOCATE:
	case FUSE_COPY_FILE_RANGE:
	/* Of directories they may copy whole trees. */
	case FUSE_RENAME:
	case FUSE_RENAME2:
		return true;
	case FUSE_WRITE:
	case FUSE_SETATTR:
	case FUSE_SETXATTR:
	case FUSE_REMOVEXATTR:
	case FUSE_IOCTL:
		return would_copy_long(session, header->nodeid);
	default:
		return false;
	}
}

/* False when the follower must answer it itself: the pool's threads may all be waiting for messages of their own. */
static bool leave_to_pool(struct serving *serving, struct server *server)
{
	bool taken;

	(void)pthread_mutex_lock(&serving->lock);
	taken = serving->turn == FOLLOWER && serving->waiting > 0 && !serving->left.mem;
	if (taken) {
		serving->left = server->message;
		server->message = (struct fuse_buf){ 0 };
		/* In its own turn the follower does not wait here. */
		(void)pthread_cond_signal(&serving->changed);
	}
	(void)pthread_mutex_unlock(&serving->lock);
	if (taken)
		(void)atomic_fetch_add_explicit(&serving->counts->left, 1, memory_order_relaxed);
	return taken;
}

/* -- the follower -- */

static bool wait_for_followers_turn(struct serving *serving)
{
	if (serving->turn == FOLLOWER && !serving->over)
		return true;
	(void)pthread_mutex_lock(&serving->lock);
	while (serving->turn != FOLLOWER && !serving->over)
		(void)pthread_cond_wait(&serving->changed, &serving->lock);
	(void)pthread_mutex_unlock(&serving->lock);
	/* What could be done once can be done again. */
	(void)follower_become(&serving->follower);
	return !serving->over;
}

static void *follow(void *data)
{
	struct server *server = data;
	struct serving *serving = server->serving;

	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &(int){ 0 });
	if (follower_become(&serving->follower) < 0) {
		serving->patience = UINT64_MAX;
		give_turn(serving, POOL);
	}
	while (wait_for_followers_turn(serving) && receive(server)) {
		if (!server->message.size)
			continue;
		serving->answering = true;
		note_for_follower(serving, (pid_t)header_of(&server->message)->pid);
		if (!may_take_long(serving->session, header_of(&server->message)) ||
		    !leave_to_pool(serving, server))
			answer(serving, &server->message);
		serving->answering = false;
		(void)atomic_fetch_add_explicit(&serving->counts->followed, 1,
						memory_order_relaxed);
	}
	return NULL;
}

/* -- the pool -- */

/* Sets *ret_left to what was left; without memory when it is the pool's turn to receive, or the end. */
static void wait_for_work(struct serving *serving, struct fuse_buf *ret_left)
{
	(void)pthread_mutex_lock(&serving->lock);
	serving->waiting++;
	while (serving->turn != POOL && !serving->over && !serving->left.mem)
		(void)pthread_cond_wait(&serving->changed, &serving->lock);
	serving->waiting--;
	*ret_left = serving->left;
	serving->left = (struct fuse_buf){ 0 };
	(void)pthread_mutex_unlock(&serving->lock);
}

/* Keeps its memory if the thread has none yet. */
static void answer_left(struct server *server, const struct fuse_buf *message)
{
	killpriv_look_at(message->mem, message->size);
	answer(server->serving, message);
	if (server->message.mem)
		free(message->mem);
	else
		server->message = *message;
}

static void *serve_in_pool(void *data)
{
	struct server *server = data;
	struct serving *serving = server->serving;
	struct fuse_buf left;

	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &(int){ 0 });
	for (;;) {
		wait_for_work(serving, &left);
		if (left.mem) {
			answer_left(server, &left);
			continue;
		}
		if (!receive(server))
			return NULL;
		if (!server->message.size)
			continue;
		note_for_pool(serving, (pid_t)header_of(&server->message)->pid);
		answer(serving, &server->message);
	}
}

/* -- looking after the follower -- */

static bool is_message_waiting(const struct session *session)
{
	struct pollfd device = { .fd = fuse_session_fd(session->fuse), .events = POLLIN };

	return poll(&device, 1, 0) == 1 && (device.revents & POLLIN);
}

/* Until there are no messages for a while, or it is no longer the follower's turn. */
static void watch_burst(struct serving *serving)
{
	const struct timespec tick = { .tv_nsec = TICK_NS };
	uint64_t seen = serving->counts->followed;

	for (int quiet = 0; quiet < QUIET_TICKS; quiet++) {
		uint64_t now;

		if (nanosleep(&tick, NULL) < 0 || serving->turn != FOLLOWER || serving->over)
			return;
		now = serving->counts->followed;
		if (now != seen) {
			seen = now;
			quiet = 0;
		} else if (serving->answering || is_message_waiting(serving->session)) {
			follower_release(&serving->follower);
			take_turn_from_follower(serving);
			return;
		}
	}
}

/* Returns when there is a message and it is the follower's turn; when that begins; at a signal; at the end. */
static void wait_for_burst(const struct serving *serving)
{
	struct pollfd events[] = {
		{ .fd = serving->wake, .events = POLLIN },
		{ .fd = fuse_session_fd(serving->session->fuse), .events = POLLIN },
	};
	uint64_t times;

	if (poll(events, serving->turn == FOLLOWER ? 2 : 1, -1) > 0 && (events[0].revents & POLLIN))
		(void)!read(serving->wake, &times, sizeof(times));
}

static void look_after_follower(struct serving *serving)
{
	const struct session *session = serving->session;

	while (!serving->over && !fuse_session_exited(session->fuse)) {
		wait_for_burst(serving);
		if (ending_is_over(session))
			return;
		if (serving->turn == FOLLOWER)
			watch_burst(serving);
	}
}

/* -- all of them -- */

static int create(struct session *session, unsigned threads, struct serving **ret_serving)
{
	unsigned count = 1 + threads;
	struct serving *serving = calloc(1, sizeof(*serving) + count * sizeof(serving->servers[0]));
	int result;

	if (!serving)
		return -ENOMEM;
	serving->session = session;
	serving->counts = &session->serving_counts;
	serving->patience = PATIENCE_LEAST;
	serving->turn = FOLLOWER;
	serving->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	result = serving->wake < 0 ? -errno : follower_init(&serving->follower);
	if (result < 0) {
		if (serving->wake >= 0)
			(void)close(serving->wake);
		free(serving);
		return result;
	}
	(void)pthread_mutex_init(&serving->lock, NULL);
	(void)pthread_cond_init(&serving->changed, NULL);
	*ret_serving = serving;
	return 0;
}

static void destroy(struct serving *serving)
{
	(void)pthread_cond_destroy(&serving->changed);
	(void)pthread_mutex_destroy(&serving->lock);
	(void)close(serving->wake);
	free(serving);
}

static int start(struct serving *serving, unsigned threads)
{
	while (serving->count < 1 + threads) {
		struct server *server = &serving->servers[serving->count];
		int error;

		server->serving = serving;
		error = pthread_create(&server->thread, NULL,
				       serving->count == 0 ? follow : serve_in_pool, server);
		if (error)
			return -error;
		serving->count++;
	}
	return 0;
}

/* What was left is answered; who waits for a message waits no longer. */
static void stop(struct serving *serving)
{
	end_of_session(serving);
	for (unsigned i = 0; i < serving->count; i++) {
		(void)pthread_cancel(serving->servers[i].thread);
		(void)pthread_join(serving->servers[i].thread, NULL);
		free(serving->servers[i].message.mem);
	}
}

int serving_run(struct session *session, unsigned threads)
{
	struct serving *serving;
	int result = create(session, threads, &serving);

	if (result < 0)
		return result;
	result = start(serving, threads);
	if (result == 0)
		look_after_follower(serving);
	stop(serving);
	if (result == 0)
		result = serving->error;
	destroy(serving);
	return result;
}
