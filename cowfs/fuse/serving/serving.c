/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/serving/serving.h"

#include "fuse/operations/killpriv.h"
#include "fuse/operations/operations.h"
#include "fuse/serving/ending.h"
#include "fuse/serving/follower.h"
#include "fuse/serving/turns.h"

#include <errno.h>
#include <linux/fuse.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* How long nobody notices that the follower does not answer, and how many quiet ticks are the end of a burst. */
#define TICK_MS 4
#define QUIET_TICKS 5
/* To copy so much takes as long as waking a thread a few times. */
#define LONG_COPY ((uint64_t)256 << 10)
/* So many reads of so much in a row are a stream. */
#define LONG_READ (64U << 10)
#define STREAM_READS 8

struct server {
	struct serving *serving;
	pthread_t thread;
	struct fuse_buf message; /* read last; its memory is kept */
};

struct serving {
	struct session *session;
	struct turns turns;
	struct follower follower;
	_Atomic bool answering; /* the follower is about a message */
	unsigned reads;		/* long ones in a row, in the follower's turn */
	_Atomic int error;
	unsigned count;
	struct server servers[]; /* the first is the follower */
};

static void sleep_tick(void)
{
	(void)poll(NULL, 0, TICK_MS);
}

/* -- messages -- */

static const struct fuse_in_header *header_of(const struct fuse_buf *message)
{
	return message->mem;
}

static bool is_long_read(const struct fuse_in_header *header)
{
	const struct fuse_read_in *read = (const void *)(header + 1);

	return header->opcode == FUSE_READ && header->len >= sizeof(*header) + sizeof(*read) &&
	       read->size >= LONG_READ;
}

/* There is no memory for it, so the message stays where it is: others may have some from earlier messages. */
static void wait_for_memory(struct turns *turns)
{
	sleep_tick();
	turns_give(turns, turns->turn == TURN_OF_FOLLOWER ? TURN_OF_POOL : TURN_OF_FOLLOWER);
}

/* False at the end of the session. A message of length 0 is none. */
static bool receive(struct server *server)
{
	struct serving *serving = server->serving;
	int length;

	if (serving->turns.over)
		return false;
	length = fuse_session_receive_buf(serving->session->fuse, &server->message);
	if (length == -EINTR || length == -EAGAIN || length == -ENOMEM) {
		server->message.size = 0;
		if (length == -ENOMEM)
			wait_for_memory(&serving->turns);
		return true;
	}
	if (length <= 0) {
		if (length < 0 && !fuse_session_exited(serving->session->fuse))
			serving->error = length;
		turns_end(&serving->turns);
		return false;
	}
	return true;
}

static void answer(const struct serving *serving, const struct fuse_buf *message)
{
	fuse_session_process_buf(serving->session->fuse, message);
}

/* -- the follower -- */

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

/* What the kernel sends by itself has no caller; whatever else has none comes from another pid namespace. */
static bool is_of_kernel(const struct fuse_in_header *header)
{
	switch (header->opcode) {
	case FUSE_INIT:
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
	case FUSE_DESTROY:
	case FUSE_READ:
	case FUSE_WRITE:
		return true;
	default:
		return false;
	}
}

static bool can_follow(struct serving *serving, const struct fuse_in_header *header)
{
	if (header->pid == 0)
		return is_of_kernel(header);
	return follower_follow(&serving->follower, (pid_t)header->pid);
}

/* The kernel asks for more than one of them ahead. */
static bool is_stream(struct serving *serving, const struct fuse_in_header *header)
{
	serving->reads = is_long_read(header) ? serving->reads + 1 : 0;
	return serving->reads >= STREAM_READS;
}

/*
 * The caller is looked for when it has its answer: the kernel can make a reader of /proc/PID/stat wait for that process, which
 * may be waiting for us. Should it wait for us again, whoever watches lets the pool answer.
 */
static void answer_or_leave(struct server *server)
{
	struct serving *serving = server->serving;
	const struct fuse_in_header header = *header_of(&server->message);
	bool streams = is_stream(serving, header_of(&server->message));

	turns_note_for_follower(&serving->turns, (pid_t)header.pid);
	if (streams)
		turns_give(&serving->turns, TURN_OF_POOL);
	if (!may_take_long(serving->session, &header) ||
	    !turns_leave(&serving->turns, &server->message))
		answer(serving, &server->message);
	if (!streams && !can_follow(serving, &header))
		turns_take_from_follower(&serving->turns);
}

/* False at the end. */
static bool wait_for_turn(struct serving *serving)
{
	if (serving->turns.turn != TURN_OF_FOLLOWER && !turns_wait_for_follower(&serving->turns))
		return false;
	/* What could be done once can be done again. */
	if (serving->follower.released)
		(void)follower_become(&serving->follower);
	return true;
}

static void *follow(void *data)
{
	struct server *server = data;
	struct serving *serving = server->serving;

	if (follower_become(&serving->follower) < 0)
		turns_forbid_follower(&serving->turns);
	while (wait_for_turn(serving) && receive(server)) {
		if (!server->message.size)
			continue;
		serving->answering = true;
		answer_or_leave(server);
		serving->answering = false;
		(void)atomic_fetch_add_explicit(&serving->turns.counts->followed, 1,
						memory_order_relaxed);
	}
	return NULL;
}

/* -- the pool -- */

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

static void note_for_pool(struct turns *turns, const struct fuse_in_header *header)
{
	if (is_long_read(header))
		turns_note_stream(turns);
	else
		turns_note_for_pool(turns, (pid_t)header->pid);
}

static void *serve_in_pool(void *data)
{
	struct server *server = data;
	struct serving *serving = server->serving;
	struct fuse_buf left;

	for (;;) {
		turns_wait_for_pool(&serving->turns, &left);
		if (left.mem) {
			answer_left(server, &left);
			continue;
		}
		if (!receive(server))
			return NULL;
		if (!server->message.size)
			continue;
		note_for_pool(&serving->turns, header_of(&server->message));
		answer(serving, &server->message);
	}
}

/* -- looking after the follower -- */

static bool is_message_waiting(const struct session *session)
{
	struct pollfd device = { .fd = fuse_session_fd(session->fuse), .events = POLLIN };

	return poll(&device, 1, 0) == 1 && (device.revents & POLLIN);
}

/* A tick; the end of the session cuts it short. */
static void watch_tick(const struct serving *serving)
{
	struct pollfd wake = { .fd = serving->turns.wake, .events = POLLIN };
	uint64_t times;

	if (poll(&wake, 1, TICK_MS) > 0)
		(void)!read(serving->turns.wake, &times, sizeof(times));
}

/* Until there are no messages for a while, or it is no longer the follower's turn. */
static void watch_burst(struct serving *serving)
{
	const struct turns *turns = &serving->turns;
	uint64_t seen = turns->counts->followed;

	for (int quiet = 0; quiet < QUIET_TICKS; quiet++) {
		uint64_t now;

		watch_tick(serving);
		if (turns->turn != TURN_OF_FOLLOWER || turns->over ||
		    fuse_session_exited(serving->session->fuse))
			return;
		now = turns->counts->followed;
		if (now != seen) {
			seen = now;
			quiet = 0;
		} else if (serving->answering || is_message_waiting(serving->session)) {
			follower_release(&serving->follower);
			turns_take_from_follower(&serving->turns);
			return;
		}
	}
}

/* Returns when there is a message and it is the follower's turn; when that begins; at a signal; at the end. */
static void wait_for_burst(const struct serving *serving)
{
	struct pollfd events[] = {
		{ .fd = serving->turns.wake, .events = POLLIN },
		{ .fd = fuse_session_fd(serving->session->fuse), .events = POLLIN },
	};
	uint64_t times;

	if (poll(events, serving->turns.turn == TURN_OF_FOLLOWER ? 2 : 1, -1) > 0 &&
	    (events[0].revents & POLLIN))
		(void)!read(serving->turns.wake, &times, sizeof(times));
}

static void look_after_follower(struct serving *serving)
{
	const struct session *session = serving->session;

	while (!serving->turns.over && !fuse_session_exited(session->fuse)) {
		wait_for_burst(serving);
		if (ending_is_over(session))
			return;
		if (serving->turns.turn == TURN_OF_FOLLOWER)
			watch_burst(serving);
	}
}

/* -- all of them -- */

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

/* One that waits for a message is interrupted: again and again, for it may miss a signal just before it goes to sleep. */
static void wait_for_end(pthread_t thread)
{
	const struct timespec moment = { .tv_nsec = 1000000 };

	while (pthread_tryjoin_np(thread, NULL) == EBUSY) {
		ending_interrupt(thread);
		(void)nanosleep(&moment, NULL);
	}
}

/* What was left is answered. */
static void stop(struct serving *serving)
{
	turns_end(&serving->turns);
	for (unsigned i = 0; i < serving->count; i++) {
		wait_for_end(serving->servers[i].thread);
		free(serving->servers[i].message.mem);
	}
}

int serving_run(struct session *session, unsigned threads)
{
	struct serving *serving =
		calloc(1, sizeof(*serving) + (1 + threads) * sizeof(serving->servers[0]));
	int result;

	if (!serving)
		return -ENOMEM;
	serving->session = session;
	result = follower_init(&serving->follower);
	if (result == 0)
		result = turns_init(&serving->turns, &session->serving_counts);
	if (result < 0) {
		free(serving);
		return result;
	}
	result = start(serving, threads);
	if (result == 0)
		look_after_follower(serving);
	stop(serving);
	if (result == 0)
		result = serving->error;
	turns_destroy(&serving->turns);
	free(serving);
	return result;
}
