/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose turn it is to receive messages: the follower's or the pool's (serving.h).
 *
 * The follower has its turn until several callers are at work, or until it keeps somebody waiting. The pool has it then,
 * until a number of messages in a row came from one caller: its patience, which doubles each time that the follower keeps
 * somebody waiting soon after its turn began.
 */
#pragma once

#include "fuse/serving/callers.h"
#include "fuse/serving/serving.h"

#include <fuse_lowlevel.h>
#include <pthread.h>
#include <stdbool.h>

enum turn { TURN_OF_FOLLOWER, TURN_OF_POOL };

struct turns {
	struct serving_counts *counts;
	struct callers callers;
	_Atomic enum turn turn;
	_Atomic bool over;	   /* nobody's any more */
	_Atomic uint64_t began;	   /* with so many messages followed */
	_Atomic uint64_t calm;	   /* messages of one caller, in the pool's turn */
	_Atomic uint64_t patience; /* how many of them it takes */
	pthread_mutex_t lock;
	pthread_cond_t changed; /* whose turn it is, over, or something is left */
	struct fuse_buf
		left; /* a message that the follower left to the pool, with its memory; under lock */
	unsigned waiting; /* threads of the pool without work; under lock */
	int wake; /* eventfd, readable when the follower's turn has begun and at the end: for who looks after it */
};

/* The follower begins. Borrows counts. 0 or -errno. */
int turns_init(struct turns *turns, struct serving_counts *counts);
/* Nobody waits any more. */
void turns_destroy(struct turns *turns);

/* Wakes whoever waits for a turn. */
void turns_end(struct turns *turns);
void turns_give(struct turns *turns, enum turn turn);
/* It keeps somebody waiting, or would. And for good: it cannot follow anybody here. */
void turns_take_from_follower(struct turns *turns);
void turns_forbid_follower(struct turns *turns);

/* A message of this caller has been received, in the pool's turn or in the follower's; may end it. */
void turns_note_for_pool(struct turns *turns, pid_t caller);
void turns_note_for_follower(struct turns *turns, pid_t caller);
/* One that belongs to a stream, in the pool's turn: who reads ahead is served by several threads as long as that lasts. */
void turns_note_stream(struct turns *turns);

/* Until it is the follower's turn; false at the end. */
bool turns_wait_for_follower(struct turns *turns);
/*
 * Until there is work for a thread of the pool. Moves to *ret_left what was left; without memory when it is the
 * pool's turn to receive, or the end.
 */
void turns_wait_for_pool(struct turns *turns, struct fuse_buf *ret_left);
/* Moves the message to a thread of the pool. False when the follower must answer it: none of them is waiting for work. */
bool turns_leave(struct turns *turns, struct fuse_buf *message);
