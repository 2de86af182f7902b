/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a container uses at one moment. */
#pragma once

#include "container/cgroup/statistics.h"
#include "container/record/container.h"

struct container_usage {
	bool running;
	int64_t time;		 /* nanoseconds of the monotonic clock */
	uint64_t received, sent; /* bytes on its own network; CGROUP_UNKNOWN if it has none */
	/* What has no group has only unknowns. The limit of memory is at most what the machine has. */
	struct cgroup_statistics group;
};

/* The container's state must be fresh. 0 or -errno with a problem. */
int container_usage_read(const struct container *container, struct container_usage *ret_usage,
			 struct problem *problem);

/*
 * What is not the page cache's, which would be given up first: as docker counts. CGROUP_UNKNOWN
 * when the memory is.
 */
uint64_t container_usage_memory(const struct container_usage *usage);

/* Adds up the text of /proc/PID/net/dev, but for the loopback interface. 0 or -EBADMSG. */
int usage_parse_network(const char *text, uint64_t *ret_received, uint64_t *ret_sent);
