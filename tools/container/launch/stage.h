/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The container's first process before it is one: it comes into new namespaces and arranges them from
 * within. Its parent is the monitor, see launch.h.
 */
#pragma once

#include "container/monitor/attachment.h"
#include "container/process/privileges.h"
#include "container/record/container.h"

struct stage {
	const struct container_config *config;
	const struct privileges *privileges;
	const struct cgroup *cgroup; /* NULL: none */
	const char *mountpoint;	     /* where the union is */
	const char *volumes;	     /* the directory of named volumes */
	const char
		*view; /* where files are to be put over /proc's, see proc_view.h; NULL: nowhere */
	const char *hosts; /* the file that is /etc/hosts; NULL: that of the init layer */
	int *sources;	   /* of root_volumes_detach(); NULL: they are to be opened */
	int memory;	   /* a mount for /dev/shm; -1: one of its own */
	int socket;	   /* to the monitor, for messages */
	const struct attachment_size *size; /* of the terminal, if there is one */
	int streams[3];	  /* standard input, output and error when there is no terminal */
	int init_program; /* -1: none */
};

/* Does not return. What goes wrong is told to the monitor, and the process ends. */
_Noreturn void stage_run(const struct stage *stage);
