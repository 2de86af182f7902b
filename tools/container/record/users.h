/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which containers use something: a volume, an image. */
#pragma once

#include "base/problem.h"
#include "base/string_list.h"
#include "container/record/config.h"
#include "container/record/place.h"

/* True when a container with this configuration does. */
typedef bool container_uses_function(const struct container_config *config, const void *context);

/* Adds the names of the containers that do, whether they run or not. 0 or -errno with a problem. */
int container_users(const struct place *place, container_uses_function *uses, const void *context,
		    struct string_list *names, struct problem *problem);
