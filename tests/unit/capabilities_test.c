/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/process/capabilities.h"
#include "unit/scratch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define BIT(number) ((capability_set)1 << (number))
#define ALL_KNOWN (BIT(CAP_LAST_CAP) | (BIT(CAP_LAST_CAP) - 1))
#define LIST(...)                                                                                  \
	(const char *const[])                                                                      \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}

TestSuite(capabilities, .timeout = 300);

static struct problem problem;

static capability_set choose(bool privileged, const char *const *add, const char *const *drop)
{
	capability_set set = 0;

	cr_assert_eq(capabilities_choose(ALL_KNOWN, privileged, add, drop, &set, &problem), 0, "%s",
		     problem.text);
	return set;
}

Test(capabilities, names)
{
	cr_assert_eq(capability_number("CAP_CHOWN"), CAP_CHOWN);
	cr_assert_eq(capability_number("net_admin"), CAP_NET_ADMIN);
	cr_assert_eq(capability_number("cap_Sys_Admin"), CAP_SYS_ADMIN);
	cr_assert_eq(capability_number(""), -ENOENT);
	cr_assert_eq(capability_number("CAP_"), -ENOENT);
	cr_assert_eq(capability_number("CAP_CAP_CHOWN"), -ENOENT);
	for (int i = 0; i <= CAP_LAST_CAP; i++)
		cr_assert_eq(capability_number(capability_name(i)), i);
	cr_assert_null(capability_name(-1));
	cr_assert_null(capability_name(CAP_LAST_CAP + 1));
}

Test(capabilities, dockers_choice)
{
	cr_assert_eq(__builtin_popcountll(capabilities_default()), 14);
	cr_assert_eq(choose(false, NULL, NULL), capabilities_default());
	cr_assert_not(capabilities_default() & BIT(CAP_SYS_ADMIN));
	cr_assert_not(capabilities_default() & BIT(CAP_SYS_TIME));
}

Test(capabilities, adding_and_dropping)
{
	cr_assert_eq(choose(false, LIST("SYS_TIME"), LIST("CAP_CHOWN")),
		     (capabilities_default() | BIT(CAP_SYS_TIME)) & ~BIT(CAP_CHOWN));
	cr_assert_eq(choose(false, NULL, LIST("all")), 0);
	cr_assert_eq(choose(false, LIST("chown"), LIST("ALL")), BIT(CAP_CHOWN));
	cr_assert_eq(choose(false, LIST("ALL"), LIST("SYS_ADMIN")),
		     ALL_KNOWN & ~BIT(CAP_SYS_ADMIN));
	cr_assert_eq(choose(true, NULL, NULL), ALL_KNOWN);
	cr_assert_eq(choose(true, NULL, LIST("MKNOD")), ALL_KNOWN & ~BIT(CAP_MKNOD));
}

static void refused(capability_set available, const char *const *add, const char *const *drop,
		    const char *word)
{
	capability_set set = 7;

	cr_assert_eq(capabilities_choose(available, false, add, drop, &set, &problem), -EINVAL);
	cr_assert_not_null(strstr(problem.text, word), "%s", problem.text);
	cr_assert_eq(set, 7);
}

Test(capabilities, nonsense)
{
	refused(ALL_KNOWN, LIST("FLY"), NULL, "FLY");
	refused(ALL_KNOWN, NULL, LIST(""), "no capability");
	refused(ALL_KNOWN, LIST("CHOWN"), LIST("cap_chown"), "CAP_CHOWN");
	refused(ALL_KNOWN, LIST("ALL"), LIST("ALL"), "ALL");
	refused(ALL_KNOWN & ~BIT(CAP_SYS_TIME), LIST("SYS_TIME"), NULL, "CAP_SYS_TIME");
}

Test(capabilities, what_is_not_available_is_not_given)
{
	capability_set set = 0;

	cr_assert_eq(capabilities_choose(BIT(CAP_CHOWN) | BIT(CAP_BPF), true, NULL, NULL, &set,
					 &problem),
		     0);
	cr_assert_eq(set, BIT(CAP_CHOWN) | BIT(CAP_BPF));
	cr_assert_eq(
		capabilities_choose(BIT(CAP_CHOWN), false, NULL, LIST("MKNOD"), &set, &problem), 0);
	cr_assert_eq(set, BIT(CAP_CHOWN));
}

/* Criterion runs each test in a process of its own. */
Test(capabilities, given_to_this_process)
{
	const capability_set wanted = BIT(CAP_CHOWN) | BIT(CAP_SETUID);
	struct capabilities given = { .bounding = wanted,
				      .permitted = wanted,
				      .effective = BIT(CAP_CHOWN) };
	struct capabilities found;

	if (geteuid() != 0)
		cr_skip_test("only root has any");
	cr_assert_eq(capabilities_limit_bounding(given.bounding, &problem), 0);
	cr_assert_eq(capabilities_set(&given, &problem), 0, "%s", problem.text);
	cr_assert_eq(capabilities_get(&found), 0);
	cr_assert_eq(memcmp(&found, &given, sizeof(found)), 0);
	/* And not again more. */
	given.permitted |= BIT(CAP_SYS_ADMIN);
	cr_assert_eq(capabilities_set(&given, &problem), -EPERM);
	cr_assert_neq(problem.text[0], '\0');
}

/* CVE-2022-29162: nothing of the runtime's own inheritable set remains. */
Test(capabilities, inheritable_is_as_asked)
{
	const capability_set wanted = BIT(CAP_CHOWN);
	struct capabilities all = {
		.permitted = wanted, .effective = wanted, .inheritable = wanted, .ambient = wanted
	};
	struct capabilities found;

	if (geteuid() != 0)
		cr_skip_test("only root has any");
	cr_assert_eq(capabilities_set(&all, &problem), 0, "%s", problem.text);
	cr_assert_eq(capabilities_get(&found), 0);
	cr_assert_eq(found.inheritable, wanted);
	cr_assert_eq(found.ambient, wanted);
	all.inheritable = all.ambient = 0;
	cr_assert_eq(capabilities_set(&all, &problem), 0);
	cr_assert_eq(capabilities_get(&found), 0);
	cr_assert_eq(found.inheritable, 0);
	cr_assert_eq(found.ambient, 0);
	all.ambient = wanted;
	cr_assert_eq(capabilities_set(&all, &problem), -EPERM, "ambient needs inheritable");
}
