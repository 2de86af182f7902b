/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Version 2, on a hierarchy of plain files. Version 1 is tested on the real one, tests/e2e/cowrun_limits.sh. */
#include "container/cgroup/cgroup.h"
#include "container/cgroup/devices.h"
#include "container/cgroup/file.h"
#include "container/cgroup/statistics.h"
#include "unit/cgroup_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static struct cgroup_fixture fixture;
static struct cgroup *group;
static struct container_limits limits;
static struct problem problem;

static void set_up(void)
{
	fixture = cgroup_fixture_make("");
	limits = LIMITS_INIT;
	problem.text[0] = '\0';
}

static void tear_down(void)
{
	cgroup_free(group);
	limits_free(&limits);
	cgroup_fixture_remove(&fixture);
}

TestSuite(cgroup_v2, .init = set_up, .fini = tear_down, .timeout = 300);

static void file(const char *path, const char *content)
{
	scratch_file(&fixture.scratch, path, content);
}

static bool is(const char *path, const char *content)
{
	return cgroup_fixture_is(&fixture, path, content);
}

/* The group of a container, as the kernel would have made it. */
static void make_group(void)
{
	cgroup_fixture_group(&fixture, "v2/cowrun");
	cgroup_fixture_group(&fixture, "v2/cowrun/one");
	cr_assert_eq(cgroup_create(fixture.layout, "one", NULL, &group, &problem), 0, "%s",
		     problem.text);
	cr_assert_eq(group->count, 1);
	cr_assert_str_eq(group->places[0].path, "cowrun/one");
}

static int apply(void)
{
	return cgroup_apply(group, &limits, &problem);
}

Test(cgroup_v2, controllers_are_passed_on)
{
	make_group();
	/* One write each; the last stays in a plain file. */
	cr_assert(is("v2/cgroup.subtree_control", "+io"));
	cr_assert(is("v2/cowrun/cgroup.subtree_control", "+io"));
	cr_assert(is("v2/cowrun/one/cgroup.subtree_control", ""));
}

/* A new directory of plain files has no controllers to pass on, so the second is not made. */
Test(cgroup_v2, what_was_made_in_vain_is_removed)
{
	cgroup_fixture_group(&fixture, "v2/there");
	cr_assert_eq(cgroup_create(fixture.layout, "one", "/there/a//b/", &group, &problem), 0);
	cr_assert_eq(group->count, 0);
	cr_assert_not(scratch_exists(&fixture.scratch, "v2/there/a"));
	cr_assert(scratch_exists(&fixture.scratch, "v2/there"));
}

Test(cgroup_v2, names_that_lead_elsewhere_are_refused)
{
	static const char *const paths[] = { "../x", "/..", "a/../../b", "/",
					     "",     ".",   "a/./b",	 "a\nb" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		/* "" below ours is ours itself: a slash of the id's place. */
		int result = cgroup_create(fixture.layout, "..", i == 4 ? NULL : paths[i], &group,
					   &problem);

		cr_assert_eq(result, -EINVAL, "%s", paths[i]);
		cr_assert_neq(problem.text[0], '\0');
	}
	cr_assert_not(scratch_exists(&fixture.scratch, "x"));
}

Test(cgroup_v2, a_group_in_use_is_refused)
{
	cgroup_fixture_group(&fixture, "v2/cowrun");
	cgroup_fixture_group(&fixture, "v2/cowrun/one");
	file("v2/cowrun/one/cgroup.procs", "17\n");
	cr_assert_eq(cgroup_create(fixture.layout, "one", NULL, &group, &problem), -EEXIST);
	cr_assert_not_null(strstr(problem.text, "cowrun/one"));
	cr_assert(is("v2/cowrun/one/cgroup.procs", "17\n"));
}

Test(cgroup_v2, processor_time)
{
	make_group();
	file("v2/cowrun/one/cpu.max", "max 100000\n");
	file("v2/cowrun/one/cpu.weight", "100\n");
	limits.cpu_shares = 1024;
	limits.cpu_quota = 20000;
	cr_assert_eq(apply(), 0);
	cr_assert(is("v2/cowrun/one/cpu.weight", "100"));
	cr_assert(is("v2/cowrun/one/cpu.max", "20000 100000"));
	limits.cpu_quota = LIMIT_UNSET;
	limits.cpu_period = 50000;
	cr_assert_eq(apply(), 0);
	cr_assert(is("v2/cowrun/one/cpu.max", "20000 50000"), "the quota stays");
	limits.cpu_quota = LIMIT_NONE;
	cr_assert_eq(apply(), 0);
	cr_assert(is("v2/cowrun/one/cpu.max", "max 50000"));
}

Test(cgroup_v2, memory)
{
	make_group();
	file("v2/cowrun/one/memory.max", "max\n");
	file("v2/cowrun/one/memory.swap.max", "max\n");
	file("v2/cowrun/one/memory.low", "0\n");
	limits.memory = 64 << 20;
	limits.memory_swap = 96 << 20;
	limits.memory_reservation = 32 << 20;
	cr_assert_eq(apply(), 0, "%s", problem.text);
	cr_assert(is("v2/cowrun/one/memory.max", "67108864"));
	cr_assert(is("v2/cowrun/one/memory.swap.max", "33554432"));
	cr_assert(is("v2/cowrun/one/memory.low", "33554432"));
	limits.memory = LIMIT_UNSET;
	limits.memory_reservation = LIMIT_UNSET;
	limits.memory_swap = 128 << 20;
	cr_assert_eq(apply(), 0);
	cr_assert(is("v2/cowrun/one/memory.swap.max", "67108864"), "counted from what is in force");
}

Test(cgroup_v2, memory_in_use_is_not_taken_away)
{
	make_group();
	file("v2/cowrun/one/memory.max", "max\n");
	file("v2/cowrun/one/memory.swap.max", "0\n");
	file("v2/cowrun/one/memory.stat", "anon 60000000\nfile 90000000\nshmem 10000000\n");
	limits.memory = 64 << 20;
	cr_assert_eq(apply(), -EBUSY);
	cr_assert_not_null(strstr(problem.text, "uses more"));
	cr_assert(is("v2/cowrun/one/memory.max", "max\n"));
	file("v2/cowrun/one/memory.stat", "anon 50000000\nfile 90000000\nshmem 10000000\n");
	cr_assert_eq(apply(), 0);
}

Test(cgroup_v2, processes_and_processors)
{
	make_group();
	file("v2/cowrun/one/pids.max", "max\n");
	file("v2/cowrun/one/cpuset.cpus", "\n");
	limits.pids = 17;
	limits.cpuset_cpus = strdup("1");
	cr_assert_eq(apply(), 0);
	cr_assert(is("v2/cowrun/one/pids.max", "17"));
	cr_assert(is("v2/cowrun/one/cpuset.cpus", "1"));
	limits.pids = LIMIT_NONE;
	cr_assert_eq(apply(), 0);
	cr_assert(is("v2/cowrun/one/pids.max", "max"));
}

Test(cgroup_v2, block_io)
{
	const struct throttle throttle = {
		.kind = THROTTLE_WRITE_BYTES, .major = 8, .minor = 16, .rate = 1 << 20
	};
	const struct throttle none = { .kind = THROTTLE_READ_OPERATIONS, .major = 8, .minor = 16 };

	make_group();
	file("v2/cowrun/one/io.max", "");
	file("v2/cowrun/one/io.weight", "default 100\n");
	limits.blkio_weight = 500;
	cr_assert_eq(limits_add_throttle(&limits, &throttle), 0);
	cr_assert_eq(apply(), 0, "%s", problem.text);
	cr_assert(is("v2/cowrun/one/io.weight", "default 4950"));
	cr_assert(is("v2/cowrun/one/io.max", "8:16 wbps=1048576"));
	file("v2/cowrun/one/io.bfq.weight", "100\n");
	cr_assert_eq(limits_add_throttle(&limits, &none), 0);
	cr_assert_eq(apply(), 0);
	cr_assert(is("v2/cowrun/one/io.bfq.weight", "500"));
	cr_assert(is("v2/cowrun/one/io.max", "8:16 riops=max"));
}

Test(cgroup_v2, what_is_not_there_is_said)
{
	make_group();
	limits.blkio_weight = 500;
	cr_assert_eq(apply(), -ENOENT);
	cr_assert_not_null(strstr(problem.text, "bfq"));
	limits = LIMITS_INIT;
	limits.memory = 64 << 20;
	cr_assert_eq(apply(), -ENOENT);
	cr_assert_neq(problem.text[0], '\0');
}

Test(cgroup_v2, a_controller_that_was_not_delegated)
{
	cgroup_fixture_group(&fixture, "v2/cowrun");
	cgroup_fixture_group(&fixture, "v2/cowrun/one");
	file("v2/cowrun/one/cgroup.controllers", "cpu pids\n");
	cr_assert_eq(cgroup_create(fixture.layout, "one", NULL, &group, &problem), 0);
	limits.memory = 64 << 20;
	cr_assert_eq(apply(), -EOPNOTSUPP);
	cr_assert_not_null(strstr(problem.text, "--memory"));
	cr_assert_not_null(strstr(problem.text, "--cgroup-ignore"));
	cr_assert_not_null(cgroup_place(group, CGROUP_CPUACCT));
	cr_assert_null(cgroup_place(group, CGROUP_MEMORY));
}

Test(cgroup_v2, ordinary_users_have_what_was_delegated)
{
	cgroup_layout_free(fixture.layout);
	scratch_remove(&fixture.scratch);
	fixture = cgroup_fixture_make("user.slice/own.scope");
	cgroup_fixture_group(&fixture, "v2/user.slice");
	file("v2/user.slice/cgroup.subtree_control", "cpuset cpu io memory pids\n");
	cgroup_fixture_group(&fixture, "v2/user.slice/own.scope");
	cgroup_fixture_group(&fixture, "v2/user.slice/own.scope/cowrun");
	cgroup_fixture_group(&fixture, "v2/user.slice/own.scope/cowrun/one");
	need_root(&fixture.scratch);
	become_ordinary(&fixture.scratch);
	cr_assert_eq(fchmodat(fixture.scratch.fd, "v2", 0555, 0), 0);
	cr_assert_eq(fchmodat(fixture.scratch.fd, "v2/user.slice", 0555, 0), 0);
	cr_assert_eq(cgroup_create(fixture.layout, "one", NULL, &group, &problem), 0, "%s",
		     problem.text);
	cr_assert_eq(group->count, 1);
	cr_assert_str_eq(group->places[0].path, "user.slice/own.scope/cowrun/one");
	cr_assert(is("v2/user.slice/cgroup.subtree_control", "cpuset cpu io memory pids\n"),
		  "nothing is missing there");
	cr_assert(is("v2/user.slice/own.scope/cgroup.subtree_control", "+io"));
	(void)fchmodat(fixture.scratch.fd, "v2", 0755, 0);
	(void)fchmodat(fixture.scratch.fd, "v2/user.slice", 0755, 0);
}

Test(cgroup_v2, without_delegation_there_is_no_place)
{
	cgroup_layout_free(fixture.layout);
	scratch_remove(&fixture.scratch);
	fixture = cgroup_fixture_make("session.scope");
	cgroup_fixture_group(&fixture, "v2/session.scope");
	need_root(&fixture.scratch);
	become_ordinary(&fixture.scratch);
	cr_assert_eq(fchmodat(fixture.scratch.fd, "v2", 0555, 0), 0);
	cr_assert_eq(fchmodat(fixture.scratch.fd, "v2/session.scope", 0555, 0), 0);
	cr_assert_eq(cgroup_create(fixture.layout, "one", NULL, &group, &problem), 0);
	cr_assert_eq(group->count, 0);
	cr_assert_eq(apply(), 0, "no limits were asked for");
	limits.pids = 5;
	cr_assert_eq(apply(), -EOPNOTSUPP);
	cr_assert_not_null(strstr(problem.text, "Delegate=yes"));
	cr_assert_eq(cgroup_add(group, getpid(), &problem), 0);
	cr_assert_eq(cgroup_kill(group, SIGKILL), -ESRCH);
	cr_assert_eq(cgroup_freeze(group, true, &problem), -ENOENT);
	(void)fchmodat(fixture.scratch.fd, "v2", 0755, 0);
	(void)fchmodat(fixture.scratch.fd, "v2/session.scope", 0755, 0);
}

Test(cgroup_v2, found_again_by_its_text)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	CLEANUP(cgroup_free) struct cgroup *again = NULL;

	make_group();
	cr_assert_eq(cgroup_describe(group, &text), 0);
	cr_assert_str_eq(buffer_string(&text), ":/cowrun/one\n");
	cr_assert_eq(cgroup_open(fixture.layout, buffer_string(&text), &again, &problem), 0);
	cr_assert_eq(again->count, 1);
	cr_assert_str_eq(again->places[0].path, "cowrun/one");
	cgroup_free(again);
	again = NULL;
	cr_assert_eq(cgroup_open(fixture.layout, ":/cowrun/gone\nmemory:/x\n", &again, &problem),
		     0);
	cr_assert_eq(again->count, 0);
	cgroup_free(again);
	again = NULL;
	cr_assert_eq(cgroup_open(fixture.layout, ":/../..\n", &again, &problem), -EINVAL);
	cr_assert_eq(cgroup_open(fixture.layout, "nonsense\n", &again, &problem), -EINVAL);
}

Test(cgroup_v2, found_again_by_its_id)
{
	CLEANUP(cgroup_free) struct cgroup *again = NULL;

	make_group();
	cr_assert_eq(cgroup_find(fixture.layout, "one", &again, &problem), 0);
	cr_assert_eq(again->count, 1);
	cr_assert_str_eq(again->places[0].path, "cowrun/one");
	cgroup_free(again);
	again = NULL;
	cr_assert_eq(cgroup_find(fixture.layout, "two", &again, &problem), 0);
	cr_assert_eq(again->count, 0);
}

Test(cgroup_v2, processes)
{
	cleanup_free pid_t *pids = NULL;
	size_t count = 0;

	make_group();
	cgroup_fixture_group(&fixture, "v2/cowrun/one/within");
	file("v2/cowrun/one/cgroup.procs", "17\n0\n4\n");
	file("v2/cowrun/one/within/cgroup.procs", "9\nrubbish\n99999999999\n");
	cr_assert_eq(cgroup_list(group, &pids, &count), 0);
	cr_assert_eq(count, 3);
	cr_assert_eq(pids[0], 4);
	cr_assert_eq(pids[1], 9);
	cr_assert_eq(pids[2], 17);
	file("v2/cowrun/one/cgroup.procs", "");
	cr_assert_eq(cgroup_add(group, 23, &problem), 0);
	cr_assert(is("v2/cowrun/one/cgroup.procs", "23"));
	file("v2/cowrun/one/cgroup.kill", "");
	cr_assert_eq(cgroup_kill(group, SIGKILL), 0);
	cr_assert(is("v2/cowrun/one/cgroup.kill", "1"));
}

Test(cgroup_v2, freezing)
{
	bool frozen = false;

	make_group();
	file("v2/cowrun/one/cgroup.freeze", "0\n");
	file("v2/cowrun/one/cgroup.events", "populated 1\nfrozen 1\n");
	cr_assert_eq(cgroup_freeze(group, true, &problem), 0);
	cr_assert(is("v2/cowrun/one/cgroup.freeze", "1"));
	cr_assert_eq(cgroup_is_frozen(group, &frozen), 0);
	cr_assert(frozen);
}

Test(cgroup_v2, statistics)
{
	struct cgroup_statistics statistics;
	uint64_t kills = 0;

	make_group();
	file("v2/cowrun/one/cpu.stat", "usage_usec 5\nuser_usec 3\nsystem_usec 2\n");
	file("v2/cowrun/one/memory.stat", "anon 100\nfile 200\ninactive_file 150\n");
	file("v2/cowrun/one/memory.current", "300\n");
	file("v2/cowrun/one/memory.max", "max\n");
	file("v2/cowrun/memory.max", "1000\n");
	file("v2/cowrun/one/memory.events", "low 0\noom 3\noom_kill 2\noom_group_kill 7\n");
	file("v2/cowrun/one/io.stat",
	     "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=9\n8:16 rbytes=10 wbytes=20 rios=30 wios=40\n");
	file("v2/cowrun/one/pids.current", "6\n");
	file("v2/cowrun/one/pids.max", "max\n");
	cgroup_read_statistics(group, &statistics);
	cr_assert_eq(statistics.cpu.total, 5000);
	cr_assert_eq(statistics.cpu.throttled, CGROUP_UNKNOWN);
	cr_assert_eq(statistics.memory.used, 300);
	cr_assert_eq(statistics.memory.limit, 1000);
	cr_assert_eq(statistics.memory.anonymous, 100);
	cr_assert_eq(statistics.memory.shared, CGROUP_UNKNOWN);
	cr_assert_eq(statistics.io.read_bytes, 11);
	cr_assert_eq(statistics.io.written_bytes, 22);
	cr_assert_eq(statistics.io.reads, 33);
	cr_assert_eq(statistics.io.writes, 44);
	cr_assert_eq(statistics.pids, 6);
	cr_assert_eq(statistics.pids_limit, CGROUP_NO_LIMIT);
	cr_assert_eq(cgroup_oom_kills(group, &kills), 0);
	cr_assert_eq(kills, 2);
}

Test(cgroup_v2, odd_files)
{
	cleanup_fd int directory = -1;
	uint64_t number = 7;

	make_group();
	directory = scratch_open(&fixture.scratch, "v2");
	file("v2/number", "18446744073709551616\n");
	cr_assert_eq(cgroup_file_read_number(directory, "number", &number), -EBADMSG);
	file("v2/number", "-1\n");
	cr_assert_eq(cgroup_file_read_number(directory, "number", &number), -EBADMSG);
	file("v2/number", "");
	cr_assert_eq(cgroup_file_read_number(directory, "number", &number), -EBADMSG);
	cr_assert_eq(cgroup_file_read_number(directory, "../number", &number), -EINVAL);
	file("v2/number", "max\n");
	cr_assert_eq(cgroup_file_read_number(directory, "number", &number), 0);
	cr_assert_eq(number, CGROUP_NO_LIMIT);
	cr_assert_eq(cgroup_text_key("ab 1\nabc 2\n", "abc", &number), 0);
	cr_assert_eq(number, 2);
	cr_assert_eq(cgroup_text_key("ab 1\nabc 2", "b", &number), -ENODATA);
}

/* -- the program for devices -- */

/* What the program says of a device: BPF's few instructions that it uses, done by hand. */
static uint64_t run_program(const struct bpf_insn *program, size_t count, uint32_t type,
			    uint32_t access, uint32_t major, uint32_t minor)
{
	const uint32_t context[] = { access << 16 | type, major, minor };
	uint64_t registers[6] = { 0 };

	for (size_t at = 0; at < count; at++) {
		const struct bpf_insn *one = &program[at];
		uint64_t *to = &registers[one->dst_reg];
		uint32_t immediate = (uint32_t)one->imm;

		cr_assert_lt(one->dst_reg, 6);
		switch (one->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			*to = context[one->off / 4];
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			*to = (uint32_t)*to & immediate;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			*to = (uint32_t)*to >> immediate;
			break;
		case BPF_ALU | BPF_MOV | BPF_X:
			*to = (uint32_t)registers[one->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			*to = immediate;
			break;
		case BPF_JMP32 | BPF_JNE | BPF_K:
			at += (uint32_t)*to != immediate ? (size_t)one->off : 0;
			break;
		case BPF_JMP32 | BPF_JEQ | BPF_K:
			at += (uint32_t)*to == immediate ? (size_t)one->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return registers[0];
		default:
			cr_assert_fail("instruction %#x", one->code);
		}
	}
	cr_assert_fail("the program has no end");
	return 0;
}

static bool allows(uint32_t type, uint32_t access, uint32_t major, uint32_t minor)
{
	cleanup_free struct bpf_insn *program = NULL;
	size_t count = 0;

	cr_assert_eq(cgroup_device_program(&limits, &program, &count), 0);
	return run_program(program, count, type, access, major, minor) == 1;
}

Test(cgroup_v2, devices)
{
	const struct device_rule read_only = { true, 'b', 8, LIMIT_NONE, DEVICE_READ };
	const struct device_rule but_not = { false, 'c', 1, 5, DEVICE_WRITE };
	const unsigned read = BPF_DEVCG_ACC_READ, write = BPF_DEVCG_ACC_WRITE;
	const unsigned block = BPF_DEVCG_DEV_BLOCK, character = BPF_DEVCG_DEV_CHAR;

	cr_assert_eq(limits_add_default_devices(&limits), 0);
	cr_assert_eq(limits_add_device_rule(&limits, &read_only), 0);
	cr_assert_eq(limits_add_device_rule(&limits, &but_not), 0);
	cr_assert(allows(character, read | write, 1, 3));
	cr_assert(allows(character, read | write, 136, 77));
	cr_assert_not(allows(character, read, 10, 229));
	cr_assert(allows(character, BPF_DEVCG_ACC_MKNOD, 10, 229));
	cr_assert_not(allows(block, read | write, 1, 3));
	cr_assert(allows(block, read, 8, 1));
	cr_assert_not(allows(block, read | write, 8, 1));
	cr_assert_not(allows(character, read, 8, 1));
	cr_assert(allows(character, read, 1, 5));
	cr_assert_not(allows(character, read | write, 1, 5));
}

Test(cgroup_v2, a_rule_for_all_devices)
{
	const struct device_rule all = { true, 'a', LIMIT_NONE, LIMIT_NONE, DEVICE_ALL };

	cr_assert_eq(limits_add_default_devices(&limits), 0);
	cr_assert_eq(limits_add_device_rule(&limits, &all), 0);
	cr_assert(allows(BPF_DEVCG_DEV_BLOCK, BPF_DEVCG_ACC_WRITE, 259, 1));
}
