/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a container may use, as docker inspect shows it in HostConfig. */
#pragma once

#include "base/json.h"
#include "container/record/config.h"

/* Adds Memory, NanoCpus, BlkioDeviceReadBps and so on; 0 is what nobody asked for. 0 or -ENOMEM. */
int view_limits(const struct container_config *config, json_object *object);
