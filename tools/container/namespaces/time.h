/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A time namespace, see time_namespaces(7): CLOCK_MONOTONIC and CLOCK_BOOTTIME, and with them uptime, begin with
 * the container. The time of day has no namespace.
 */
#pragma once

#include "base/problem.h"

/*
 * Makes one for the children that the process will have, whose clocks begin now. The process must be privileged in its
 * user namespace and dumpable. 0 or -errno with a problem.
 */
int time_namespace_make(struct problem *problem);
