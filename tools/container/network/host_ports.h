/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports of the machine, held by sockets that are bound to them: so it is seen at once, and told in our words, that one
 * is in use, whoever is to serve it afterwards; and one that is free can be found.
 */
#pragma once

#include "base/problem.h"
#include "base/string_list.h"

struct host_ports {
	int *sockets; /* owned, as are the descriptors */
	size_t count;
	struct string_list taken; /* as port.h has them, each with a port of the machine's */
};

#define HOST_PORTS_INIT ((struct host_ports){ 0 })

/*
 * Takes those of the mappings. 0; -EADDRINUSE, -EACCES or another -errno with a problem, and then nothing is held.
 */
int host_ports_take(const struct string_list *mappings, struct host_ports *ret_ports,
		    struct problem *problem);

/* Gives them back, so that another process can serve them. What was taken is still known. */
void host_ports_release(struct host_ports *ports);

/* The same, and forgets them. */
void host_ports_free(struct host_ports *ports);
