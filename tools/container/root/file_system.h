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
#include "container/cgroup/cgroup.h"
#include "container/record/config.h"

/* The parts that later steps need; all O_PATH and closed on exec. */
struct root_file_system {
	const struct container_config *config;
	const struct cgroup *cgroup; /* its own; NULL: it has none */
	const char *volumes;	     /* the path of the directory of named volumes */
	const char *hosts; /* the path of what is /etc/hosts; NULL: it is that of the layers */
	int memory;	   /* a mount for /dev/shm, another container's; -1: it is its own */
	int root;	   /* the union's root */
	int view;	   /* the files to be put over /proc's; -1: there are none */
	int hosts_fd;	   /* the same, opened */
	int *sources;	   /* of the configuration's mounts, with the same indices; 0 for a tmpfs */
	bool detached;	   /* they are mounts already, see root_volumes_detach() */
	int proc, sys, dev; /* the roots of these mounts */
	int pts;	    /* of devpts */
	int null;	    /* the host's /dev/null, of which it was made sure */
};

#define ROOT_FILE_SYSTEM_INIT                                                                      \
	((struct root_file_system){                                                                \
		.memory = -1,                                                                      \
		.root = -1,                                                                        \
		.view = -1,                                                                        \
		.hosts_fd = -1,                                                                    \
		.proc = -1,                                                                        \
		.sys = -1,                                                                         \
		.dev = -1,                                                                         \
		.pts = -1,                                                                         \
		.null = -1,                                                                        \
	})

/*
 * Opens what paths of the host lead to, while this process still has the ids of the user who owns them: root of an inner
 * user namespace may be nobody to him. mountpoint is where the union is; view: where the files to be put over /proc's are, or NULL.
 */
int root_file_system_gather(struct root_file_system *tree, const char *mountpoint, const char *view,
			    struct problem *problem);

/* Makes the mounts, of what was gathered. */
int root_file_system_build(struct root_file_system *tree, struct problem *problem);

/* Hides and protects what the container must not see or change, and makes the root read-only if asked for. */
int root_file_system_protect(struct root_file_system *tree, struct problem *problem);

/* Makes the union / and lets go of everything outside. */
int root_file_system_enter(struct root_file_system *tree, struct problem *problem);

/* -- of cgroups.c -- */

/* /sys/fs/cgroup, over what shows of the host's. */
int root_cgroups_mount(struct root_file_system *tree, struct problem *problem);

/* -- of devices.c -- */

/* /dev with its nodes, pts, shm and mqueue. */
int root_devices_mount(struct root_file_system *tree, struct problem *problem);
/* Makes the terminal that fd refers to /dev/console. */
int root_devices_set_console(struct root_file_system *tree, int fd, struct problem *problem);

/* -- of volume_mounts.c -- */

/* Opens what is to be mounted, but for sources that are detached. */
int root_volumes_gather(struct root_file_system *tree, struct problem *problem);
/*
 * Makes detached mounts of the sources, for a container whose first process, in a user namespace, could not reach
 * all that root can. *ret_sources is to be freed, with a descriptor for each of the configuration's mounts, 0 for a tmpfs.
 */
int root_volumes_detach(const struct container_config *config, const char *volumes,
			int **ret_sources, struct problem *problem);
void root_volumes_let_go(struct root_file_system *tree);
/* Binds, volumes and tmpfs, parents before what is in them. */
int root_volumes_mount(struct root_file_system *tree, struct problem *problem);
