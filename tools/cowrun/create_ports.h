/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of create_options.h: the ports to be published. */
#pragma once

#include "cowrun/create_options.h"

/* For a table of options, -p. */
int create_ports_add(const char *value, void *options, struct problem *problem);

/* Adds those that an image exposes, unless they are published already. 0 or -errno with a problem. */
int create_ports_add_exposed(const struct string_list *exposed, struct container_config *config,
			     struct problem *problem);

/* Whether the container will have a network that ports can lead to. 0 or -EINVAL with a problem; or with a warning. */
int create_ports_check(bool rootless, struct create_options *options, struct problem *problem);
