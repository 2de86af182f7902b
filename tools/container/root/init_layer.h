/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The layer between a container's image and its upper: what every container has of its own and no image
 * is to get, as /etc/hosts. Being above the image, it decides what /etc, /proc, /sys and /dev are:
 * directories, whatever the image made of them.
 */
#pragma once

#include "base/buffer.h"
#include "base/problem.h"
#include "container/record/config.h"

/* What /etc/hosts has in any case: the loopback, and what was asked for. 0 or -ENOMEM. */
int init_layer_hosts(const struct container_config *config, struct buffer *text);

/*
 * Fills the empty or former init layer in directory init of the container's. What the container has
 * written to these files is in its upper and stays. 0 or -errno with a problem.
 */
int init_layer_write(int container_directory, const struct container_config *config,
		     struct problem *problem);
