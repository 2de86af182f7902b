/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of cgroup_version.h: Documentation/admin-guide/cgroup-v1/ and Documentation/scheduler/sched-bwc.rst. */
#include "container/cgroup/file.h"
#include "container/cgroup/version.h"

#include <errno.h>
#include <inttypes.h>

static int write_number(int directory, const char *name, int64_t number)
{
	return number == LIMIT_UNSET
		       ? 0
		       : cgroup_file_write_format(directory, name, "%" PRId64, number);
}

int cgroup_v1_apply_cpu(int directory, const struct container_limits *limits)
{
	int result = write_number(directory, "cpu.shares", limits->cpu_shares);

	if (result < 0)
		return result;
	result = write_number(directory, "cpu.cfs_period_us", limits->cpu_period);
	/* With the quota as it is, a shorter period may allow more than the group above has. */
	if (result == -EINVAL && limits->cpu_quota != LIMIT_UNSET) {
		result = write_number(directory, "cpu.cfs_quota_us", limits->cpu_quota);
		if (result == 0)
			result = write_number(directory, "cpu.cfs_period_us", limits->cpu_period);
		return result;
	}
	return result < 0 ? result : write_number(directory, "cpu.cfs_quota_us", limits->cpu_quota);
}

/* A kernel without swap accounting has no such file; what asks for no swap limit is then had. */
static int write_memory_swap(int directory, int64_t memory_swap)
{
	int result = write_number(directory, "memory.memsw.limit_in_bytes", memory_swap);

	return result == -ENOENT && memory_swap == LIMIT_NONE ? 0 : result;
}

/*
 * The limit of memory may at no moment exceed that of memory and swap together: who grows both
 * begins with the latter, who shrinks them with the former.
 */
static int write_memory(int directory, const struct container_limits *limits)
{
	static const char memory[] = "memory.limit_in_bytes";
	uint64_t together;
	int result;

	if (limits->memory == LIMIT_UNSET)
		return write_memory_swap(directory, limits->memory_swap);
	if (limits->memory_swap == LIMIT_UNSET)
		return write_number(directory, memory, limits->memory);
	result = cgroup_file_read_number(directory, "memory.memsw.limit_in_bytes", &together);
	if (result == 0 && limits->memory != LIMIT_NONE && (uint64_t)limits->memory <= together) {
		result = write_number(directory, memory, limits->memory);
		return result < 0 ? result : write_memory_swap(directory, limits->memory_swap);
	}
	result = write_memory_swap(directory, limits->memory_swap);
	return result < 0 ? result : write_number(directory, memory, limits->memory);
}

int cgroup_v1_apply_memory(int directory, const struct container_limits *limits)
{
	int result = write_memory(directory, limits);

	if (result < 0)
		return result;
	return write_number(directory, "memory.soft_limit_in_bytes", limits->memory_reservation);
}

/* The name depends on which scheduler can weigh: CFQ until Linux 4.x, BFQ since. */
static int write_weight(int directory, int64_t weight)
{
	int result = write_number(directory, "blkio.bfq.weight", weight);

	return result == -ENOENT ? write_number(directory, "blkio.weight", weight) : result;
}

int cgroup_v1_apply_blkio(int directory, const struct container_limits *limits)
{
	static const char *const files[] = {
		[THROTTLE_READ_BYTES] = "blkio.throttle.read_bps_device",
		[THROTTLE_WRITE_BYTES] = "blkio.throttle.write_bps_device",
		[THROTTLE_READ_OPERATIONS] = "blkio.throttle.read_iops_device",
		[THROTTLE_WRITE_OPERATIONS] = "blkio.throttle.write_iops_device",
	};
	int result = write_weight(directory, limits->blkio_weight);

	for (size_t i = 0; i < limits->throttle_count && result == 0; i++) {
		const struct throttle *throttle = &limits->throttles[i];

		result =
			cgroup_file_write_format(directory, files[throttle->kind], "%u:%u %" PRIu64,
						 throttle->major, throttle->minor, throttle->rate);
	}
	return result;
}
