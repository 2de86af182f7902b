/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of create_options.h: the user namespace of a container, and which ids there are in it. */
#pragma once

#include "container/record/container.h"

/* For a table of options, --userns: host, private, auto, keep-id, nomap or container:CONTAINER. */
int create_ids_check_users(const char *value, void *options, struct problem *problem);

/*
 * Decides whose user namespace it is to have. shared: the mode of another namespace that is another
 * container's; NULL: there is none. -EINVAL, -EPERM or -ENOTSUP when what was asked for cannot be had. 0 or
 * -errno with a problem.
 */
int create_ids_choose(bool rootless, const char *shared, struct container_config *config,
		      struct problem *problem);

/*
 * The ids of a container, unless they are another's already; with id_ranges_lock(), until it is on record. Says so if there is but one. 0 or
 * -errno with a problem.
 */
int create_ids_set(const struct place *place, struct container_config *config,
		   struct problem *problem);
