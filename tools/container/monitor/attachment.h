/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a container's monitor and somebody who is attached to the container say to each other, on a
 * SOCK_SEQPACKET socket: packets of one byte that says what it is, and data.
 */
#pragma once

#include "container/record/container.h"

#include <stdint.h>

#define ATTACHMENT_DATA_MAX 32768

enum attachment_kind {
	/* to the monitor */
	ATTACHMENT_INPUT = 'i',	 /* bytes for the standard input */
	ATTACHMENT_END = 'e',	 /* there is no more input */
	ATTACHMENT_RESIZE = 'r', /* struct attachment_size */
	ATTACHMENT_SIGNAL = 's', /* int32_t for PID 1 */
	ATTACHMENT_QUIET = 'w',	 /* tell me only how it ends */
	/* from it */
	ATTACHMENT_STDOUT = 'o',
	ATTACHMENT_STDERR = 'x',
	ATTACHMENT_EXIT = 'q', /* int32_t: the exit status; the last packet */
};

struct attachment_size {
	uint16_t rows, columns;
};

struct attachment_packet {
	char kind;
	char data[ATTACHMENT_DATA_MAX];
};

/* The socket on which the monitor listens, made anew. A descriptor or -errno. */
int attachment_listen(struct container *container);
/* A connection to the monitor of a container that runs. A descriptor or -errno with a problem. */
int attachment_connect(struct container *container, struct problem *problem);

/* 0; -EAGAIN when the socket does not block and is full; or another -errno. */
int attachment_send(int socket, enum attachment_kind kind, const void *data, size_t length);
/* The length of the data, or -errno; -ECONNRESET when the other end is gone. */
int attachment_receive(int socket, struct attachment_packet *packet);
