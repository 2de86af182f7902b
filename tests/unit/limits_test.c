/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/buffer.h"
#include "container/cgroup/convert.h"
#include "container/cgroup/limits.h"
#include "container/cgroup/limits_text.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static struct container_limits limits;

static void set_up(void)
{
	limits = LIMITS_INIT;
}

static void tear_down(void)
{
	limits_free(&limits);
}

TestSuite(limits, .init = set_up, .fini = tear_down, .timeout = 300);

static void set(const char *name, const char *value)
{
	struct problem problem = { "" };

	cr_assert_eq(limits_set(&limits, name, value, &problem), 0, "%s=%s: %s", name, value,
		     problem.text);
}

static void refused(const char *name, const char *value)
{
	struct problem problem = { "" };

	cr_assert_eq(limits_set(&limits, name, value, &problem), -EINVAL, "%s=%s", name, value);
	cr_assert_neq(problem.text[0], '\0');
}

static int check(void)
{
	struct problem problem = { "" };
	int result = limits_check(&limits, &problem);

	cr_assert_eq(result == 0, problem.text[0] == '\0');
	return result;
}

Test(limits, nothing_is_set_at_first)
{
	cr_assert(limits_are_unset(&limits));
	cr_assert_eq(check(), 0);
	set("memory", "64m");
	cr_assert_not(limits_are_unset(&limits));
}

Test(limits, sizes)
{
	int64_t size = -7;

	cr_assert_eq(size_parse("0", &size), 0);
	cr_assert_eq(size, 0);
	cr_assert_eq(size_parse("64m", &size), 0);
	cr_assert_eq(size, 64 << 20);
	cr_assert_eq(size_parse("1.5g", &size), 0);
	cr_assert_eq(size, 3LL << 29);
	cr_assert_eq(size_parse("10KiB", &size), 0);
	cr_assert_eq(size, 10240);
	cr_assert_eq(size_parse("512 mb", &size), 0);
	cr_assert_eq(size, 512 << 20);
	cr_assert_eq(size_parse("7b", &size), 0);
	cr_assert_eq(size, 7);
	size = -7;
	for (const char *const *bad =
		     (const char *const[]){ "", "m", "-1", "1x", "1mm", "1.m.", " 1",
					    "9999999999999999999", "8388608t", "0x10", "1kibb",
					    "inf", "nan", NULL };
	     *bad; bad++)
		cr_assert_eq(size_parse(*bad, &size), -EINVAL, "\"%s\"", *bad);
	cr_assert_eq(size, -7);
}

Test(limits, flags)
{
	set("memory", "64m");
	set("memory-swap", "-1");
	set("pids-limit", "-1");
	set("cpu-shares", "512");
	set("cpuset-cpus", "0-2,7");
	set("cpus", "1.5");
	cr_assert_eq(limits.memory, 64 << 20);
	cr_assert_eq(limits.memory_swap, LIMIT_NONE);
	cr_assert_eq(limits.pids, LIMIT_NONE);
	cr_assert_eq(limits.cpu_shares, 512);
	cr_assert_str_eq(limits.cpuset_cpus, "0-2,7");
	cr_assert_eq(limits.cpu_period, 100000);
	cr_assert_eq(limits.cpu_quota, 150000);
	cr_assert_eq(check(), 0);
	set("memory", "0");
	cr_assert_eq(limits.memory, LIMIT_UNSET);
	set("device-cgroup-rule", "c 10:* rw");
	cr_assert_eq(limits.device_rules[0].minor, LIMIT_NONE);
	cr_assert_eq(limits.device_rules[0].access, DEVICE_READ | DEVICE_WRITE);
	cr_assert_eq(limits_set(&limits, "colour", "red", NULL), -ENOENT);
}

Test(limits, bad_values_change_nothing)
{
	refused("memory", "lots");
	refused("memory", "-2");
	refused("cpus", "0.001");
	refused("cpus", "two");
	refused("cpus", "-1");
	refused("pids-limit", "-2");
	refused("pids-limit", "99999999999999999999");
	refused("cpuset-cpus", "a");
	refused("cpuset-mems", "3-1");
	refused("device-read-bps", "/dev/null:1mb");
	refused("device-read-bps", "/dev/nothing-here:1mb");
	refused("device-write-iops", "/dev/null:1m");
	refused("device-write-bps", "/dev/null");
	refused("device-write-bps", "null:1");
	refused("device-cgroup-rule", "c 10:229");
	refused("device-cgroup-rule", "x 10:229 r");
	refused("device-cgroup-rule", "c 10:229 rx");
	refused("device-cgroup-rule", "c 1*:229 r");
	cr_assert(limits_are_unset(&limits));
	cr_assert_null(limits.device_rules);
}

Test(limits, every_flag_has_a_name)
{
	size_t count = 0;

	for (; limits_flag(count); count++)
		cr_assert_neq(limits_set(&limits, limits_flag(count), "?", NULL), -ENOENT);
	cr_assert_gt(count, 10);
}

Test(limits, lists)
{
	cr_assert(limits_list_is_valid("0"));
	cr_assert(limits_list_is_valid("0-2,7,9-9"));
	cr_assert_not(limits_list_is_valid(""));
	cr_assert_not(limits_list_is_valid(","));
	cr_assert_not(limits_list_is_valid("1,"));
	cr_assert_not(limits_list_is_valid("1-"));
	cr_assert_not(limits_list_is_valid("2-1"));
	cr_assert_not(limits_list_is_valid("-1"));
	cr_assert_not(limits_list_is_valid("1\n"));
	cr_assert_not(limits_list_is_valid("0-70000"));
}

Test(limits, ranges)
{
	limits.cpu_shares = 1;
	cr_assert_eq(check(), -EINVAL);
	limits = LIMITS_INIT;
	limits.cpu_period = 999;
	cr_assert_eq(check(), -EINVAL);
	limits = LIMITS_INIT;
	limits.cpu_quota = 999;
	cr_assert_eq(check(), -EINVAL);
	limits.cpu_quota = LIMIT_NONE;
	cr_assert_eq(check(), 0);
	limits.blkio_weight = 9;
	cr_assert_eq(check(), -EINVAL);
	limits = LIMITS_INIT;
	limits.pids = 0;
	cr_assert_eq(check(), -EINVAL);
	limits = LIMITS_INIT;
	limits.memory = 1 << 20;
	cr_assert_eq(check(), -EINVAL);
}

Test(limits, memory_fits_together)
{
	limits.memory_swap = 64 << 20;
	cr_assert_eq(check(), -EINVAL, "swap without memory");
	limits.memory = 128 << 20;
	cr_assert_eq(check(), -EINVAL, "less than memory");
	limits.memory = 64 << 20;
	cr_assert_eq(check(), 0);
	limits.memory_reservation = 65 << 20;
	cr_assert_eq(check(), -EINVAL);
	limits.memory_reservation = 64 << 20;
	cr_assert_eq(check(), 0);
}

Test(limits, memory_alone_allows_as_much_swap)
{
	limits.memory = 64 << 20;
	limits_complete(&limits);
	cr_assert_eq(limits.memory_swap, 128 << 20);
	limits.memory = INT64_MAX;
	limits.memory_swap = LIMIT_UNSET;
	limits_complete(&limits);
	cr_assert_eq(limits.memory_swap, LIMIT_UNSET);
}

Test(limits, merging_takes_what_is_set)
{
	cleanup_limits struct container_limits changes = LIMITS_INIT;
	struct throttle throttle = { .kind = THROTTLE_READ_BYTES, .major = 8, .rate = 1 };

	limits.memory = 64 << 20;
	limits.pids = 5;
	set("cpuset-cpus", "0");
	cr_assert_eq(limits_add_throttle(&limits, &throttle), 0);
	changes.pids = 7;
	changes.cpuset_cpus = strdup("1");
	throttle.rate = 2;
	cr_assert_eq(limits_add_throttle(&changes, &throttle), 0);
	throttle.minor = 1;
	cr_assert_eq(limits_add_throttle(&changes, &throttle), 0);
	cr_assert_eq(limits_merge(&limits, &changes), 0);
	cr_assert_eq(limits.memory, 64 << 20);
	cr_assert_eq(limits.pids, 7);
	cr_assert_str_eq(limits.cpuset_cpus, "1");
	cr_assert_eq(limits.throttle_count, 2);
	cr_assert_eq(limits.throttles[0].rate, 2);
	cr_assert_null(limits.device_rules);
}

/* The pairs that runc's and crun's own tests have. */
Test(limits, shares_become_weights)
{
	cr_assert_eq(cgroup_weight_from_shares(0), 1);
	cr_assert_eq(cgroup_weight_from_shares(2), 1);
	cr_assert_eq(cgroup_weight_from_shares(1024), 100);
	cr_assert_eq(cgroup_weight_from_shares(2000), 170);
	cr_assert_eq(cgroup_weight_from_shares(262144), 10000);
	cr_assert_eq(cgroup_weight_from_shares(INT64_MAX), 10000);
	for (int64_t shares = 3; shares < 262144; shares += 97)
		cr_assert_geq(cgroup_weight_from_shares(shares),
			      cgroup_weight_from_shares(shares - 1));
}

Test(limits, other_conversions)
{
	cr_assert_eq(cgroup_io_weight_from_blkio(10), 1);
	cr_assert_eq(cgroup_io_weight_from_blkio(500), 4950);
	cr_assert_eq(cgroup_io_weight_from_blkio(1000), 10000);
	cr_assert_eq(cgroup_swap_from_memsw(128, 64), 64);
	cr_assert_eq(cgroup_swap_from_memsw(64, 64), 0);
	cr_assert_eq(cgroup_swap_from_memsw(LIMIT_NONE, 64), LIMIT_NONE);
}

/* -- all of a container -- */

static int read_texts(const char *const *texts)
{
	struct string_list list = STRING_LIST_INIT;
	struct problem problem = { "" };
	int result;

	for (; *texts; texts++)
		cr_assert_eq(string_list_add(&list, *texts), 0);
	result = limits_read(&list, &limits, &problem);
	cr_expect_eq(result == 0, problem.text[0] == '\0', "%s", problem.text);
	string_list_free(&list);
	return result;
}

#define READ(...) read_texts((const char *const[]){ __VA_ARGS__, NULL })

Test(limits, texts_are_read_completed_and_checked)
{
	cr_assert_eq(READ("memory=64m", "cpus=1.5", "memory=32m", "cpuset-cpus=0"), 0);
	cr_expect_eq(limits.memory, 32 << 20);
	cr_expect_eq(limits.memory_swap, 64 << 20);
	cr_expect_eq(limits.cpu_quota, 150000);
	cr_expect_str_eq(limits.cpuset_cpus, "0");
}

Test(limits, texts_that_are_none_change_nothing)
{
	set("pids-limit", "7");
	cr_expect_eq(READ("memory"), -EINVAL);
	cr_expect_eq(READ("=1"), -EINVAL);
	cr_expect_eq(READ("no-limit=1"), -EINVAL);
	cr_expect_eq(READ("memory=64m", "memory-swap=32m"), -EINVAL);
	cr_expect_eq(READ("cpus=1", "cpu-quota=50000"), -EINVAL);
	cr_expect_eq(READ("cpu-period=50000", "cpus=1"), -EINVAL);
	cr_expect_eq(limits.pids, 7);
	cr_expect_eq(limits.memory, LIMIT_UNSET);
}

static char *changed(const char *const *texts, const char *const *changes)
{
	struct string_list list = STRING_LIST_INIT, change = STRING_LIST_INIT, result;
	struct buffer joined = BUFFER_INIT;

	for (; *texts; texts++)
		cr_assert_eq(string_list_add(&list, *texts), 0);
	for (; *changes; changes++)
		cr_assert_eq(string_list_add(&change, *changes), 0);
	cr_assert_eq(limits_change(&list, &change, &result), 0);
	for (size_t i = 0; i < result.count; i++)
		cr_assert_eq(buffer_append_format(&joined, "%s ", result.strings[i]), 0);
	string_list_free(&list);
	string_list_free(&change);
	string_list_free(&result);
	return joined.data;
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define CHANGED(texts, changes, expected)                                                          \
	do {                                                                                       \
		char *text = changed(texts, changes);                                              \
		cr_expect_str_eq(text, expected);                                                  \
		free(text);                                                                        \
	} while (0)

Test(limits, changes_take_the_place_of_what_they_are_about)
{
	CHANGED(LIST("memory=1g", "memory-swap=2g", "pids-limit=7"), LIST("memory=512m"),
		"memory-swap=2g pids-limit=7 memory=512m ");
	CHANGED(LIST("cpus=2", "memory=1g"), LIST("cpu-quota=5000"), "memory=1g cpu-quota=5000 ");
	CHANGED(LIST("cpu-quota=5000", "cpu-period=9000"), LIST("cpus=2"), "cpus=2 ");
	CHANGED(LIST("memory=1g"), LIST("memory=0", "cpus=0"), "memory=1g ");
	CHANGED(LIST("device-read-bps=/dev/a:1m", "device-read-bps=/dev/b:1m",
		     "device-write-bps=/dev/a:1m"),
		LIST("device-read-bps=/dev/a:2m"),
		"device-read-bps=/dev/b:1m device-write-bps=/dev/a:1m device-read-bps=/dev/a:2m ");
}
