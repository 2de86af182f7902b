/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection of a container's network namespace to the outside, made by its monitor before its first process goes on
 * to its program, and ended by it: the interface of what lies in this directory to the launcher.
 */
#pragma once

#include "container/network/helper.h"
#include "container/network/host_ports.h"
#include "container/record/container.h"

struct network {
	struct helper helper;	 /* none with networks of the machine */
	struct host_ports ports; /* what was published */
	char *address, *gateway; /* of the container; NULL: not known */
	int namespace;		 /* of one that is on_machine; -1 */
	bool on_machine;	 /* what the machine has for it is to be removed */
	struct problem warning;	 /* why it is not connected after all; empty: it is */
};

#define NETWORK_INIT                                                                               \
	((struct network){ .helper = HELPER_INIT, .ports = HOST_PORTS_INIT, .namespace = -1 })

/*
 * Connects the namespace as the container's configuration says; only if network_is_connected(). A connection that nobody
 * has asked for may fail, with a warning. 0 or -errno with a problem, and then nothing is left of it.
 */
int network_start(const struct container *container, int namespace, struct network *ret_network,
		  struct problem *problem);
void network_stop(const struct container *container, struct network *network);

/*
 * For what a monitor that was killed has left on the machine, once its container has ended; and for the names that
 * others know it by.
 */
void network_sweep(const struct container *container);

/* Tells the other containers of its network that this one, whose state says so, runs there now, or does no more. */
void network_announce(const struct container *container);
