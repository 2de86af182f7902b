/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/cgroup/limits.h"

#include "base/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Docker's; a container with less cannot even start. */
#define MEMORY_MIN (6 << 20)
#define CPU_PERIOD_MIN 1000
#define CPU_PERIOD_MAX 1000000
#define CPU_QUOTA_MIN 1000
#define CPU_SHARES_MIN 2
#define CPU_SHARES_MAX 262144
#define WEIGHT_MIN 10
#define WEIGHT_MAX 1000
/* So that lists can be written to the kernel as they are. */
#define LIST_LENGTH_MAX 1024
#define LIST_NUMBER_MAX 65535

void limits_free(struct container_limits *limits)
{
	free(limits->cpuset_cpus);
	free(limits->cpuset_mems);
	free(limits->throttles);
	free(limits->device_rules);
	*limits = LIMITS_INIT;
}

bool limits_are_unset(const struct container_limits *limits)
{
	return limits->cpu_shares == LIMIT_UNSET && limits->cpu_period == LIMIT_UNSET &&
	       limits->cpu_quota == LIMIT_UNSET && !limits->cpuset_cpus && !limits->cpuset_mems &&
	       limits->memory == LIMIT_UNSET && limits->memory_swap == LIMIT_UNSET &&
	       limits->memory_reservation == LIMIT_UNSET && limits->pids == LIMIT_UNSET &&
	       limits->blkio_weight == LIMIT_UNSET && limits->throttle_count == 0;
}

int limits_add_throttle(struct container_limits *limits, const struct throttle *throttle)
{
	struct throttle *grown =
		reallocarray(limits->throttles, limits->throttle_count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	grown[limits->throttle_count++] = *throttle;
	limits->throttles = grown;
	return 0;
}

int limits_add_device_rule(struct container_limits *limits, const struct device_rule *rule)
{
	struct device_rule *grown =
		reallocarray(limits->device_rules, limits->device_rule_count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	grown[limits->device_rule_count++] = *rule;
	limits->device_rules = grown;
	return 0;
}

int limits_add_default_devices(struct container_limits *limits)
{
	static const struct device_rule rules[] = {
		{ false, 'a', LIMIT_NONE, LIMIT_NONE, DEVICE_ALL },
		{ true, 'c', LIMIT_NONE, LIMIT_NONE, DEVICE_MAKE },
		{ true, 'b', LIMIT_NONE, LIMIT_NONE, DEVICE_MAKE },
		{ true, 'c', 1, 3, DEVICE_ALL },	    /* null */
		{ true, 'c', 1, 5, DEVICE_ALL },	    /* zero */
		{ true, 'c', 1, 7, DEVICE_ALL },	    /* full */
		{ true, 'c', 1, 8, DEVICE_ALL },	    /* random */
		{ true, 'c', 1, 9, DEVICE_ALL },	    /* urandom */
		{ true, 'c', 5, 0, DEVICE_ALL },	    /* tty */
		{ true, 'c', 5, 1, DEVICE_ALL },	    /* console */
		{ true, 'c', 5, 2, DEVICE_ALL },	    /* ptmx */
		{ true, 'c', 136, LIMIT_NONE, DEVICE_ALL }, /* pts */
	};
	int result = 0;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]) && result == 0; i++)
		result = limits_add_device_rule(limits, &rules[i]);
	return result;
}

void limits_complete(struct container_limits *limits)
{
	if (limits->memory_swap == LIMIT_UNSET && limits->memory > 0 &&
	    limits->memory <= INT64_MAX / 2)
		limits->memory_swap = 2 * limits->memory;
}

/* A number up to LIST_NUMBER_MAX at *text, which moves behind it; -1 when there is none. */
static long list_number(const char **text)
{
	long number = 0;

	if (**text < '0' || **text > '9')
		return -1;
	for (; **text >= '0' && **text <= '9'; (*text)++) {
		number = number * 10 + (**text - '0');
		if (number > LIST_NUMBER_MAX)
			return -1;
	}
	return number;
}

bool limits_list_is_valid(const char *list)
{
	if (strlen(list) > LIST_LENGTH_MAX)
		return false;
	for (;;) {
		long first = list_number(&list), last = first;

		if (first < 0)
			return false;
		if (*list == '-') {
			list++;
			last = list_number(&list);
		}
		if (last < first)
			return false;
		if (*list == '\0')
			return true;
		if (*list++ != ',')
			return false;
	}
}

static int check_cpu(const struct container_limits *limits, struct problem *problem)
{
	if (limits->cpu_shares != LIMIT_UNSET &&
	    (limits->cpu_shares < CPU_SHARES_MIN || limits->cpu_shares > CPU_SHARES_MAX))
		return problem_set(problem, -EINVAL,
				   "the processor shares %" PRId64 " are not between %d and %d",
				   limits->cpu_shares, CPU_SHARES_MIN, CPU_SHARES_MAX);
	if (limits->cpu_period != LIMIT_UNSET &&
	    (limits->cpu_period < CPU_PERIOD_MIN || limits->cpu_period > CPU_PERIOD_MAX))
		return problem_set(problem, -EINVAL,
				   "the processor period %" PRId64 " is not between %d and %d "
				   "microseconds",
				   limits->cpu_period, CPU_PERIOD_MIN, CPU_PERIOD_MAX);
	if (limits->cpu_quota != LIMIT_UNSET && limits->cpu_quota != LIMIT_NONE &&
	    limits->cpu_quota < CPU_QUOTA_MIN)
		return problem_set(problem, -EINVAL,
				   "the processor quota %" PRId64 " is less than the %d "
				   "microseconds that the kernel needs; -1 means no limit",
				   limits->cpu_quota, CPU_QUOTA_MIN);
	if (limits->cpuset_cpus && !limits_list_is_valid(limits->cpuset_cpus))
		return problem_set(problem, -EINVAL,
				   "\"%s\" is no list of processors such as 0-2,7",
				   limits->cpuset_cpus);
	if (limits->cpuset_mems && !limits_list_is_valid(limits->cpuset_mems))
		return problem_set(problem, -EINVAL,
				   "\"%s\" is no list of memory nodes such as 0-1",
				   limits->cpuset_mems);
	return 0;
}

static bool is_amount(int64_t limit)
{
	return limit != LIMIT_UNSET && limit != LIMIT_NONE;
}

static int check_memory(const struct container_limits *limits, struct problem *problem)
{
	if (is_amount(limits->memory) && limits->memory < MEMORY_MIN)
		return problem_set(problem, -EINVAL,
				   "a memory limit of %" PRId64 " bytes is too small; give 6m "
				   "(6291456) or more",
				   limits->memory);
	if (is_amount(limits->memory_swap) && !is_amount(limits->memory))
		return problem_set(problem, -EINVAL,
				   "a limit of memory and swap together needs a memory limit; give "
				   "--memory too");
	if (is_amount(limits->memory_swap) && limits->memory_swap < limits->memory)
		return problem_set(problem, -EINVAL,
				   "the limit of memory and swap together, %" PRId64 ", is less "
				   "than that of memory alone, %" PRId64,
				   limits->memory_swap, limits->memory);
	if (is_amount(limits->memory_reservation) && limits->memory_reservation < 0)
		return problem_set(problem, -EINVAL, "the memory reservation is negative");
	if (is_amount(limits->memory_reservation) && is_amount(limits->memory) &&
	    limits->memory_reservation > limits->memory)
		return problem_set(problem, -EINVAL,
				   "the memory reservation %" PRId64 " is greater than the memory "
				   "limit %" PRId64,
				   limits->memory_reservation, limits->memory);
	return 0;
}

static int check_devices(const struct container_limits *limits, struct problem *problem)
{
	for (size_t i = 0; i < limits->device_rule_count; i++) {
		const struct device_rule *rule = &limits->device_rules[i];

		if (!rule->type || !strchr("abc", rule->type) || rule->major < LIMIT_NONE ||
		    rule->minor < LIMIT_NONE || rule->major > UINT32_MAX ||
		    rule->minor > UINT32_MAX || rule->access == 0 || rule->access > DEVICE_ALL)
			return problem_set(problem, -EINVAL,
					   "a device rule is none: the type is a, b or c, numbers "
					   "are -1 or more, the access is some of r, w and m");
	}
	return 0;
}

int limits_check(const struct container_limits *limits, struct problem *problem)
{
	int result = check_cpu(limits, problem);

	if (result == 0)
		result = check_memory(limits, problem);
	if (result == 0)
		result = check_devices(limits, problem);
	if (result < 0)
		return result;
	if (is_amount(limits->pids) && limits->pids < 1)
		return problem_set(problem, -EINVAL,
				   "%" PRId64 " is no number of processes; -1 means no limit",
				   limits->pids);
	if (limits->blkio_weight != LIMIT_UNSET &&
	    (limits->blkio_weight < WEIGHT_MIN || limits->blkio_weight > WEIGHT_MAX))
		return problem_set(problem, -EINVAL,
				   "the block I/O weight %" PRId64 " is not between %d and %d",
				   limits->blkio_weight, WEIGHT_MIN, WEIGHT_MAX);
	return 0;
}

/* -- merging -- */

static void merge_number(int64_t *number, int64_t change)
{
	if (change != LIMIT_UNSET)
		*number = change;
}

static int copy_string(char **ret_copy, const char *string)
{
	if (!string)
		return 0;
	*ret_copy = strdup(string);
	return *ret_copy ? 0 : -ENOMEM;
}

static void take_string(char **string, char **change)
{
	if (!*change)
		return;
	free(*string);
	*string = steal_pointer(change);
}

/* Replaces the rate for the same device and kind, or appends. */
static int merge_throttle(struct container_limits *limits, const struct throttle *change)
{
	for (size_t i = 0; i < limits->throttle_count; i++) {
		struct throttle *throttle = &limits->throttles[i];

		if (throttle->kind == change->kind && throttle->major == change->major &&
		    throttle->minor == change->minor) {
			throttle->rate = change->rate;
			return 0;
		}
	}
	return limits_add_throttle(limits, change);
}

/* All of the memory that merging needs, in a struct of its own. */
static int prepare_arrays(struct container_limits *prepared, const struct container_limits *limits,
			  const struct container_limits *changes)
{
	int result = copy_string(&prepared->cpuset_cpus, changes->cpuset_cpus);

	if (result == 0)
		result = copy_string(&prepared->cpuset_mems, changes->cpuset_mems);
	for (size_t i = 0; i < limits->throttle_count && result == 0; i++)
		result = limits_add_throttle(prepared, &limits->throttles[i]);
	for (size_t i = 0; i < changes->throttle_count && result == 0; i++)
		result = merge_throttle(prepared, &changes->throttles[i]);
	for (size_t i = 0; i < changes->device_rule_count && result == 0; i++)
		result = limits_add_device_rule(prepared, &changes->device_rules[i]);
	return result;
}

int limits_merge(struct container_limits *limits, const struct container_limits *changes)
{
	cleanup_limits struct container_limits prepared = LIMITS_INIT;
	int result = prepare_arrays(&prepared, limits, changes);

	if (result < 0)
		return result;
	take_string(&limits->cpuset_cpus, &prepared.cpuset_cpus);
	take_string(&limits->cpuset_mems, &prepared.cpuset_mems);
	free(limits->throttles);
	limits->throttles = steal_pointer(&prepared.throttles);
	limits->throttle_count = prepared.throttle_count;
	if (changes->device_rules) {
		free(limits->device_rules);
		limits->device_rules = steal_pointer(&prepared.device_rules);
		limits->device_rule_count = prepared.device_rule_count;
	}
	merge_number(&limits->cpu_shares, changes->cpu_shares);
	merge_number(&limits->cpu_period, changes->cpu_period);
	merge_number(&limits->cpu_quota, changes->cpu_quota);
	merge_number(&limits->memory, changes->memory);
	merge_number(&limits->memory_swap, changes->memory_swap);
	merge_number(&limits->memory_reservation, changes->memory_reservation);
	merge_number(&limits->pids, changes->pids);
	merge_number(&limits->blkio_weight, changes->blkio_weight);
	return 0;
}
