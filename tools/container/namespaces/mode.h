/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose a namespace of a container is, as config.h keeps it: "private" (the container's own), "host", or
 * "container:ID" (that of another container, by its full id); the network also "none", which is its own.
 */
#pragma once

#include "container/record/config.h"

#include <stdbool.h>
#include <stdint.h>

/* What follows the "container:" of such a mode; NULL: it is another one. */
const char *namespace_mode_container(const char *mode);

/* Neither the host's nor another container's; also when a record says nothing. */
bool namespace_mode_is_own(const char *mode);

/* Whether its processes are in a user namespace within that of its monitor. */
bool namespace_mode_is_inner(const struct container_config *config);

/* Whether its processes are in another user namespace than who runs cowrun, be it an inner one or not. */
bool namespace_mode_has_own_users(const struct container_config *config);

/* Whether it has a namespace of control groups, or of time. */
bool namespace_mode_has_own_cgroups(const struct container_config *config);
bool namespace_mode_has_own_time(const struct container_config *config);

/*
 * The CLONE_ flags of the namespaces to be made with its first process: that of users among them if it is an
 * inner one; those of control groups and time are made by themselves.
 */
uint64_t namespace_mode_flags(const struct container_config *config);
