/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a container is started again when it has ended: no, always, unless-stopped, on-failure[:TIMES]. */
#pragma once

#include "base/problem.h"

#include <stdbool.h>
#include <stdint.h>

/* 0 or -EINVAL with a problem. */
int restart_check(const char *policy, struct problem *problem);
/* After it ended so, having been restarted that often. */
bool restart_is_due(const char *policy, int64_t exit_code, int64_t restart_count);
/* How many milliseconds to wait before that: 100, doubled each time, at most a minute. */
int restart_pause(int64_t restart_count);
