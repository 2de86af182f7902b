/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of seccomp.h: from a profile to a program, and to the kernel. */
#include "container/seccomp/names.h"
#include "container/seccomp/seccomp.h"
#include "container/words.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define ARCHITECTURES_MAX 32
/* libseccomp's word for comparing numbers by halves, not one by one. */
#define OPTIMIZE_AS_TREE 2
#define X32_BIT 0x40000000U

static void free_filter(void *filter)
{
	seccomp_release(filter);
}

DEFINE_CLEANUP_FUNCTION(void *, free_filter);

/* -- which rules apply -- */

static bool kernel_is(unsigned major, unsigned minor)
{
	struct utsname name;
	unsigned own_major = 0, own_minor = 0;

	if (major == 0)
		return true;
	if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &own_major, &own_minor) != 2)
		return false;
	return own_major > major || (own_major == major && own_minor >= minor);
}

static bool applies(const struct seccomp_rule *rule, capability_set capabilities)
{
	const char *native = seccomp_native_word();

	return (rule->with & ~capabilities) == 0 && (rule->without & capabilities) == 0 &&
	       (!rule->architectures || words_have(rule->architectures, native)) &&
	       !(rule->not_architectures && words_have(rule->not_architectures, native)) &&
	       kernel_is(rule->kernel_major, rule->kernel_minor);
}

/* -- libseccomp's words -- */

static uint32_t library_action(enum seccomp_action action, unsigned error)
{
	switch (action) {
	case SECCOMP_ALLOW:
		return SCMP_ACT_ALLOW;
	case SECCOMP_ERRNO:
		return SCMP_ACT_ERRNO(error);
	case SECCOMP_KILL_THREAD:
		return SCMP_ACT_KILL_THREAD;
	case SECCOMP_KILL_PROCESS:
		return SCMP_ACT_KILL_PROCESS;
	case SECCOMP_TRAP:
		return SCMP_ACT_TRAP;
	case SECCOMP_TRACE:
		return SCMP_ACT_TRACE(error);
	case SECCOMP_LOG:
		return SCMP_ACT_LOG;
	case SECCOMP_NOTIFY:
		return SCMP_ACT_NOTIFY;
	}
	return SCMP_ACT_KILL_PROCESS;
}

static struct scmp_arg_cmp library_condition(const struct seccomp_condition *condition)
{
	static const enum scmp_compare operators[] = {
		[SECCOMP_NOT_EQUAL] = SCMP_CMP_NE,	     [SECCOMP_LESS] = SCMP_CMP_LT,
		[SECCOMP_LESS_OR_EQUAL] = SCMP_CMP_LE,	     [SECCOMP_EQUAL] = SCMP_CMP_EQ,
		[SECCOMP_GREATER_OR_EQUAL] = SCMP_CMP_GE,    [SECCOMP_GREATER] = SCMP_CMP_GT,
		[SECCOMP_MASKED_EQUAL] = SCMP_CMP_MASKED_EQ,
	};

	return (struct scmp_arg_cmp){
		.arg = condition->argument,
		.op = operators[condition->op],
		.datum_a = condition->value,
		.datum_b = condition->value_two,
	};
}

/* libseccomp takes each argument once a rule; runc makes rules of their own of repeated ones. */
static bool repeats_argument(const struct seccomp_rule *rule)
{
	for (size_t i = 0; i < rule->condition_count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (rule->conditions[i].argument == rule->conditions[j].argument)
				return true;
		}
	}
	return false;
}

/*
 * -EDOM: not a call of this architecture. -EFAULT: too new for libseccomp to know it elsewhere
 * than natively. -EEXIST: it is there.
 */
static int harmless(int result)
{
	return result == -EDOM || result == -EFAULT || result == -EEXIST ? 0 : result;
}

static int add_call(void *filter, const struct seccomp_rule *rule, int number)
{
	uint32_t action = library_action(rule->action, rule->error);
	struct scmp_arg_cmp conditions[SECCOMP_CONDITIONS_MAX];
	int result = 0;

	for (size_t i = 0; i < rule->condition_count; i++)
		conditions[i] = library_condition(&rule->conditions[i]);
	if (!repeats_argument(rule))
		return harmless(seccomp_rule_add_array(
			filter, action, number, (unsigned)rule->condition_count, conditions));
	for (size_t i = 0; i < rule->condition_count && result == 0; i++)
		result =
			harmless(seccomp_rule_add_array(filter, action, number, 1, &conditions[i]));
	return result;
}

static int add_rule(void *filter, const struct seccomp_rule *rule)
{
	const char *names = rule->names;
	char name[WORD_SIZE];
	int result = 0, number;

	while (result == 0 && words_next(&names, name)) {
		if (seccomp_call_number(name, &number))
			result = add_call(filter, rule, number);
	}
	return result;
}

/* -- one filter for each architecture -- */

/* Fills tokens, the native one first. The number of them. */
static size_t list_architectures(const struct seccomp_profile *profile,
				 uint32_t tokens[ARCHITECTURES_MAX])
{
	const uint32_t *foreign = seccomp_foreign_architectures();
	const char *words = profile->architectures;
	char word[WORD_SIZE];
	size_t count = 0;

	tokens[count++] = seccomp_arch_native();
	while (!words && *foreign && count < ARCHITECTURES_MAX)
		tokens[count++] = *foreign++;
	while (words && words_next(&words, word) && count < ARCHITECTURES_MAX) {
		uint32_t token = seccomp_architecture(word);
		bool there = token == 0;

		for (size_t i = 0; i < count; i++)
			there = there || tokens[i] == token;
		if (!there)
			tokens[count++] = token;
	}
	return count;
}

static int build_one(const struct seccomp_profile *profile, capability_set capabilities,
		     uint32_t architecture, void **ret_filter)
{
	CLEANUP(free_filter)
	void *filter =
		seccomp_init(library_action(profile->default_action, profile->default_error));
	int result = filter ? 0 : -ENOMEM;

	if (result == 0 && architecture != seccomp_arch_native()) {
		result = seccomp_arch_add(filter, architecture);
		if (result == 0)
			result = seccomp_arch_remove(filter, SCMP_ARCH_NATIVE);
	}
	/* The caller decides on no_new_privs. */
	if (result == 0)
		result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	if (result == 0)
		result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, OPTIMIZE_AS_TREE);
	for (size_t i = 0; i < profile->rule_count && result == 0; i++) {
		const struct seccomp_rule *rule = &profile->rules[i];

		/* What says the same as the default is refused by libseccomp. */
		if (applies(rule, capabilities) &&
		    library_action(rule->action, rule->error) !=
			    library_action(profile->default_action, profile->default_error))
			result = add_rule(filter, rule);
	}
	if (result < 0)
		return result;
	*ret_filter = steal_pointer(&filter);
	return 0;
}

static int build(const struct seccomp_profile *profile, capability_set capabilities,
		 const uint32_t *architectures, size_t count, void **ret_filter)
{
	CLEANUP(free_filter) void *filter = NULL;
	int result = build_one(profile, capabilities, architectures[0], &filter);

	for (size_t i = 1; i < count && result == 0; i++) {
		void *more = NULL;

		result = build_one(profile, capabilities, architectures[i], &more);
		if (result == 0)
			result = seccomp_merge(filter, more);
		if (result < 0 && more)
			seccomp_release(more);
	}
	if (result < 0)
		return result;
	*ret_filter = steal_pointer(&filter);
	return 0;
}

/* -- the answer for calls that are too new -- */

/* The greatest number of all calls that the profile names, on an architecture; -1 for none. */
static int newest_call(const struct seccomp_profile *profile, uint32_t architecture)
{
	char name[WORD_SIZE];
	int newest = -1;

	for (size_t i = 0; i < profile->rule_count; i++) {
		const char *names = profile->rules[i].names;

		while (words_next(&names, name)) {
			int number = seccomp_call_number_on(architecture, name);

			if (number > newest)
				newest = number;
		}
	}
	return newest;
}

#define NEWEST_CHECK_LENGTH 6

/* Of this architecture, a call beyond the newest is answered with ENOSYS. */
static size_t add_newest_check(struct sock_filter *at, uint32_t architecture, int newest)
{
	const struct sock_filter check[NEWEST_CHECK_LENGTH] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, architecture, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		/* The kernel says x86-64 of x32, too, which has numbers of its own behind all others. */
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, X32_BIT, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)newest, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	};

	memcpy(at, check, sizeof(check));
	return NEWEST_CHECK_LENGTH;
}

/* Fills in the checks for all architectures; how many instructions they are. */
static size_t add_newest_checks(struct sock_filter *at, const struct seccomp_profile *profile,
				const uint32_t *architectures, size_t count)
{
	size_t length = 0;

	if (profile->default_action != SECCOMP_ERRNO || profile->default_error == ENOSYS)
		return 0;
	for (size_t i = 0; i < count; i++) {
		int newest = architectures[i] == SCMP_ARCH_X32
				     ? -1
				     : newest_call(profile, architectures[i]);

		if (newest >= 0)
			length += add_newest_check(&at[length], architectures[i], newest);
	}
	return length;
}

/* -- the program -- */

static int read_program(int fd, const struct seccomp_profile *profile,
			const uint32_t *architectures, size_t count,
			struct seccomp_program *ret_program)
{
	cleanup_free struct sock_filter *instructions = NULL;
	struct stat status;
	size_t length, own;

	if (fstat(fd, &status) < 0)
		return -errno;
	own = (size_t)status.st_size / sizeof(*instructions);
	instructions = calloc(own + count * NEWEST_CHECK_LENGTH, sizeof(*instructions));
	if (!instructions)
		return -ENOMEM;
	length = add_newest_checks(instructions, profile, architectures, count);
	if (pread(fd, &instructions[length], (size_t)status.st_size, 0) != status.st_size)
		return -EIO;
	length += own;
	if (length > BPF_MAXINSNS)
		return -E2BIG;
	*ret_program = (struct seccomp_program){
		.instructions = steal_pointer(&instructions),
		.count = (unsigned short)length,
		.flags = profile->flags,
	};
	return 0;
}

static bool notifies(const struct seccomp_profile *profile)
{
	bool found = profile->default_action == SECCOMP_NOTIFY;

	for (size_t i = 0; i < profile->rule_count; i++)
		found = found || profile->rules[i].action == SECCOMP_NOTIFY;
	return found;
}

int seccomp_program_make(const struct seccomp_profile *profile, capability_set capabilities,
			 struct seccomp_program *ret_program, struct problem *problem)
{
	uint32_t architectures[ARCHITECTURES_MAX];
	size_t count = list_architectures(profile, architectures);
	CLEANUP(free_filter) void *filter = NULL;
	cleanup_fd int fd = memfd_create("seccomp", MFD_CLOEXEC);
	int result = fd < 0 ? -errno : build(profile, capabilities, architectures, count, &filter);

	if (result == 0)
		result = seccomp_export_bpf(filter, fd);
	if (result == 0)
		result = read_program(fd, profile, architectures, count, ret_program);
	if (result == 0 && notifies(profile))
		ret_program->flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	if (result == -E2BIG)
		return problem_set(
			problem, result,
			"the seccomp profile makes a program of more than %d instructions; the "
			"kernel takes no longer one",
			BPF_MAXINSNS);
	if (result < 0)
		return problem_set(problem, result,
				   "cannot make a filter of the seccomp profile: %s; its rules may "
				   "contradict each other",
				   strerror(-result));
	return 0;
}

void seccomp_program_free(struct seccomp_program *program)
{
	free(program->instructions);
	*program = (struct seccomp_program){ 0 };
}

int seccomp_program_load(const struct seccomp_program *program, int *ret_listener)
{
	struct sock_fprog code = { .len = program->count, .filter = program->instructions };
	long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, program->flags, &code);

	if (result < 0)
		return -errno;
	if (ret_listener)
		*ret_listener =
			program->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER ? (int)result : -1;
	return 0;
}
