/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names on a network of the machine: /etc/hosts of each container that is in one is a file hosts in its run directory, mounted in its
 * place, which has the addresses of all that run. It stays the same file, so that what is mounted shows what is new.
 */
#pragma once

#include "base/buffer.h"
#include "container/record/container.h"

/* Whether the container has such a file. */
bool network_hosts_are_shared(const struct container_config *config);

/* Writes that of this container without any others, so that there is one. 0 or -errno with a problem. */
int network_hosts_begin(const struct container *container, struct problem *problem);

/*
 * Writes those of all containers in this one's network that run; and that of this one, which is about to, when address is where
 * it will be. 0 or -errno with a problem.
 */
int network_hosts_write(const struct container *container, const char *address,
			struct problem *problem);
