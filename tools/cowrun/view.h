/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Containers as docker shows them, in JSON. */
#pragma once

#include "base/json.h"
#include "container/record/container.h"

/* All that is known of it, with the names of docker inspect. NULL when there is no memory. */
json_object *view_inspect(const struct container *container);

/* A line of cowrun ps: ID, Names, Image, Command, CreatedAt, RunningFor, Status, State, Labels, Networks, Ports,
 * Mounts. */
json_object *view_line(const struct container *container);
