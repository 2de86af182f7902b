/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/cgroup/convert.h"

#include "container/cgroup/limits.h"

#include <math.h>

#define SHARES_MIN 2
#define SHARES_MAX 262144
#define CPU_WEIGHT_MAX 10000
#define BLKIO_WEIGHT_MIN 10
#define BLKIO_WEIGHT_MAX 1000

uint64_t cgroup_weight_from_shares(int64_t shares)
{
	double logarithm;

	if (shares <= SHARES_MIN)
		return 1;
	if (shares >= SHARES_MAX)
		return CPU_WEIGHT_MAX;
	logarithm = log2((double)shares);
	return (uint64_t)ceil(
		pow(10, (logarithm * logarithm + 125 * logarithm) / 612.0 - 7.0 / 34.0));
}

uint64_t cgroup_io_weight_from_blkio(int64_t weight)
{
	if (weight < BLKIO_WEIGHT_MIN)
		weight = BLKIO_WEIGHT_MIN;
	if (weight > BLKIO_WEIGHT_MAX)
		weight = BLKIO_WEIGHT_MAX;
	return 1 +
	       (uint64_t)(weight - BLKIO_WEIGHT_MIN) * 9999 / (BLKIO_WEIGHT_MAX - BLKIO_WEIGHT_MIN);
}

int64_t cgroup_swap_from_memsw(int64_t memory_swap, int64_t memory)
{
	if (memory_swap == LIMIT_NONE || memory < 0)
		return LIMIT_NONE;
	return memory_swap > memory ? memory_swap - memory : 0;
}
