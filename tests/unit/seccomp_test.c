/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/seccomp/cache.h"
#include "container/seccomp/names.h"
#include "container/seccomp/seccomp.h"
#include "unit/sanitizers.h"
#include "unit/scratch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(seccomp, .timeout = 300);

static struct problem problem;

/* Loads a profile into this process, which Criterion made for this test only. */
static void load(const struct seccomp_profile *profile, capability_set capabilities)
{
	struct seccomp_program program;

	cr_assert_eq(seccomp_program_make(profile, capabilities, &program, &problem), 0, "%s",
		     problem.text);
	leak_check_turn_off();
	cr_assert_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	cr_assert_eq(seccomp_program_load(&program, NULL), 0);
	seccomp_program_free(&program);
}

static int error_of(long result)
{
	return result < 0 ? errno : 0;
}

/* -- the default -- */

Test(seccomp, default_refuses_what_docker_refuses)
{
	struct timeval now;

	(void)gettimeofday(&now, NULL);
	load(seccomp_profile_default(), capabilities_default());
	cr_assert_eq(error_of(settimeofday(&now, NULL)), EPERM);
	cr_assert_eq(error_of(syscall(SYS_clock_settime, 0, &now)), EPERM);
	cr_assert_eq(error_of(syscall(SYS_unshare, CLONE_NEWUSER)), EPERM);
	cr_assert_eq(error_of(syscall(SYS_clone, CLONE_NEWUSER, 0, 0, 0, 0)), EPERM);
	cr_assert_eq(error_of(syscall(SYS_clone3, NULL, 0)), ENOSYS);
	cr_assert_eq(error_of(syscall(SYS_keyctl, 0, 0, 0, 0, 0)), EPERM);
	cr_assert_eq(error_of(syscall(SYS_io_uring_setup, 1, NULL)), EPERM);
	cr_assert_eq(error_of(syscall(SYS_mount, 0, 0, 0, 0, 0)), EPERM);
	cr_assert_eq(error_of(syscall(SYS_bpf, 0, NULL, 0)), EPERM);
	cr_assert_eq(error_of(socket(AF_VSOCK, SOCK_STREAM, 0)), EPERM);
	cr_assert_eq(error_of(socket(AF_ALG, SOCK_SEQPACKET, 0)), EPERM);
	cr_assert_eq(error_of(personality(ADDR_NO_RANDOMIZE)), EPERM);
}

Test(seccomp, default_allows_the_usual)
{
	int fds[2], status;
	pid_t child;

	load(seccomp_profile_default(), capabilities_default());
	cr_assert_eq(pipe(fds), 0);
	cr_assert_geq(socket(AF_UNIX, SOCK_STREAM, 0), 0);
	cr_assert_neq(personality(0xffffffff), -1);
	child = fork();
	if (child == 0)
		_exit(7);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(WEXITSTATUS(status), 7);
}

/* The newest that it knows, 6.13's, reach the kernel; those after are not there, as on an older one. */
Test(seccomp, default_and_new_calls)
{
	load(seccomp_profile_default(), capabilities_default());
	cr_assert_neq(error_of(syscall(466, -1, NULL, 0, NULL)), EPERM);
	cr_assert_eq(error_of(syscall(467, -1, NULL, 0, NULL, 0)), ENOSYS);
	cr_assert_eq(error_of(syscall(5000)), ENOSYS);
}

Test(seccomp, capabilities_open_their_calls)
{
	load(seccomp_profile_default(),
	     capabilities_default() | 1ULL << CAP_SYS_ADMIN | 1ULL << CAP_SYS_TIME);
	cr_assert_eq(error_of(syscall(SYS_mount, "x", "/nowhere", "x", 0, 0)), ENOENT);
	cr_assert_eq(error_of(syscall(SYS_clone3, NULL, 0)), EINVAL);
	cr_assert_eq(error_of(syscall(SYS_clock_settime, 99, NULL)), EINVAL);
}

/* -- files -- */

static struct seccomp_profile *parse(const char *text)
{
	struct seccomp_profile *profile = NULL;

	cr_assert_eq(seccomp_profile_parse(text, strlen(text), &profile, &problem), 0, "%s",
		     problem.text);
	return profile;
}

static void refused(const char *text, const char *words)
{
	struct seccomp_profile *profile = NULL;

	problem.text[0] = '\0';
	cr_assert_lt(seccomp_profile_parse(text, strlen(text), &profile, &problem), 0, "%s", text);
	cr_assert_null(profile);
	cr_assert_not_null(strstr(problem.text, words), "<%s> has no <%s>", problem.text, words);
}

Test(seccomp, a_file_that_denies_some)
{
	CLEANUP(seccomp_profile_free)
	struct seccomp_profile *profile = parse(
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
		"{\"names\":[\"getppid\",\"no_such_call\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":7},"
		"{\"name\":\"getsid\",\"action\":\"SCMP_ACT_ERRNO\"},"
		"{\"names\":[\"lseek\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":["
		"{\"index\":1,\"value\":4294967296,\"op\":\"SCMP_CMP_GE\"}]}]}");

	load(profile, 0);
	cr_assert_eq(error_of(syscall(SYS_getppid)), 7);
	cr_assert_eq(error_of(syscall(SYS_getsid, 0)), EPERM);
	cr_assert_eq(error_of(lseek(-1, 4294967295, SEEK_SET)), EBADF);
	cr_assert_eq(error_of(lseek(-1, 4294967296, SEEK_SET)), EPERM);
}

/* Docker's conditions: of the rules for getppid only the second applies here. */
Test(seccomp, conditions)
{
	CLEANUP(seccomp_profile_free)
	struct seccomp_profile *profile = parse(
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":null,\"syscalls\":["
		"{\"names\":[\"getppid\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":7,"
		"\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}},"
		"{\"names\":[\"getppid\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":8,"
		"\"includes\":{\"minKernel\":\"4.8\"},\"excludes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}},"
		"{\"names\":[\"getsid\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":9,"
		"\"includes\":{\"minKernel\":\"999.0\"}},"
		"{\"names\":[\"getpgid\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":9,"
		"\"includes\":{\"arches\":[\"pdp11\"]}}]}");

	load(profile, 0);
	cr_assert_eq(error_of(syscall(SYS_getppid)), 8);
	cr_assert_eq(error_of(syscall(SYS_getsid, 0)), 0);
	cr_assert_eq(error_of(syscall(SYS_getpgid, 0)), 0);
}

/* As in runc, two comparisons of one argument are two rules. */
Test(seccomp, one_argument_twice)
{
	CLEANUP(seccomp_profile_free)
	struct seccomp_profile *profile = parse(
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"getpgid\"],"
		"\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},"
		"{\"index\":0,\"value\":2,\"op\":\"SCMP_CMP_EQ\"}]}]}");

	load(profile, 0);
	cr_assert_eq(error_of(syscall(SYS_getpgid, 1)), EPERM);
	cr_assert_eq(error_of(syscall(SYS_getpgid, 2)), EPERM);
	cr_assert_eq(error_of(syscall(SYS_getpgid, 0)), 0);
}

Test(seccomp, architectures)
{
	CLEANUP(seccomp_profile_free)
	struct seccomp_profile *profile = parse(
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86_64\","
		"\"subArchitectures\":[\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"]},"
		"{\"architecture\":\"SCMP_ARCH_AARCH64\",\"subArchitectures\":[\"SCMP_ARCH_ARM\"]}],"
		"\"syscalls\":[]}");
	CLEANUP(seccomp_profile_free)
	struct seccomp_profile *plain = parse("{\"defaultAction\":\"SCMP_ACT_ALLOW\"}");

	if (seccomp_architecture("SCMP_ARCH_X86_64") != 0 && seccomp_is_native("SCMP_ARCH_X86_64"))
		cr_assert_str_eq(profile->architectures, "SCMP_ARCH_X86 SCMP_ARCH_X32");
	cr_assert_str_eq(plain->architectures, "");
}

Test(seccomp, nonsense)
{
	refused("", "no JSON");
	refused("{", "no JSON");
	refused("[]", "no object");
	refused("{}", "defaultAction");
	refused("{\"defaultAction\":7}", "defaultAction");
	refused("{\"defaultAction\":\"SCMP_ACT_DANCE\"}", "SCMP_ACT_DANCE");
	refused("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":5000}", "4095");
	refused("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"FAST\"]}", "FAST");
	refused("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"PDP11\"]}", "PDP11");
	refused("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[1]}", "list of names");
	refused("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":{}}", "syscalls");
}

static void rule_refused(const char *rule, const char *words)
{
	char text[1024];

	(void)snprintf(text, sizeof(text),
		       "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[%s]}", rule);
	refused(text, words);
}

Test(seccomp, nonsense_in_rules)
{
	rule_refused("7", "no object");
	rule_refused("{\"action\":\"SCMP_ACT_ALLOW\"}", "names");
	rule_refused("{\"names\":[\"read\"]}", "action");
	rule_refused("{\"names\":[\"read write\"],\"action\":\"SCMP_ACT_ALLOW\"}", "list of names");
	rule_refused("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[7]}", "args");
	rule_refused("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":6,"
		     "\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]}",
		     "index");
	rule_refused("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
		     "\"value\":0,\"op\":\"SCMP_CMP_IS\"}]}",
		     "SCMP_CMP_IS");
	rule_refused(
		"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0}]}",
		"lacks");
	rule_refused("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"caps\":"
		     "[\"CAP_FLY\"]}}",
		     "capability");
	rule_refused(
		"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"minKernel\":"
		"\"new\"}}",
		"minKernel");
}

/* -- programs that were made before -- */

static struct seccomp_program get(const struct scratch *scratch, capability_set capabilities)
{
	struct seccomp_program program = { 0 };

	cr_assert_eq(seccomp_program_get(scratch->fd, seccomp_profile_default(), capabilities,
					 &program, &problem),
		     0, "%s", problem.text);
	return program;
}

/* Without memfd_create none can be made any more. */
static bool is_cached(const struct scratch *scratch, capability_set capabilities)
{
	struct seccomp_program program;
	int result = seccomp_program_get(scratch->fd, seccomp_profile_default(), capabilities,
					 &program, &problem);

	if (result == 0)
		seccomp_program_free(&program);
	return result == 0;
}

static bool same(const struct seccomp_program *a, const struct seccomp_program *b)
{
	return a->count == b->count && a->flags == b->flags &&
	       memcmp(a->instructions, b->instructions, a->count * sizeof(*a->instructions)) == 0;
}

Test(seccomp, a_second_program_is_not_made)
{
	struct scratch scratch = scratch_make();
	struct seccomp_program first = get(&scratch, capabilities_default()), second;

	deny_call(SYS_memfd_create, ENOSYS);
	second = get(&scratch, capabilities_default());
	cr_assert(same(&first, &second));
	/* Others are others. */
	cr_assert_not(is_cached(&scratch, capabilities_default() | 1ULL << CAP_SYS_ADMIN));
	seccomp_program_free(&first);
	seccomp_program_free(&second);
	scratch_remove(&scratch);
}

/* The one file there is. */
static void cached_name(const struct scratch *scratch, char name[64])
{
	for (unsigned i = 0; i < 64; i++) {
		(void)snprintf(name, 64, "seccomp-%02u", i);
		if (scratch_exists(scratch, name))
			return;
	}
	cr_assert_fail("nothing was kept");
}

static void change(const struct scratch *scratch, const char *name, off_t offset)
{
	int fd = openat(scratch->fd, name, O_RDWR);
	char byte = 0;

	cr_assert_eq(pread(fd, &byte, 1, offset), 1);
	byte ^= 1;
	cr_assert_eq(pwrite(fd, &byte, 1, offset), 1);
	(void)close(fd);
}

/* Each is made good again by making it anew. */
Test(seccomp, a_program_that_was_tampered_with_is_made_anew)
{
	struct scratch scratch = scratch_make();
	struct seccomp_program right = get(&scratch, 0), again;
	/* The header's fields, the key, and the last instruction. */
	const off_t offsets[] = { 0, 16, 24, 28, 32, 60, -3 };
	char name[64];
	int fd;

	cached_name(&scratch, name);
	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		off_t size = scratch_stat(&scratch, name).st_size;
		off_t offset = offsets[i] < 0 ? size + offsets[i] : offsets[i];

		change(&scratch, name, offset);
		again = get(&scratch, 0);
		cr_assert(same(&right, &again), "byte %ld", (long)offset);
		seccomp_program_free(&again);
	}
	fd = openat(scratch.fd, name, O_RDWR);
	cr_assert_eq(ftruncate(fd, 50), 0);
	(void)close(fd);
	again = get(&scratch, 0);
	cr_assert(same(&right, &again));
	seccomp_program_free(&again);
	seccomp_program_free(&right);
	scratch_remove(&scratch);
}
