/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /etc/resolv.conf of a container says, see resolv.conf(5). */
#pragma once

#include "base/buffer.h"
#include "base/string_list.h"

#include <stdbool.h>

/*
 * Appends the text for a container with this --net. servers: those that were asked for, instead of the host's. host: the
 * host's file, of which search domains and options are kept in any case. 0 or -ENOMEM.
 */
int resolver_make(const char *mode, const struct string_list *servers, const char *host,
		  struct buffer *text);

/* Whether the text names a server, and whether one of them is not of the host's loopback, which a container cannot reach. */
bool resolver_has_server(const char *text);
bool resolver_has_outer_server(const char *text);
