/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network of a container and the ports that lead to it, as docker shows them. Each adds its member: 0 or -ENOMEM. */
#pragma once

#include "base/json.h"
#include "container/record/container.h"

/* NetworkSettings. */
int view_network(const struct container *container, json_object *object);

/* PortBindings of HostConfig: what was asked for. */
int view_port_bindings(const struct container_config *config, json_object *object);

/* Ports of a line of ps: "0.0.0.0:8080->80/tcp". */
int view_ports(const struct container *container, json_object *object);
