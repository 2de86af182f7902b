/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The namespaces that a container shares with others that run, see namespaces/mode.h.
 *
 * They are held by pidfds of these containers' processes, whose start times were checked, so that what
 * is joined is theirs however fast numbers are used again. The kernel lets only who has all capabilities
 * in a namespace's user namespace join it; so an ordinary user's container is in the user namespace of
 * the one it shares anything with.
 */
#pragma once

#include "container/record/container.h"

enum {
	SHARED_USERS, /* an inner one: the monitor is in the outer already; entered first */
	SHARED_NETWORK,
	SHARED_PID,
	SHARED_IPC,
	SHARED_UTS,
	SHARED_KINDS,
};

struct shared_namespaces {
	/* of the first process of whose namespace it is; -1: it is not shared */
	int owners[SHARED_KINDS];
	char *names[SHARED_KINDS]; /* of these containers, for people */
};

#define SHARED_NAMESPACES_INIT ((struct shared_namespaces){ .owners = { -1, -1, -1, -1, -1 } })
#define cleanup_shared_namespaces __attribute__((cleanup(shared_namespaces_close)))

void shared_namespaces_close(struct shared_namespaces *shared);

/* Finds those that the container is to join. 0 or -errno with a problem; -ESRCH when one does not run. */
int shared_namespaces_open(const struct container *container, struct shared_namespaces *ret_shared,
			   struct problem *problem);

/*
 * The /dev/shm of the container whose ipc namespace is shared, since POSIX shared memory is files: a
 * detached mount in *ret_mount, -1 when no such namespace is shared. To be called before anything is entered,
 * in a process without threads. 0 or -errno with a problem.
 */
int shared_namespaces_clone_memory(const struct shared_namespaces *shared, int *ret_mount,
				   struct problem *problem);

/* Enters them; that of processes is for children only. 0 or -errno with a problem. */
int shared_namespaces_enter(const struct shared_namespaces *shared, struct problem *problem);

/*
 * Enters the user namespace of the monitor of the container with this id, which must run. 0 or -errno with
 * a problem.
 */
int shared_namespaces_enter_user(const struct place *place, const char *id,
				 struct problem *problem);
