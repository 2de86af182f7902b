/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/seccomp/names.h"

#include <seccomp.h>
#include <stddef.h>
#include <string.h>

/* Since number 424 a new call has the same one everywhere. */
static const struct {
	const char *name;
	int number;
} newer[] = {
	{ "cachestat", 451 },	      { "fchmodat2", 452 },	   { "map_shadow_stack", 453 },
	{ "futex_wake", 454 },	      { "futex_wait", 455 },	   { "futex_requeue", 456 },
	{ "statmount", 457 },	      { "listmount", 458 },	   { "lsm_get_self_attr", 459 },
	{ "lsm_set_self_attr", 460 }, { "lsm_list_modules", 461 }, { "mseal", 462 },
	{ "setxattrat", 463 },	      { "getxattrat", 464 },	   { "listxattrat", 465 },
	{ "removexattrat", 466 },     { "open_tree_attr", 467 },   { "file_getattr", 468 },
	{ "file_setattr", 469 },
};

static int newer_number(const char *name)
{
	for (size_t i = 0; i < sizeof(newer) / sizeof(newer[0]); i++) {
		if (strcmp(newer[i].name, name) == 0)
			return newer[i].number;
	}
	return __NR_SCMP_ERROR;
}

bool seccomp_call_number(const char *name, int *ret_number)
{
	int number = seccomp_syscall_resolve_name(name);

	if (number == __NR_SCMP_ERROR)
		number = newer_number(name);
	if (number == __NR_SCMP_ERROR)
		return false;
	*ret_number = number;
	return true;
}

int seccomp_call_number_on(uint32_t architecture, const char *name)
{
	int number = seccomp_syscall_resolve_name_arch(architecture, name);

	return number == __NR_SCMP_ERROR ? newer_number(name) : number;
}

static const struct {
	const char *name; /* OCI's */
	const char *word; /* Go's */
	uint32_t token;
	uint32_t also[3]; /* what its kernels run as well, as in moby's profile */
} architectures[] = {
	{ "SCMP_ARCH_X86_64", "amd64", SCMP_ARCH_X86_64, { SCMP_ARCH_X86, SCMP_ARCH_X32 } },
	{ "SCMP_ARCH_X86", "x86", SCMP_ARCH_X86, { 0 } },
	{ "SCMP_ARCH_X32", "x32", SCMP_ARCH_X32, { 0 } },
	{ "SCMP_ARCH_AARCH64", "arm64", SCMP_ARCH_AARCH64, { SCMP_ARCH_ARM } },
	{ "SCMP_ARCH_ARM", "arm", SCMP_ARCH_ARM, { 0 } },
	{ "SCMP_ARCH_MIPS", "mips", SCMP_ARCH_MIPS, { 0 } },
	{ "SCMP_ARCH_MIPS64", "mips64", SCMP_ARCH_MIPS64, { SCMP_ARCH_MIPS, SCMP_ARCH_MIPS64N32 } },
	{ "SCMP_ARCH_MIPS64N32",
	  "mips64n32",
	  SCMP_ARCH_MIPS64N32,
	  { SCMP_ARCH_MIPS, SCMP_ARCH_MIPS64 } },
	{ "SCMP_ARCH_MIPSEL", "mipsel", SCMP_ARCH_MIPSEL, { 0 } },
	{ "SCMP_ARCH_MIPSEL64",
	  "mipsel64",
	  SCMP_ARCH_MIPSEL64,
	  { SCMP_ARCH_MIPSEL, SCMP_ARCH_MIPSEL64N32 } },
	{ "SCMP_ARCH_MIPSEL64N32",
	  "mipsel64n32",
	  SCMP_ARCH_MIPSEL64N32,
	  { SCMP_ARCH_MIPSEL, SCMP_ARCH_MIPSEL64 } },
	{ "SCMP_ARCH_PPC", "ppc", SCMP_ARCH_PPC, { 0 } },
	{ "SCMP_ARCH_PPC64", "ppc64", SCMP_ARCH_PPC64, { 0 } },
	{ "SCMP_ARCH_PPC64LE", "ppc64le", SCMP_ARCH_PPC64LE, { 0 } },
	{ "SCMP_ARCH_S390", "s390", SCMP_ARCH_S390, { 0 } },
	{ "SCMP_ARCH_S390X", "s390x", SCMP_ARCH_S390X, { SCMP_ARCH_S390 } },
	{ "SCMP_ARCH_PARISC", "parisc", SCMP_ARCH_PARISC, { 0 } },
	{ "SCMP_ARCH_PARISC64", "parisc64", SCMP_ARCH_PARISC64, { 0 } },
	{ "SCMP_ARCH_RISCV64", "riscv64", SCMP_ARCH_RISCV64, { 0 } },
};

#define ARCHITECTURES (sizeof(architectures) / sizeof(architectures[0]))

uint32_t seccomp_architecture(const char *name)
{
	for (size_t i = 0; i < ARCHITECTURES; i++) {
		if (strcmp(architectures[i].name, name) == 0)
			return architectures[i].token;
	}
	return 0;
}

bool seccomp_is_native(const char *name)
{
	return seccomp_architecture(name) == seccomp_arch_native();
}

const char *seccomp_native_word(void)
{
	uint32_t native = seccomp_arch_native();

	for (size_t i = 0; i < ARCHITECTURES; i++) {
		if (architectures[i].token == native)
			return architectures[i].word;
	}
	return "unknown";
}

const uint32_t *seccomp_foreign_architectures(void)
{
	static const uint32_t none[] = { 0 };
	uint32_t native = seccomp_arch_native();

	for (size_t i = 0; i < ARCHITECTURES; i++) {
		if (architectures[i].token == native)
			return architectures[i].also;
	}
	return none;
}
