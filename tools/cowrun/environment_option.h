/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options -e and --env-file. */
#pragma once

#include "base/problem.h"
#include "base/string_list.h"

/* NAME=VALUE; or NAME, and then ours, if we have one. 0, -ENOMEM, or -EINVAL with a problem. */
int environment_option_add(const char *text, struct string_list *environment,
			   struct problem *problem);
/* A file of them, one a line, with comments after #. */
int environment_option_read(const char *path, struct string_list *environment,
			    struct problem *problem);
