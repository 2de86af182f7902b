/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/mount_options.h"
#include "cli/option_text.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGUMENTS_MAX 16

/* What one call parses, and what came of it. */
struct parsed {
	int result;
	struct mount_options options;
	struct problem problem;
};

/* Arguments are separated by spaces; a tilde stands for a space. */
static struct parsed parse(enum mount_form form, const char *line)
{
	char *copy = strdup(line), *rest = copy;
	char *argv[ARGUMENTS_MAX + 1] = { (char *)(uintptr_t) "cowfs" };
	struct parsed parsed = { 0 };
	int argc = 1;

	while (rest && *rest && argc < ARGUMENTS_MAX)
		argv[argc++] = strsep(&rest, " ");
	for (int i = 1; i < argc; i++) {
		for (char *c = argv[i]; *c; c++)
			*c = *c == '~' ? ' ' : *c;
	}
	parsed.result = mount_options_parse(form, argc, argv, &parsed.options, &parsed.problem);
	free(copy);
	return parsed;
}

static struct mount_options accept(enum mount_form form, const char *line)
{
	struct parsed parsed = parse(form, line);

	cr_assert_eq(parsed.result, 0, "%s: %s", line, parsed.problem.text);
	return parsed.options;
}

static void refuse(enum mount_form form, const char *line, const char *word)
{
	struct parsed parsed = parse(form, line);

	cr_assert_eq(parsed.result, -EINVAL, "%s", line);
	cr_assert(strstr(parsed.problem.text, word), "%s: %s", line, parsed.problem.text);
}

static void check_list(const struct string_list *list, size_t count, const char *const *strings)
{
	cr_assert_eq(list->count, count);
	for (size_t i = 0; i < count; i++)
		cr_expect_str_eq(list->strings[i], strings[i]);
	if (count > 0)
		cr_expect_null(list->strings[count]);
}

#define CHECK_LIST(list, ...)                                                                      \
	check_list(list, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *),            \
		   (const char *const[]){ __VA_ARGS__ })

Test(mount_options, three_operands_are_lowers_upper_and_mountpoint)
{
	struct mount_options options = accept(MOUNT_COMMAND, "a:b:c u m");

	CHECK_LIST(&options.lowers, "a", "b", "c");
	cr_expect_str_eq(options.upper, "u");
	cr_expect_str_eq(options.mountpoint, "m");
	cr_expect_null(options.workdir);
	cr_expect_null(options.source);
	cr_expect_eq(options.dialect, WHITEOUT_AUFS);
	cr_expect_eq(options.redirect, REDIRECT_DEFAULT);
	cr_expect_not(options.volatile_upper);
	cr_expect_not(options.changing);
	mount_options_free(&options);
}

Test(mount_options, two_operands_are_a_read_only_union)
{
	struct mount_options options = accept(MOUNT_COMMAND, "-f a m");

	CHECK_LIST(&options.lowers, "a");
	cr_expect_null(options.upper);
	cr_expect(options.foreground);
	mount_options_free(&options);
}

Test(mount_options, the_command_takes_layers_as_options_too)
{
	struct mount_options options =
		accept(MOUNT_COMMAND, "-o lowerdir=a:b,upperdir=u overlay m");

	CHECK_LIST(&options.lowers, "a", "b");
	cr_expect_str_eq(options.upper, "u");
	cr_expect_str_eq(options.source, "overlay");
	cr_expect_str_eq(options.mountpoint, "m");
	mount_options_free(&options);
}

Test(mount_options, backslashes_keep_colons_and_commas)
{
	struct mount_options options = accept(MOUNT_COMMAND, "a\\:b:c\\\\:d\\,\\e a\\:u m\\:");

	CHECK_LIST(&options.lowers, "a:b", "c\\", "d\\,\\e");
	cr_expect_str_eq(options.upper, "a\\:u",
			 "only the list of lowers has colons to tell apart");
	cr_expect_str_eq(options.mountpoint, "m\\:");
	mount_options_free(&options);

	options = accept(MOUNT_PROGRAM,
			 "-o lowerdir=a\\:b:c\\,d:e\\\\,upperdir=u\\:\\,x,workdir=w\\:y m");
	CHECK_LIST(&options.lowers, "a:b", "c,d", "e\\");
	cr_expect_str_eq(options.upper, "u:,x");
	cr_expect_str_eq(options.workdir, "w:y");
	mount_options_free(&options);
}

Test(mount_options, reads_what_engines_pass)
{
	struct mount_options options =
		accept(MOUNT_PROGRAM,
		       "-o lowerdir=/l/X:/l/Y/../d,upperdir=/d,workdir=/w,,volatile,"
		       "uidmapping=:0:100000:65536,gidmapping=0:5:1:1:100000:9,private, /merged");

	CHECK_LIST(&options.lowers, "/l/X", "/l/Y/../d");
	cr_expect_str_eq(options.workdir, "/w");
	cr_expect(options.volatile_upper);
	cr_expect_eq(options.redirect, REDIRECT_COPY);
	cr_expect_eq(options.ownership.users.count, 1);
	cr_expect_eq(options.ownership.groups.count, 2);
	cr_expect_eq(options.warnings.count, 0);
	mount_options_free(&options);
}

Test(mount_options, reads_what_containerd_passes)
{
	struct mount_options options =
		accept(MOUNT_FUSE_OVERLAYFS,
		       "overlay /t -o workdir=w -o upperdir=u -o lowerdir=a:b,dev,suid");

	cr_expect_str_eq(options.source, "overlay");
	cr_expect_str_eq(options.mountpoint, "/t");
	CHECK_LIST(&options.kernel_options, "dev", "suid");
	mount_options_free(&options);
}

Test(mount_options, minus_f_means_fake_to_mount)
{
	struct mount_options options =
		accept(MOUNT_HELPER, "src m -fnsv -t fuse.cowfs -N x "
				     "-o rw,lowerdir=a,_netdev,x-a=b,user=me");

	cr_expect(options.fake);
	cr_expect(options.verbose);
	cr_expect_not(options.foreground);
	cr_expect_str_eq(options.source, "src");
	cr_expect_eq(options.warnings.count, 0);
	mount_options_free(&options);
}

Test(mount_options, labels_keep_their_quotes)
{
	struct mount_options options = accept(
		MOUNT_PROGRAM, "-o lowerdir=a,context=\"u:r:t:s0:c1,c2\",fscontext=u:r:t,nosuid m");

	CHECK_LIST(&options.kernel_options, "context=\"u:r:t:s0:c1,c2\"", "fscontext=u:r:t",
		   "nosuid");
	mount_options_free(&options);
}

Test(mount_options, nothing_is_smuggled_into_the_kernels_options)
{
	struct mount_options options =
		accept(MOUNT_PROGRAM, "-o lowerdir=a,fsname=x\\,suid\\\\,nodev m");

	cr_expect_str_eq(options.fsname, "x,suid\\");
	CHECK_LIST(&options.kernel_options, "nodev");
	mount_options_free(&options);
	refuse(MOUNT_PROGRAM, "-o lowerdir=a,context=x\\,suid m", "context");
	refuse(MOUNT_PROGRAM, "-o lowerdir=a,context=x\"y m", "context");
}

Test(mount_options, timeouts_are_decimal_seconds)
{
	static const struct {
		const char *line;
		double seconds;
	} good[] = {
		{ "-o timeout=0 a m", 0 },	 { "-o timeout=1 a m", 1 },
		{ "-o timeout=0.25 a m", 0.25 }, { "-o timeout=.5 a m", 0.5 },
		{ "-o timeout=7. a m", 7 },
	};
	static const char *const bad[] = { "timeout=",	   "timeout=-1",   "timeout=1e3",
					   "timeout=inf",  "timeout=nan",  "timeout=.",
					   "timeout=1.2.", "timeout=0x10", "timeout=1234567890" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct mount_options options = accept(MOUNT_COMMAND, good[i].line);

		cr_expect(options.changing);
		cr_expect_float_eq(options.timeout, good[i].seconds, 1e-9, "%s", good[i].line);
		mount_options_free(&options);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char line[64];

		(void)snprintf(line, sizeof(line), "-o %s a m", bad[i]);
		refuse(MOUNT_COMMAND, line, "seconds");
	}
}

Test(mount_options, ownership)
{
	struct mount_options options = accept(MOUNT_PROGRAM, "-o lowerdir=a,squash_to_uid=7,"
							     "xattr_permissions=2 m");

	cr_expect(options.ownership.squash_users);
	cr_expect_not(options.ownership.squash_groups);
	cr_expect_eq(options.ownership.squashed_uid, 7);
	cr_expect_eq(options.ownership.xattr_permissions, XATTR_PERMISSIONS_USER);
	mount_options_free(&options);
	options = accept(MOUNT_PROGRAM, "-o lowerdir=a,squash_to_gid=9,squash_to_root m");
	cr_expect(options.ownership.squash_users && options.ownership.squash_groups);
	cr_expect_eq(options.ownership.squashed_gid, 0);
	mount_options_free(&options);
	refuse(MOUNT_PROGRAM, "-o lowerdir=a,squash_to_uid=4294967295 m", "squash_to_uid");
	refuse(MOUNT_PROGRAM, "-o lowerdir=a,squash_to_gid=x m", "squash_to_gid");
	refuse(MOUNT_PROGRAM, "-o lowerdir=a,xattr_permissions=3 m", "xattr_permissions");
	refuse(MOUNT_PROGRAM, "-o lowerdir=a,uidmapping=1:2 m", "");
}

Test(mount_options, the_last_of_two_wins)
{
	struct mount_options options =
		accept(MOUNT_COMMAND,
		       "-o lowerdir=x,ro,fsync=0 -o lowerdir=a:b,rw,fsync=1,writeback=1,io_uring,"
		       "follow=1,follow=0,whiteout=aufs,whiteout=overlay,redirect=copy m");

	CHECK_LIST(&options.lowers, "a", "b");
	cr_expect_not(options.read_only);
	cr_expect_not(options.volatile_upper);
	cr_expect(options.writeback);
	cr_expect_not(options.follow);
	cr_expect(options.io_uring);
	cr_expect_eq(options.dialect, WHITEOUT_OVERLAY);
	cr_expect_eq(options.redirect, REDIRECT_COPY);
	mount_options_free(&options);
}

Test(mount_options, what_has_no_effect_is_a_warning)
{
	struct mount_options options = accept(
		MOUNT_COMMAND, "-o blah,metacopy=on,xino=off,xino=auto,workdir=w,userxattr a m");

	cr_assert_eq(options.warnings.count, 4);
	cr_expect(strstr(options.warnings.strings[0], "blah"));
	cr_expect(strstr(options.warnings.strings[1], "metacopy"));
	cr_expect(strstr(options.warnings.strings[2], "xino"));
	cr_expect(strstr(options.warnings.strings[3], "workdir"));
	mount_options_free(&options);
}

Test(mount_options, help_and_version_need_no_operands)
{
	struct mount_options options = accept(MOUNT_COMMAND, "--help");

	cr_expect(options.help);
	mount_options_free(&options);
	options = accept(MOUNT_FUSE_OVERLAYFS, "--version");
	cr_expect(options.version);
	mount_options_free(&options);
}

Test(mount_options, bad_arguments_are_refused)
{
	static const struct {
		const char *line, *word;
	} bad[] = {
		{ "", "LOWER" },
		{ "a", "LOWER" },
		{ "a u m x", "too many: x" },
		{ "a: m", "2 of 2" },
		{ ":a m", "1 of 2" },
		{ "-z a m", "-z" },
		{ "-fz a m", "-z" },
		{ "--zeal a m", "--zeal" },
		{ "a m -o", "-o" },
		{ "-o lowerdir a m", "needs a value" },
		{ "-o ro=1 a m", "takes no value" },
		{ "-o whiteout=x a m", "whiteout=x" },
		{ "-o redirect=off a m", "redirect=off" },
		{ "-o fsync=2 a m", "fsync=2" },
		{ "-o io=direct a m", "io=direct" },
		{ "-o io a m", "needs a value" },
		{ "-o io=passthrough,writeback=1 a m", "exclude" },
		{ "-o io=passthrough,timeout=1 a m", "exclude" },
		{ "-o writeback=on a m", "writeback=on" },
		{ "-o follow=2 a m", "follow=2" },
		{ "-o xino=2 a m", "xino=2" },
		{ "-o max_threads=1 a m", "max_threads=1" },
		{ "-o max_threads=99999999999999999999 a m", "max_threads" },
		{ "-o context=\"x a m", "quote" },
		{ "-o context=\"x\"y a m", "quote" },
		{ "-o upperdir=u a v m", "twice" },
		{ "-o upperdir= a m", "empty" },
		{ "-o upperdir=u,workdir= a m", "empty" },
		{ "-o fsname= a m", "fsname" },
		{ "-o lowerdir=a x y m", "too many: m" },
		{ "-o lowerdir=a", "mountpoint" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuse(MOUNT_COMMAND, bad[i].line, bad[i].word);
	refuse(MOUNT_PROGRAM, "-o upperdir=u m", "lowerdir");
	refuse(MOUNT_HELPER, "a u m -o lowerdir=a", "too many");
}

Test(option_text, reads_one_element_after_the_other)
{
	const char *text = ",,a=1,b,c=\"x,\\y\",d\\,e=f\\,g,";
	struct option_text option;
	struct problem problem;

	cr_assert_eq(option_text_next(&text, &option, &problem), 1);
	cr_expect_str_eq(option.name, "a");
	cr_expect_str_eq(option.value, "1");
	option_text_free(&option);
	cr_assert_eq(option_text_next(&text, &option, &problem), 1);
	cr_expect_str_eq(option.name, "b");
	cr_expect_null(option.value);
	option_text_free(&option);
	cr_assert_eq(option_text_next(&text, &option, &problem), 1);
	cr_expect(option.quoted);
	cr_expect_str_eq(option.value, "x,\\y");
	option_text_free(&option);
	cr_assert_eq(option_text_next(&text, &option, &problem), 1);
	cr_expect_str_eq(option.name, "d\\,e");
	cr_expect_str_eq(option.value, "f\\,g");
	option_text_free(&option);
	cr_assert_eq(option_text_next(&text, &option, &problem), 0);
}
