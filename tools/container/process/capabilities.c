/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/process/capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PREFIX "CAP_"
#define PREFIX_LENGTH 4
#define SET_BITS 64
#define WORD_BITS 32

static const char *const names[] = {
	[CAP_CHOWN] = "CAP_CHOWN",
	[CAP_DAC_OVERRIDE] = "CAP_DAC_OVERRIDE",
	[CAP_DAC_READ_SEARCH] = "CAP_DAC_READ_SEARCH",
	[CAP_FOWNER] = "CAP_FOWNER",
	[CAP_FSETID] = "CAP_FSETID",
	[CAP_KILL] = "CAP_KILL",
	[CAP_SETGID] = "CAP_SETGID",
	[CAP_SETUID] = "CAP_SETUID",
	[CAP_SETPCAP] = "CAP_SETPCAP",
	[CAP_LINUX_IMMUTABLE] = "CAP_LINUX_IMMUTABLE",
	[CAP_NET_BIND_SERVICE] = "CAP_NET_BIND_SERVICE",
	[CAP_NET_BROADCAST] = "CAP_NET_BROADCAST",
	[CAP_NET_ADMIN] = "CAP_NET_ADMIN",
	[CAP_NET_RAW] = "CAP_NET_RAW",
	[CAP_IPC_LOCK] = "CAP_IPC_LOCK",
	[CAP_IPC_OWNER] = "CAP_IPC_OWNER",
	[CAP_SYS_MODULE] = "CAP_SYS_MODULE",
	[CAP_SYS_RAWIO] = "CAP_SYS_RAWIO",
	[CAP_SYS_CHROOT] = "CAP_SYS_CHROOT",
	[CAP_SYS_PTRACE] = "CAP_SYS_PTRACE",
	[CAP_SYS_PACCT] = "CAP_SYS_PACCT",
	[CAP_SYS_ADMIN] = "CAP_SYS_ADMIN",
	[CAP_SYS_BOOT] = "CAP_SYS_BOOT",
	[CAP_SYS_NICE] = "CAP_SYS_NICE",
	[CAP_SYS_RESOURCE] = "CAP_SYS_RESOURCE",
	[CAP_SYS_TIME] = "CAP_SYS_TIME",
	[CAP_SYS_TTY_CONFIG] = "CAP_SYS_TTY_CONFIG",
	[CAP_MKNOD] = "CAP_MKNOD",
	[CAP_LEASE] = "CAP_LEASE",
	[CAP_AUDIT_WRITE] = "CAP_AUDIT_WRITE",
	[CAP_AUDIT_CONTROL] = "CAP_AUDIT_CONTROL",
	[CAP_SETFCAP] = "CAP_SETFCAP",
	[CAP_MAC_OVERRIDE] = "CAP_MAC_OVERRIDE",
	[CAP_MAC_ADMIN] = "CAP_MAC_ADMIN",
	[CAP_SYSLOG] = "CAP_SYSLOG",
	[CAP_WAKE_ALARM] = "CAP_WAKE_ALARM",
	[CAP_BLOCK_SUSPEND] = "CAP_BLOCK_SUSPEND",
	[CAP_AUDIT_READ] = "CAP_AUDIT_READ",
	[CAP_PERFMON] = "CAP_PERFMON",
	[CAP_BPF] = "CAP_BPF",
	[CAP_CHECKPOINT_RESTORE] = "CAP_CHECKPOINT_RESTORE",
};

#define NAMES ((int)(sizeof(names) / sizeof(names[0])))
#define BIT(number) ((capability_set)1 << (number))

int capability_number(const char *name)
{
	if (strncasecmp(name, PREFIX, PREFIX_LENGTH) == 0)
		name += PREFIX_LENGTH;
	for (int i = 0; i < NAMES; i++) {
		if (strcasecmp(name, names[i] + PREFIX_LENGTH) == 0)
			return i;
	}
	return -ENOENT;
}

const char *capability_name(int number)
{
	return number >= 0 && number < NAMES ? names[number] : NULL;
}

capability_set capabilities_default(void)
{
	return BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FSETID) | BIT(CAP_FOWNER) |
	       BIT(CAP_MKNOD) | BIT(CAP_NET_RAW) | BIT(CAP_SETGID) | BIT(CAP_SETUID) |
	       BIT(CAP_SETFCAP) | BIT(CAP_SETPCAP) | BIT(CAP_NET_BIND_SERVICE) |
	       BIT(CAP_SYS_CHROOT) | BIT(CAP_KILL) | BIT(CAP_AUDIT_WRITE);
}

capability_set capabilities_known(void)
{
	capability_set known = 0;

	for (int i = 0; i < SET_BITS && prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		known |= BIT(i);
	return known;
}

capability_set capabilities_available(void)
{
	capability_set available = 0;

	for (int i = 0; i < SET_BITS; i++) {
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
			available |= BIT(i);
	}
	return available;
}

/* -- choosing -- */

/* The set of a list's names, and whether ALL is among them. */
static int read_list(const char *const list[], capability_set *ret_set, bool *ret_all,
		     struct problem *problem)
{
	capability_set set = 0;
	bool all = false;

	for (size_t i = 0; list && list[i]; i++) {
		int number = capability_number(list[i]);

		if (strcasecmp(list[i], "ALL") == 0)
			all = true;
		else if (number < 0)
			return problem_set(problem, -EINVAL,
					   "\"%s\" is no capability; capabilities(7) lists them",
					   list[i]);
		else
			set |= BIT(number);
	}
	*ret_set = set;
	*ret_all = all;
	return 0;
}

/* The first of a set that is not empty. */
static const char *first_name(capability_set set)
{
	const char *name = capability_name(__builtin_ctzll(set));

	return name ? name : "a capability without a name";
}

int capabilities_choose(capability_set available, bool privileged, const char *const add[],
			const char *const drop[], capability_set *ret_set, struct problem *problem)
{
	capability_set added = 0, dropped = 0, set = capabilities_default(), missing;
	bool add_all = false, drop_all = false;
	int result = read_list(add, &added, &add_all, problem);

	if (result == 0)
		result = read_list(drop, &dropped, &drop_all, problem);
	if (result < 0)
		return result;
	if (add_all && drop_all)
		return problem_set(
			problem, -EINVAL,
			"ALL capabilities are both added and dropped; do one of the two");
	if (added & dropped)
		return problem_set(problem, -EINVAL,
				   "%s is both added and dropped; do one of the two",
				   first_name(added & dropped));
	missing = added & ~available;
	if (missing)
		return problem_set(problem, -EINVAL,
				   "%s cannot be added: cowrun itself was started without it",
				   first_name(missing));
	if (privileged || add_all)
		set = available;
	if (drop_all)
		set = 0;
	*ret_set = ((set & ~dropped) | added) & available;
	return 0;
}

/* -- setting -- */

int capabilities_limit_bounding(capability_set bounding, struct problem *problem)
{
	for (int i = 0; i < SET_BITS; i++) {
		if ((bounding & BIT(i)) || prctl(PR_CAPBSET_READ, i, 0, 0, 0) != 1)
			continue;
		if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0) {
			int error = -errno;

			return problem_set(problem, error,
					   "cannot take %s away from the container: %s",
					   first_name(BIT(i)), strerror(-error));
		}
	}
	return 0;
}

static struct __user_cap_header_struct header(void)
{
	return (struct __user_cap_header_struct){ .version = _LINUX_CAPABILITY_VERSION_3 };
}

static int set_three(const struct capabilities *capabilities)
{
	struct __user_cap_header_struct head = header();
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].effective = (uint32_t)(capabilities->effective >> (i * WORD_BITS));
		data[i].permitted = (uint32_t)(capabilities->permitted >> (i * WORD_BITS));
		data[i].inheritable = (uint32_t)(capabilities->inheritable >> (i * WORD_BITS));
	}
	return syscall(SYS_capset, &head, data) < 0 ? -errno : 0;
}

static int set_ambient(capability_set ambient)
{
	/* Before Linux 4.3 there is none, and then nothing is to be cleared either. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return -errno;
	for (int i = 0; i < SET_BITS; i++) {
		if ((ambient & BIT(i)) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
			return -errno;
	}
	return 0;
}

int capabilities_set(const struct capabilities *capabilities, struct problem *problem)
{
	int result = set_three(capabilities);

	if (result < 0)
		return problem_set(
			problem, result,
			"cannot give the container its capabilities: %s; cowrun itself may "
			"have been started without one of them",
			strerror(-result));
	result = set_ambient(capabilities->ambient);
	if (result < 0)
		return problem_set(
			problem, result,
			"cannot give the container its ambient capabilities: %s; each of them "
			"must be permitted and inheritable as well",
			strerror(-result));
	return 0;
}

int capabilities_get(struct capabilities *ret_capabilities)
{
	struct __user_cap_header_struct head = header();
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	struct capabilities got = { .bounding = capabilities_available() };

	if (syscall(SYS_capget, &head, data) < 0)
		return -errno;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		got.effective |= (capability_set)data[i].effective << (i * WORD_BITS);
		got.permitted |= (capability_set)data[i].permitted << (i * WORD_BITS);
		got.inheritable |= (capability_set)data[i].inheritable << (i * WORD_BITS);
	}
	for (int i = 0; i < SET_BITS; i++) {
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1)
			got.ambient |= BIT(i);
	}
	*ret_capabilities = got;
	return 0;
}
