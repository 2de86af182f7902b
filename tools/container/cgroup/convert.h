/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the numbers of version 1, which the OCI specification keeps, to those of version 2. */
#pragma once

#include <stdint.h>

/*
 * cpu.shares (2 to 262144, usually 1024) to cpu.weight (1 to 10000, usually 100): the formula of
 * runc 1.3.2 and crun 1.23 (opencontainers/cgroups, pull request 20), by which what is usual stays
 * so. The linear one before made 39 of 1024.
 */
uint64_t cgroup_weight_from_shares(int64_t shares);

/* blkio.weight (10 to 1000) to io.weight (1 to 10000), linear as in every runtime. */
uint64_t cgroup_io_weight_from_blkio(int64_t weight);

/* memory.memsw, memory and swap together, to memory.swap.max. Both may be LIMIT_NONE, and so the result. */
int64_t cgroup_swap_from_memsw(int64_t memory_swap, int64_t memory);
