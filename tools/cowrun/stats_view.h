/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What containers use, as docker stats shows it. */
#pragma once

#include "base/json.h"
#include "container/cgroup/usage.h"
#include "cowrun/human_text.h"

#define STATS_TEXT_SIZE HUMAN_TEXT_SIZE

/*
 * A line: ID, Name, Container, CPUPerc, MemUsage, MemPerc, NetIO, BlockIO, PIDs. What is not known is "--". The processor time is that
 * used between the two moments. NULL when there is no memory.
 */
json_object *stats_view_line(const struct container *container, const char *name,
			     const struct container_usage *before,
			     const struct container_usage *now);

/* A size in powers of 1024, or "--" for CGROUP_UNKNOWN. */
void stats_text_memory(uint64_t bytes, char text[STATS_TEXT_SIZE]);
/* The same in powers of 1000. */
void stats_text_traffic(uint64_t bytes, char text[STATS_TEXT_SIZE]);
