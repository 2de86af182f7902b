/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which devices a container may use, as rules for its control group: docker's, those of --device with the access that it
 * gives, and --device-cgroup-rule. An ordinary user's containers have no rules but those that were asked for.
 */
#pragma once

#include "container/cgroup/limits.h"
#include "container/record/config.h"

/* Whether somebody has asked for rules; then it is an error when there can be none. */
bool container_devices_are_asked(const struct container_config *config);

/*
 * Adds them, before those of --device-cgroup-rule that the limits have already; none for a container that may use all. 0 or
 * -errno with a problem.
 */
int container_devices_add(const struct container_config *config, struct container_limits *limits,
			  struct problem *problem);
