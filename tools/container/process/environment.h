/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Variables of a process, as NAME=VALUE. */
#pragma once

#include "base/string_list.h"

#include <stdbool.h>

/* The value of a variable in a list ended by NULL, or NULL. */
const char *environment_get(char *const *environment, const char *name);

/* Sets NAME=VALUE, in place of a former value of that name. 0 or -ENOMEM. */
int environment_set(struct string_list *environment, const char *assignment);

/*
 * A copy with what docker adds where it is not given: PATH, HOSTNAME, HOME, and TERM for a terminal. 0 or
 * -ENOMEM.
 */
int environment_complete(const struct string_list *given, const char *home, const char *hostname,
			 bool terminal, struct string_list *ret_environment);
