/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of live mounts tests/e2e/inspect.sh knows more. */
#include "base/cleanup.h"
#include "cli/say.h"
#include "cli/stack_argument.h"
#include "unit/scratch.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <string.h>

static struct scratch scratch;
static struct stack_argument stack;

static void set_up(void)
{
	cr_redirect_stderr();
	scratch = scratch_make();
	stack = (struct stack_argument){ 0 };
	scratch_dir(&scratch, "a");
	scratch_dir(&scratch, "b:c");
	scratch_dir(&scratch, "upper");
	scratch_dir(&scratch, "work");
	cr_assert_eq(chdir(scratch.path), 0);
}

static void tear_down(void)
{
	stack_argument_free(&stack);
	scratch_remove(&scratch);
}

TestSuite(stack_argument, .init = set_up, .fini = tear_down, .timeout = 300);

static void check_layer(struct union_fs *fs, unsigned index, const char *name, bool is_upper)
{
	struct union_layer layer;
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", scratch.path, name);
	union_get_layer(fs, index, &layer);
	cr_assert_str_eq(layer.path, path);
	cr_assert_eq(layer.is_upper, is_upper);
}

Test(stack_argument, layers)
{
	struct union_fs *fs;

	cr_assert(stack_argument_is_missing(&stack));
	cr_assert_eq(stack_argument_find(&stack, "a:b\\:c"), STATUS_OK);
	cr_assert_not(stack_argument_is_missing(&stack));
	cr_assert_not(stack.is_mount);
	cr_assert_eq(stack_argument_open(&stack, &fs), STATUS_OK);
	cr_assert_eq(union_layer_count(fs), 2);
	check_layer(fs, 0, "a", false);
	check_layer(fs, 1, "b:c", false);
	union_close(fs);
}

Test(stack_argument, one_layer)
{
	struct union_fs *fs;

	cr_assert_eq(stack_argument_find(&stack, "a"), STATUS_OK);
	cr_assert_not(stack.is_mount);
	cr_assert_eq(stack_argument_open(&stack, &fs), STATUS_OK);
	check_layer(fs, 0, "a", false);
	union_close(fs);
}

/* The upper is as it was, whoever has it. */
Test(stack_argument, upper)
{
	struct union_fs *fs, *again;

	cr_assert_eq(stack_argument_set_upper(&stack, "upper"), STATUS_OK);
	cr_assert_eq(stack_argument_find(&stack, "a"), STATUS_OK);
	cr_assert_eq(stack_argument_open(&stack, &fs), STATUS_OK);
	cr_assert_eq(stack_argument_open(&stack, &again), STATUS_OK);
	check_layer(fs, 0, "upper", true);
	check_layer(fs, 1, "a", false);
	union_close(fs);
	union_close(again);
	cr_assert_not(scratch_exists(&scratch, "upper/.wh..wh.cowfs"));
}

Test(stack_argument, options)
{
	struct union_options options;
	struct union_fs *fs;

	cr_assert_eq(stack_argument_set_options(&stack, "lowerdir=a,upperdir=upper,workdir=work,"
							"uidmapping=0:1000:5,xattr_permissions=2"),
		     STATUS_OK);
	cr_assert_not(stack_argument_is_missing(&stack));
	cr_assert_eq(stack_argument_open(&stack, &fs), STATUS_OK);
	union_get_options(fs, &options);
	cr_assert_eq(options.ownership.users.count, 1);
	cr_assert_eq(options.ownership.xattr_permissions, XATTR_PERMISSIONS_USER);
	cr_assert_not_null(strstr(options.workdir, "/work"));
	union_close(fs);
	cr_assert_not(scratch_exists(&scratch, "work/index"));
}

Test(stack_argument, what_makes_no_sense)
{
	cr_assert_eq(stack_argument_find(&stack, ""), STATUS_USAGE);
	cr_assert_eq(stack_argument_find(&stack, "a::b"), STATUS_USAGE);
	cr_assert_eq(stack_argument_set_layers(&stack, "a:"), STATUS_USAGE);
	cr_assert_eq(stack_argument_set_upper(&stack, ""), STATUS_USAGE);
	cr_assert_eq(stack_argument_set_options(&stack, "volatile"), STATUS_USAGE);
	cr_assert_eq(stack_argument_set_options(&stack, "uidmapping=x"), STATUS_USAGE);
	cr_assert_eq(stack_argument_set_options(&stack, "lowerdir="), STATUS_USAGE);
}

Test(stack_argument, what_is_not_there)
{
	struct union_fs *fs;

	cr_assert_eq(stack_argument_find(&stack, "absent"), STATUS_OK);
	cr_assert_eq(stack_argument_open(&stack, &fs), STATUS_FAILED);
	cr_assert_eq(stack_argument_find(&stack, "a:absent"), STATUS_OK);
	cr_assert_eq(stack_argument_open(&stack, &fs), STATUS_FAILED);
	scratch_file(&scratch, "file", "");
	cr_assert_eq(stack_argument_find(&stack, "file"), STATUS_OK);
	cr_assert_eq(stack_argument_open(&stack, &fs), STATUS_FAILED);
}

Test(stack_argument, no_mount)
{
	struct problem problem;

	cr_assert_eq(stack_argument_find_mount(&stack, "a", &problem), -ENOTTY);
	cr_assert_not_null(strstr(problem.text, "not in a mounted cowfs union"));
	cr_assert_eq(stack_argument_find_mount(&stack, "a/absent", &problem), -ENOTTY);
	cr_assert_eq(stack_argument_find_mount(&stack, "absent/name", &problem), -ENOTTY);
	cr_assert_not_null(strstr(problem.text, "absent/name"));
	cr_assert_eq(stack_argument_find_mount(&stack, "/absent/name", &problem), -ENOTTY);
}
