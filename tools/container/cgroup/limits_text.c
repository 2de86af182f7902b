/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/cgroup/limits_text.h"

#include "base/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* What --cpus is a share of, in microseconds. */
#define CPU_PERIOD 100000

/* -- numbers -- */

/* How many bytes a unit is; 0 for no unit. "b", "k", "kb" and "kib" are as docker has them. */
static double unit(const char *text)
{
	static const char letters[] = "kmgtp";
	const char *letter;
	double bytes = 1;

	if (*text == '\0' || strcasecmp(text, "b") == 0)
		return 1;
	letter = strchr(letters, *text | 0x20);
	if (!letter ||
	    (text[1] && strcasecmp(text + 1, "b") != 0 && strcasecmp(text + 1, "ib") != 0))
		return 0;
	for (const char *at = letters; at <= letter; at++)
		bytes *= 1024;
	return bytes;
}

/* Digits, with a point and more digits perhaps; *ret_rest is what comes after. */
static bool read_decimal(const char *text, double *ret_number, const char **ret_rest)
{
	double number = 0, place = 1;
	const char *at = text;

	for (; *at >= '0' && *at <= '9'; at++)
		number = number * 10 + (*at - '0');
	if (at == text)
		return false;
	if (*at == '.') {
		for (at++; *at >= '0' && *at <= '9'; at++)
			number += (*at - '0') * (place /= 10);
	}
	*ret_number = number;
	*ret_rest = at;
	return true;
}

int size_parse(const char *text, int64_t *ret_size)
{
	const char *rest;
	double number;

	if (!read_decimal(text, &number, &rest))
		return -EINVAL;
	rest += *rest == ' ';
	number *= unit(rest);
	/* Also what has no unit, unless it is nothing. */
	if (unit(rest) == 0 || number >= (double)INT64_MAX)
		return -EINVAL;
	*ret_size = (int64_t)number;
	return 0;
}

/* A whole number, perhaps negative. */
static int read_integer(const char *text, int64_t *ret_number)
{
	int64_t number = 0;
	bool negative = *text == '-';

	text += negative;
	if (*text == '\0')
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, *text - '0', &number))
			return -EINVAL;
	}
	*ret_number = negative ? -number : number;
	return 0;
}

/* -- one kind of value each -- */

static int set_number(int64_t *ret_limit, const char *name, const char *value,
		      struct problem *problem)
{
	int64_t number;

	if (read_integer(value, &number) < 0 || number < -1)
		return problem_set(problem, -EINVAL, "--%s needs a number, not \"%s\"", name,
				   value);
	/* For docker 0 is what was not given. */
	*ret_limit = number == 0 ? LIMIT_UNSET : number;
	return 0;
}

static int set_size(int64_t *ret_limit, const char *name, const char *value,
		    struct problem *problem)
{
	int64_t size;

	if (strcmp(value, "-1") == 0)
		size = LIMIT_NONE;
	else if (size_parse(value, &size) < 0)
		return problem_set(problem, -EINVAL,
				   "--%s needs an amount such as 512m or 2g, not \"%s\"", name,
				   value);
	*ret_limit = size == 0 ? LIMIT_UNSET : size;
	return 0;
}

static int set_list(char **ret_list, const char *name, const char *value, struct problem *problem)
{
	char *copy;

	if (!limits_list_is_valid(value))
		return problem_set(problem, -EINVAL, "--%s needs a list such as 0-2,7, not \"%s\"",
				   name, value);
	copy = strdup(value);
	if (!copy)
		return problem_set(problem, -ENOMEM, "out of memory");
	free(*ret_list);
	*ret_list = copy;
	return 0;
}

static int set_cpus(struct container_limits *limits, const char *name, const char *value,
		    struct problem *problem)
{
	double cpus = 0;
	const char *rest = value;

	if (!read_decimal(value, &cpus, &rest) || *rest || cpus > 1e6 || (cpus > 0 && cpus < 0.01))
		return problem_set(
			problem, -EINVAL,
			"--%s needs a number of processors such as 1.5, at least 0.01, not "
			"\"%s\"",
			name, value);
	limits->cpu_period = cpus > 0 ? CPU_PERIOD : LIMIT_UNSET;
	limits->cpu_quota = cpus > 0 ? (int64_t)llround(cpus * CPU_PERIOD) : LIMIT_UNSET;
	return 0;
}

/* "/dev/sda:1mb" */
static int add_throttle(struct container_limits *limits, enum throttle_kind kind, const char *name,
			const char *value, struct problem *problem)
{
	const bool is_bytes = kind == THROTTLE_READ_BYTES || kind == THROTTLE_WRITE_BYTES;
	const char *colon = strrchr(value, ':');
	cleanup_free char *path = colon ? strndup(value, (size_t)(colon - value)) : NULL;
	struct throttle throttle = { .kind = kind };
	struct stat status;
	int64_t rate;

	if (!path || *path != '/' ||
	    (is_bytes ? size_parse(colon + 1, &rate) : read_integer(colon + 1, &rate)) < 0 ||
	    rate < 0)
		return problem_set(problem, -EINVAL,
				   "--%s needs a device and a rate such as /dev/sda:%s, not \"%s\"",
				   name, is_bytes ? "1mb" : "1000", value);
	if (stat(path, &status) < 0)
		return problem_set(problem, -EINVAL, "--%s: %s: %s", name, path, strerror(errno));
	if (!S_ISBLK(status.st_mode))
		return problem_set(problem, -EINVAL, "--%s: %s is no block device", name, path);
	throttle.major = major(status.st_rdev);
	throttle.minor = minor(status.st_rdev);
	throttle.rate = (uint64_t)rate;
	return limits_add_throttle(limits, &throttle) < 0
		       ? problem_set(problem, -ENOMEM, "out of memory")
		       : 0;
}

/* "*" or a number. */
static bool read_device_number(const char *text, int64_t *ret_number)
{
	if (strcmp(text, "*") == 0) {
		*ret_number = LIMIT_NONE;
		return true;
	}
	return read_integer(text, ret_number) == 0 && *ret_number >= 0 && *ret_number <= UINT32_MAX;
}

/* "c 10:229 rwm" */
static int add_device_rule(struct container_limits *limits, const char *name, const char *value,
			   struct problem *problem)
{
	struct device_rule rule = { .allow = true };
	char major[16], minor[16], access[4], more;
	int fields = sscanf(value, "%c %15[0-9*]:%15[0-9*] %3[rwm] %c", &rule.type, major, minor,
			    access, &more);

	if (fields != 4 || !rule.type || !strchr("abc", rule.type) ||
	    !read_device_number(major, &rule.major) || !read_device_number(minor, &rule.minor))
		return problem_set(problem, -EINVAL,
				   "--%s needs a rule such as \"c 10:229 rwm\", not \"%s\"", name,
				   value);
	rule.access = (strchr(access, 'r') ? DEVICE_READ : 0U) |
		      (strchr(access, 'w') ? DEVICE_WRITE : 0U) |
		      (strchr(access, 'm') ? DEVICE_MAKE : 0U);
	return limits_add_device_rule(limits, &rule) < 0
		       ? problem_set(problem, -ENOMEM, "out of memory")
		       : 0;
}

/* -- the flags -- */

enum flag {
	FLAG_BLKIO_WEIGHT,
	FLAG_CPU_PERIOD,
	FLAG_CPU_QUOTA,
	FLAG_CPU_SHARES,
	FLAG_CPUS,
	FLAG_CPUSET_CPUS,
	FLAG_CPUSET_MEMS,
	FLAG_DEVICE_CGROUP_RULE,
	FLAG_DEVICE_READ_BPS,
	FLAG_DEVICE_READ_IOPS,
	FLAG_DEVICE_WRITE_BPS,
	FLAG_DEVICE_WRITE_IOPS,
	FLAG_MEMORY,
	FLAG_MEMORY_RESERVATION,
	FLAG_MEMORY_SWAP,
	FLAG_PIDS_LIMIT,
	FLAGS,
};

static const char *const flags[FLAGS] = {
	[FLAG_BLKIO_WEIGHT] = "blkio-weight",
	[FLAG_CPU_PERIOD] = "cpu-period",
	[FLAG_CPU_QUOTA] = "cpu-quota",
	[FLAG_CPU_SHARES] = "cpu-shares",
	[FLAG_CPUS] = "cpus",
	[FLAG_CPUSET_CPUS] = "cpuset-cpus",
	[FLAG_CPUSET_MEMS] = "cpuset-mems",
	[FLAG_DEVICE_CGROUP_RULE] = "device-cgroup-rule",
	[FLAG_DEVICE_READ_BPS] = "device-read-bps",
	[FLAG_DEVICE_READ_IOPS] = "device-read-iops",
	[FLAG_DEVICE_WRITE_BPS] = "device-write-bps",
	[FLAG_DEVICE_WRITE_IOPS] = "device-write-iops",
	[FLAG_MEMORY] = "memory",
	[FLAG_MEMORY_RESERVATION] = "memory-reservation",
	[FLAG_MEMORY_SWAP] = "memory-swap",
	[FLAG_PIDS_LIMIT] = "pids-limit",
};

const char *limits_flag(size_t i)
{
	return i < FLAGS ? flags[i] : NULL;
}

static int set_flag(struct container_limits *limits, enum flag flag, const char *value,
		    struct problem *problem)
{
	const char *name = flags[flag];

	switch (flag) {
	case FLAG_BLKIO_WEIGHT:
		return set_number(&limits->blkio_weight, name, value, problem);
	case FLAG_CPU_PERIOD:
		return set_number(&limits->cpu_period, name, value, problem);
	case FLAG_CPU_QUOTA:
		return set_number(&limits->cpu_quota, name, value, problem);
	case FLAG_CPU_SHARES:
		return set_number(&limits->cpu_shares, name, value, problem);
	case FLAG_CPUS:
		return set_cpus(limits, name, value, problem);
	case FLAG_CPUSET_CPUS:
		return set_list(&limits->cpuset_cpus, name, value, problem);
	case FLAG_CPUSET_MEMS:
		return set_list(&limits->cpuset_mems, name, value, problem);
	case FLAG_DEVICE_CGROUP_RULE:
		return add_device_rule(limits, name, value, problem);
	case FLAG_DEVICE_READ_BPS:
		return add_throttle(limits, THROTTLE_READ_BYTES, name, value, problem);
	case FLAG_DEVICE_READ_IOPS:
		return add_throttle(limits, THROTTLE_READ_OPERATIONS, name, value, problem);
	case FLAG_DEVICE_WRITE_BPS:
		return add_throttle(limits, THROTTLE_WRITE_BYTES, name, value, problem);
	case FLAG_DEVICE_WRITE_IOPS:
		return add_throttle(limits, THROTTLE_WRITE_OPERATIONS, name, value, problem);
	case FLAG_MEMORY:
		return set_size(&limits->memory, name, value, problem);
	case FLAG_MEMORY_RESERVATION:
		return set_size(&limits->memory_reservation, name, value, problem);
	case FLAG_MEMORY_SWAP:
		return set_size(&limits->memory_swap, name, value, problem);
	case FLAG_PIDS_LIMIT:
		return set_number(&limits->pids, name, value, problem);
	case FLAGS:
		break;
	}
	return -ENOENT;
}

int limits_set(struct container_limits *limits, const char *name, const char *value,
	       struct problem *problem)
{
	for (unsigned i = 0; i < FLAGS; i++) {
		if (strcmp(flags[i], name) == 0)
			return set_flag(limits, (enum flag)i, value, problem);
	}
	return -ENOENT;
}

int limits_set_text(struct container_limits *limits, const char *text, struct problem *problem)
{
	const char *equals = strchr(text, '=');
	cleanup_free char *name = equals ? strndup(text, (size_t)(equals - text)) : NULL;
	int result = name ? limits_set(limits, name, equals + 1, problem) : -ENOENT;

	return result == -ENOENT ? problem_set(problem, -EINVAL, "%s is no limit", text) : result;
}

/* -- many -- */

static bool names(const struct string_list *texts, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < texts->count; i++)
		if (strncmp(texts->strings[i], name, length) == 0 &&
		    texts->strings[i][length] == '=')
			return true;
	return false;
}

int limits_read(const struct string_list *texts, struct container_limits *ret_limits,
		struct problem *problem)
{
	cleanup_limits struct container_limits limits = LIMITS_INIT;
	int result = 0;

	if (names(texts, "cpus") && (names(texts, "cpu-period") || names(texts, "cpu-quota")))
		return problem_set(problem, -EINVAL,
				   "--cpus says the same as --cpu-period and --cpu-quota together; "
				   "give one or the other");
	for (size_t i = 0; i < texts->count && result == 0; i++)
		result = limits_set_text(&limits, texts->strings[i], problem);
	if (result < 0)
		return result;
	limits_complete(&limits);
	result = limits_check(&limits, problem);
	if (result < 0)
		return result;
	*ret_limits = limits;
	limits = LIMITS_INIT;
	return 0;
}
