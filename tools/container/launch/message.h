/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What two processes of the runtime tell each other while a container is being made: short messages
 * on a pair of sockets, each with at most one descriptor. The end of one process is the end of the
 * socket for the other.
 */
#pragma once

#include "base/problem.h"

enum message_kind {
	MESSAGE_READY,	 /* I am where you expect me; or, about to become a program */
	MESSAGE_GO,	 /* go on */
	MESSAGE_NETWORK, /* here is my network namespace */
	MESSAGE_CONSOLE, /* here is the master of my terminal */
	MESSAGE_DONE,	 /* over; value is the result, text says why if it is negative */
};

struct message {
	enum message_kind kind;
	int value;
	int status; /* of MESSAGE_DONE: the exit status for the person */
	char text[sizeof(((struct problem *)0)->text)];
};

/* A connected pair, closed on exec. 0 or -errno. */
int message_pair(int *ret_ours, int *ret_theirs);
/* fd -1: none. 0 or -errno. */
int message_send(int socket, const struct message *message, int fd);
/*
 * Waits for one. A descriptor that comes along is the caller's in *ret_fd, -1 when there is none; with
 * a NULL ret_fd it is closed. 0; -ECONNRESET when the other end is gone; or another -errno.
 */
int message_receive(int socket, struct message *ret_message, int *ret_fd);
