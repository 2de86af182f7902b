/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of cgroup_version.h: Documentation/admin-guide/cgroup-v2.rst. */
#include "container/cgroup/convert.h"
#include "container/cgroup/file.h"
#include "container/cgroup/version.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CPU_PERIOD_DEFAULT 100000

/* LIMIT_NONE is "max". */
static int write_amount(int directory, const char *name, int64_t amount)
{
	if (amount == LIMIT_UNSET)
		return 0;
	if (amount == LIMIT_NONE)
		return cgroup_file_write(directory, name, "max");
	return cgroup_file_write_format(directory, name, "%" PRId64, amount);
}

/* -- cpu -- */

/* The quota and period as they are, "max 100000". */
static int read_cpu_max(int directory, int64_t *ret_quota, int64_t *ret_period)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	uint64_t quota, period = CPU_PERIOD_DEFAULT;
	int result = cgroup_file_read(directory, "cpu.max", &text);
	const char *second;

	if (result == 0)
		result = cgroup_text_number(buffer_string(&text), &quota);
	if (result < 0)
		return result;
	second = strchr(buffer_string(&text), ' ');
	if (second && cgroup_text_number(second + 1, &period) < 0)
		return -EBADMSG;
	*ret_quota = quota > INT64_MAX ? LIMIT_NONE : (int64_t)quota;
	*ret_period = (int64_t)period;
	return 0;
}

static int write_cpu_max(int directory, const struct container_limits *limits)
{
	int64_t quota = limits->cpu_quota, period = limits->cpu_period, old_quota, old_period;
	int result;

	if (quota == LIMIT_UNSET && period == LIMIT_UNSET)
		return 0;
	result = read_cpu_max(directory, &old_quota, &old_period);
	if (result < 0)
		return result;
	if (quota == LIMIT_UNSET)
		quota = old_quota;
	if (period == LIMIT_UNSET)
		period = old_period;
	if (quota == LIMIT_NONE)
		return cgroup_file_write_format(directory, "cpu.max", "max %" PRId64, period);
	return cgroup_file_write_format(directory, "cpu.max", "%" PRId64 " %" PRId64, quota,
					period);
}

int cgroup_v2_apply_cpu(int directory, const struct container_limits *limits)
{
	int result = 0;

	if (limits->cpu_shares != LIMIT_UNSET)
		result = cgroup_file_write_format(directory, "cpu.weight", "%" PRIu64,
						  cgroup_weight_from_shares(limits->cpu_shares));
	return result < 0 ? result : write_cpu_max(directory, limits);
}

/* -- memory -- */

/*
 * Version 1 refuses a limit that cannot be reached; version 2 takes it and lets processes be killed
 * until it is. So it is refused here when even without any cache more is in use.
 */
static int check_memory(int directory, int64_t memory)
{
	static const char *const kept[] = { "anon", "shmem", "unevictable" };
	cleanup_buffer struct buffer text = BUFFER_INIT;
	uint64_t sum = 0, swap = 0, part;

	if (memory < 0 || cgroup_file_read(directory, "memory.stat", &text) < 0)
		return 0;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (cgroup_text_key(buffer_string(&text), kept[i], &part) == 0)
			sum += part;
	}
	/* What may be swapped out, may leave. */
	if (cgroup_file_read_number(directory, "memory.swap.max", &swap) == 0 && swap > 0)
		return 0;
	return sum > (uint64_t)memory ? -EBUSY : 0;
}

/* A kernel without swap accounting has no such file; what asks for no swap limit is then had. */
static int write_swap(int directory, int64_t swap)
{
	int result = write_amount(directory, "memory.swap.max", swap);

	return result == -ENOENT && swap == LIMIT_NONE ? 0 : result;
}

/* The amount of memory that the limit of both together counts from. */
static int memory_in_force(int directory, const struct container_limits *limits,
			   int64_t *ret_memory)
{
	uint64_t memory;
	int result;

	*ret_memory = limits->memory;
	if (limits->memory != LIMIT_UNSET)
		return 0;
	result = cgroup_file_read_number(directory, "memory.max", &memory);
	if (result == 0)
		*ret_memory = memory > INT64_MAX ? LIMIT_NONE : (int64_t)memory;
	return result;
}

int cgroup_v2_apply_memory(int directory, const struct container_limits *limits)
{
	int64_t memory;
	int result = 0;

	if (limits->memory_swap != LIMIT_UNSET) {
		result = memory_in_force(directory, limits, &memory);
		if (result == 0)
			result = write_swap(directory,
					    cgroup_swap_from_memsw(limits->memory_swap, memory));
	}
	if (result == 0 && limits->memory != LIMIT_UNSET)
		result = check_memory(directory, limits->memory);
	if (result == 0)
		result = write_amount(directory, "memory.max", limits->memory);
	if (result == 0 && limits->memory_reservation != LIMIT_UNSET)
		result = write_amount(
			directory, "memory.low",
			limits->memory_reservation == LIMIT_NONE ? 0 : limits->memory_reservation);
	return result;
}

/* -- io -- */

/* BFQ's own file takes version 1's numbers; io.weight is of the cost model and the rest. */
static int write_weight(int directory, int64_t weight)
{
	int result;

	if (weight == LIMIT_UNSET)
		return 0;
	result = cgroup_file_write_format(directory, "io.bfq.weight", "%" PRId64, weight);
	if (result != -ENOENT)
		return result;
	return cgroup_file_write_format(directory, "io.weight", "default %" PRIu64,
					cgroup_io_weight_from_blkio(weight));
}

int cgroup_v2_apply_blkio(int directory, const struct container_limits *limits)
{
	static const char *const keys[] = {
		[THROTTLE_READ_BYTES] = "rbps",
		[THROTTLE_WRITE_BYTES] = "wbps",
		[THROTTLE_READ_OPERATIONS] = "riops",
		[THROTTLE_WRITE_OPERATIONS] = "wiops",
	};
	int result = write_weight(directory, limits->blkio_weight);

	for (size_t i = 0; i < limits->throttle_count && result == 0; i++) {
		const struct throttle *throttle = &limits->throttles[i];
		char rate[32] = "max";

		if (throttle->rate > 0)
			(void)snprintf(rate, sizeof(rate), "%" PRIu64, throttle->rate);
		result = cgroup_file_write_format(directory, "io.max", "%u:%u %s=%s",
						  throttle->major, throttle->minor,
						  keys[throttle->kind], rate);
	}
	return result;
}
