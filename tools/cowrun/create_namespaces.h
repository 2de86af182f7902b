/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of create_options.h: whose namespaces a container is to have, and what follows from that. */
#pragma once

#include "container/record/container.h"

/* For a table of options: host, private, or container:CONTAINER; only the first two; or also none. */
int create_namespaces_check(const char *value, void *options, struct problem *problem);
int create_namespaces_check_two(const char *value, void *options, struct problem *problem);
int create_namespaces_check_network(const char *value, void *options, struct problem *problem);

/*
 * Finds the containers that are named, and keeps them by their ids in the configuration; takes over from
 * them what is common to who shares a namespace. -EINVAL when other options do not go with that. 0 or
 * -errno with a problem.
 */
int create_namespaces_resolve(const struct place *place, struct container_config *config,
			      struct problem *problem);
