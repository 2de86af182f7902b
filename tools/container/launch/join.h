/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A further process in a container that runs: in all of its namespaces, and with what it may do. */
#pragma once

#include "container/monitor/attachment.h"
#include "container/record/container.h"

struct join {
	const struct container *container;
	struct string_list arguments, environment; /* the container's variables among them */
	const char *working_directory, *user;
	bool terminal, input;
	struct attachment_size size; /* of the terminal */
	int client; /* the socket of who is attached, see attachment.h; -1: nobody */
};

/*
 * Starts the process, and another one of ours that looks after it and tells the client how it ends. 0, or
 * with a problem the exit status that people expect.
 */
int join_spawn(const struct join *join, struct problem *problem);
