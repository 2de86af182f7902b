/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ways to connect a namespace, see network.h. Each: 0 or -errno with a problem; what it has started is in the network. */
#pragma once

#include "container/network/network.h"

/*
 * pasta(1): the namespace gets an interface as the machine's own, with its address, and pasta makes the connections
 * that processes in it make.
 */
int network_start_pasta(int namespace, struct network *network, struct problem *problem);

/* slirp4netns(1): a network of its own, 10.0.2.0/24, behind a TCP/IP stack in a process. */
int network_start_slirp4netns(const struct container *container, int namespace,
			      struct network *network, struct problem *problem);

/*
 * A network of the machine's, by plugins of the Container Network Interface: a bridge, an address of it, and ports that lead there
 * by rules of iptables(8), while host_ports.h holds them.
 */
int network_start_bridge(const struct container *container, int namespace, struct network *network,
			 struct problem *problem);
/* Also when the namespace is gone (-1), and when the connection was made only in part. */
void network_end_bridge(const struct container *container, int namespace);

/* What they answer for the machine's name servers, from within. */
#define NETWORK_PASTA_RESOLVER "169.254.1.1"
#define NETWORK_SLIRP4NETNS_RESOLVER "10.0.2.3"
