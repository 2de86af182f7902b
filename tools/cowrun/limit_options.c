/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/limit_options.h"

#include "container/cgroup/limits_text.h"

int limit_option_check(const char *text, void *options, struct problem *problem)
{
	cleanup_limits struct container_limits limits = LIMITS_INIT;

	(void)options;
	return limits_set_text(&limits, text, problem);
}
