/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The standard streams of a container in its monitor: what it prints goes to its log and to everybody who
 * is attached, what they type goes to it.
 *
 * Nobody loses anything: a stream is read again only when all have what was read before, so that a slow
 * reader slows the container down, as a slow terminal would.
 */
#pragma once

#include "base/list.h"
#include "container/monitor/attachment.h"
#include "container/monitor/events.h"
#include "container/process/child_streams.h"
#include "container/record/log.h"

struct stream_output {
	struct watch watch;
	struct streams *streams;
	enum log_stream stream;
	char data[ATTACHMENT_DATA_MAX];
	size_t length;
	unsigned waiting; /* clients that do not have it yet */
};

struct streams {
	int epoll;
	struct log log;
	struct watch listener;
	struct watch input; /* the pipe or terminal, to write to */
	struct stream_output outputs[2];
	struct list clients;
	bool is_terminal; /* input and the first output are the same terminal */
	bool keeps_input; /* though nobody is attached, there may be input later */
	/* What a client asks for that is not the streams' business. */
	void (*send_signal)(void *context, int number);
	void *context;
};

/* Nothing connected. log is taken over; its descriptor may be -1. */
void streams_init(struct streams *streams, int epoll, struct log *log);
/* Listens for clients on this socket, which is taken over. 0 or -errno. */
int streams_listen(struct streams *streams, int listener);
/* A client is there already. Its socket is taken over. 0 or -errno. */
int streams_add_client(struct streams *streams, int socket);

/* Connects a process that is about to run. The descriptors that are ours are taken over. 0 or -errno. */
int streams_connect(struct streams *streams, struct child_streams *process);

/* Whether there may be more to come from the container. */
bool streams_are_open(const struct streams *streams);
/* Whether somebody who is attached has not read all yet. */
bool streams_are_behind(const struct streams *streams);
/* The container has ended: nothing more goes in or is waited for. */
void streams_disconnect(struct streams *streams);

/* Tells all clients how it ended, and closes everything, the log too. */
void streams_finish(struct streams *streams, int32_t exit_status);
