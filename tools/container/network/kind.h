/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a container's --net is: beside the modes of namespaces/mode.h, who connects a namespace of its own to the outside. That
 * is "pasta" or "slirp4netns", programs that make connections for it and are for ordinary users, or the name of a
 * network of the machine's (record.h), which is for root.
 */
#pragma once

#include "base/problem.h"

#include <stdbool.h>

enum network_kind {
	NETWORK_OTHERS, /* the host's or another container's */
	NETWORK_ALONE,	/* "private" or "none": only a loopback interface */
	NETWORK_PASTA,
	NETWORK_SLIRP4NETNS,
	NETWORK_NAMED,
};

enum network_kind network_kind(const char *mode);

/* Whether the monitor connects the namespace to something. */
bool network_is_connected(const char *mode);

/*
 * Whether what is needed for this mode is installed here, and may be used. -ENOENT, -EPERM or another -errno with a
 * problem that tells what to do.
 */
int network_kind_check(const char *mode, bool rootless, struct problem *problem);

/*
 * The mode when nobody says one: that of $COWRUN_NETWORK; else for ordinary users pasta or slirp4netns, for root the
 * network bridge, whichever can be had; else "private".
 */
const char *network_kind_default(bool rootless);
