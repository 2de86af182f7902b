/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/cgroup/devices.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "container/cgroup/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#define RULES_MAX 4096

/* -- version 1 -- */

static void number_text(int64_t number, char text[24])
{
	if (number == LIMIT_NONE)
		(void)snprintf(text, 24, "*");
	else
		(void)snprintf(text, 24, "%" PRId64, number);
}

static int write_rule(int directory, const struct device_rule *rule, char type)
{
	char major[24], minor[24];

	number_text(rule->major, major);
	number_text(rule->minor, minor);
	return cgroup_file_write_format(
		directory, rule->allow ? "devices.allow" : "devices.deny", "%c %s:%s %s%s%s", type,
		major, minor, rule->access & DEVICE_READ ? "r" : "",
		rule->access & DEVICE_WRITE ? "w" : "", rule->access & DEVICE_MAKE ? "m" : "");
}

/*
 * The kernel takes 'a' for all devices whatever else the line says, and forgets all rules before it, so
 * one that means less is written once for each type.
 */
static int write_rule_v1(int directory, const struct device_rule *rule)
{
	int result;

	if (rule->type != 'a' ||
	    (rule->major == LIMIT_NONE && rule->minor == LIMIT_NONE && rule->access == DEVICE_ALL))
		return write_rule(directory, rule, rule->type);
	result = write_rule(directory, rule, 'b');
	return result < 0 ? result : write_rule(directory, rule, 'c');
}

int cgroup_v1_apply_devices(int directory, const struct container_limits *limits)
{
	int result = cgroup_file_write(directory, "devices.deny", "a");

	for (size_t i = 0; i < limits->device_rule_count && result == 0; i++)
		result = write_rule_v1(directory, &limits->device_rules[i]);
	return result;
}

/* -- version 2: the program -- */

#define INSTRUCTIONS_START 6
#define INSTRUCTIONS_RULE_MAX 8
#define INSTRUCTIONS_END 2

struct program {
	struct bpf_insn *instructions;
	size_t count;
};

static void emit(struct program *program, uint8_t code, unsigned destination, unsigned source,
		 int16_t offset, int32_t immediate)
{
	program->instructions[program->count++] = (struct bpf_insn){
		.code = code,
		.dst_reg = destination & 0xf,
		.src_reg = source & 0xf,
		.off = offset,
		.imm = immediate,
	};
}

/* What struct bpf_cgroup_dev_ctx says: the type to r2, the access to r3, the numbers to r4 and r5. */
static void emit_start(struct program *program)
{
	const int16_t access = offsetof(struct bpf_cgroup_dev_ctx, access_type);

	emit(program, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_1, access, 0);
	emit(program, BPF_ALU | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff);
	emit(program, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_3, BPF_REG_1, access, 0);
	emit(program, BPF_ALU | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16);
	emit(program, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_4, BPF_REG_1,
	     offsetof(struct bpf_cgroup_dev_ctx, major), 0);
	emit(program, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_5, BPF_REG_1,
	     offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
}

static unsigned bpf_access(unsigned access)
{
	return (access & DEVICE_READ ? BPF_DEVCG_ACC_READ : 0) |
	       (access & DEVICE_WRITE ? BPF_DEVCG_ACC_WRITE : 0) |
	       (access & DEVICE_MAKE ? BPF_DEVCG_ACC_MKNOD : 0);
}

/* Leaves the number where the rule after this one begins to be filled in. */
static void emit_unequal(struct program *program, unsigned reg, uint32_t value, size_t *jumps,
			 size_t *jump_count)
{
	jumps[(*jump_count)++] = program->count;
	emit(program, BPF_JMP32 | BPF_JNE | BPF_K, reg, 0, 0, (int32_t)value);
}

/*
 * One rule. An allowing one fits when it covers all of the access that is asked for; a denying one
 * when it covers any.
 */
static void emit_rule(struct program *program, const struct device_rule *rule)
{
	size_t jumps[4], jump_count = 0;
	const unsigned access = bpf_access(rule->access);

	if (rule->type != 'a')
		emit_unequal(program, BPF_REG_2,
			     rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR, jumps,
			     &jump_count);
	if (rule->access != DEVICE_ALL) {
		emit(program, BPF_ALU | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_3, 0, 0);
		emit(program, BPF_ALU | BPF_AND | BPF_K, BPF_REG_1, 0, 0,
		     (int32_t)(rule->allow ? ~access & 7 : access));
		jumps[jump_count++] = program->count;
		emit(program, BPF_JMP32 | (rule->allow ? BPF_JNE : BPF_JEQ) | BPF_K, BPF_REG_1, 0,
		     0, 0);
	}
	if (rule->major != LIMIT_NONE)
		emit_unequal(program, BPF_REG_4, (uint32_t)rule->major, jumps, &jump_count);
	if (rule->minor != LIMIT_NONE)
		emit_unequal(program, BPF_REG_5, (uint32_t)rule->minor, jumps, &jump_count);
	emit(program, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, rule->allow);
	emit(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	for (size_t i = 0; i < jump_count; i++)
		program->instructions[jumps[i]].off = (int16_t)(program->count - jumps[i] - 1);
}

/* The kernel refuses instructions that are never reached: what comes after a rule for everything. */
static bool fits_everything(const struct device_rule *rule)
{
	return rule->type == 'a' && rule->major == LIMIT_NONE && rule->minor == LIMIT_NONE &&
	       rule->access == DEVICE_ALL;
}

int cgroup_device_program(const struct container_limits *limits, struct bpf_insn **ret_program,
			  size_t *ret_count)
{
	struct program program = { 0 };
	bool decided = false;

	if (limits->device_rule_count > RULES_MAX)
		return -E2BIG;
	program.instructions = calloc(INSTRUCTIONS_START + INSTRUCTIONS_END +
					      limits->device_rule_count * INSTRUCTIONS_RULE_MAX,
				      sizeof(*program.instructions));
	if (!program.instructions)
		return -ENOMEM;
	emit_start(&program);
	/* The last rule that fits decides, so it is asked first. */
	for (size_t i = limits->device_rule_count; i > 0 && !decided; i--) {
		emit_rule(&program, &limits->device_rules[i - 1]);
		decided = fits_everything(&limits->device_rules[i - 1]);
	}
	if (!decided) {
		emit(&program, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0);
		emit(&program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	}
	*ret_program = program.instructions;
	*ret_count = program.count;
	return 0;
}

/* -- version 2: the kernel -- */

static int bpf(int command, union bpf_attr *attributes)
{
	long result = syscall(SYS_bpf, command, attributes, sizeof(*attributes));

	return result < 0 ? -errno : (int)result;
}

int cgroup_v2_apply_devices(int directory, const struct container_limits *limits)
{
	cleanup_free struct bpf_insn *program = NULL;
	cleanup_fd int loaded = -1;
	cleanup_fd int group = confined_reopen(directory, O_RDONLY | O_DIRECTORY);
	union bpf_attr attributes;
	size_t count = 0;
	int result = group < 0 ? group : cgroup_device_program(limits, &program, &count);

	if (result < 0)
		return result;
	memset(&attributes, 0, sizeof(attributes));
	attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attributes.insns = (uintptr_t)program;
	attributes.insn_cnt = (uint32_t)count;
	attributes.license = (uintptr_t) "GPL";
	loaded = bpf(BPF_PROG_LOAD, &attributes);
	if (loaded < 0)
		return loaded;
	memset(&attributes, 0, sizeof(attributes));
	attributes.target_fd = (uint32_t)group;
	attributes.attach_bpf_fd = (uint32_t)loaded;
	attributes.attach_type = BPF_CGROUP_DEVICE;
	attributes.attach_flags = BPF_F_ALLOW_MULTI;
	result = bpf(BPF_PROG_ATTACH, &attributes);
	return result < 0 ? result : 0;
}
