/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the mounted union to the container's own tree: what is mounted in it, in which order, and
 * the step into it.
 *
 * Runs in the container's new namespaces as their root. What comes from the host is opened before the
 * step, everything in the container is addressed by descriptors below its root. Functions return 0
 * or -errno with a problem.
 */
#pragma once

#include "base/problem.h"
#include "container/config.h"

/* The parts that later steps need; all O_PATH and closed on exec. */
struct root_file_system {
	const struct container_config *config;
	const char *volumes; /* the path of the directory of named volumes */
	const char *view;   /* the path of the files to be put over /proc's; NULL: there are none */
	int root;	    /* the union's root */
	int proc, sys, dev; /* the roots of these mounts */
	int pts;	    /* of devpts */
	int null;	    /* the host's /dev/null, of which it was made sure */
};

#define ROOT_FILE_SYSTEM_INIT                                                                      \
	((struct root_file_system){                                                                \
		.root = -1, .proc = -1, .sys = -1, .dev = -1, .pts = -1, .null = -1 })

/* Makes the mounts. mountpoint is where the union is. */
int root_file_system_build(struct root_file_system *tree, const char *mountpoint,
			   struct problem *problem);

/* Hides and protects what the container must not see or change, and makes the root read-only if asked for. */
int root_file_system_protect(struct root_file_system *tree, struct problem *problem);

/* Makes the union / and lets go of everything outside. */
int root_file_system_enter(struct root_file_system *tree, struct problem *problem);

/* -- of root_devices.c -- */

/* /dev with its nodes, pts, shm and mqueue. */
int root_devices_mount(struct root_file_system *tree, struct problem *problem);
/* Makes the terminal that fd refers to /dev/console. */
int root_devices_set_console(struct root_file_system *tree, int fd, struct problem *problem);

/* -- of root_volumes.c -- */

/* Binds, volumes and tmpfs, parents before what is in them. */
int root_volumes_mount(struct root_file_system *tree, struct problem *problem);
