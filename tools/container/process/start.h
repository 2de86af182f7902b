/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last steps of a process on its way to a program in a container, whether it is the container's
 * first or one that joins later: who it is, what it may do, and the program itself.
 *
 * The process is already where it belongs, with the container's root as its root.
 */
#pragma once

#include "base/problem.h"
#include "base/string_list.h"
#include "container/process/privileges.h"
#include "container/process/user.h"
#include "container/record/config.h"

struct process_start {
	const struct container_config *config; /* what the container may do */
	const struct privileges *privileges;
	const struct string_list *arguments;   /* at least one */
	const struct string_list *environment; /* NAME=VALUE; completed with what is usual */
	const char *working_directory;	       /* NULL: / */
	const char *user;		       /* see user.h */
	bool terminal;
	bool make_working_directory; /* when it is missing */
	int init_program;	     /* what to run as its parent; -1: nothing */
	int socket; /* to its parent, who is told by a message when the program is about to run */
	bool dies_with_parent;
};

/*
 * Does not return when the program runs. Otherwise returns the exit status that people expect, 125, 126 or
 * 127, with a problem. Every descriptor but 0, 1, 2 is closed on exec.
 */
int process_start(const struct process_start *start, struct problem *problem);
