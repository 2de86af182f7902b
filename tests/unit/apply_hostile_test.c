/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unpacking what was made to do harm. Each test also checks that the file beside the target is as it was. */
#include "unit/tar_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct tar_fixture fixture;

static void set_up(void)
{
	fixture = tar_fixture_make();
}

static void tear_down(void)
{
	tar_fixture_remove(&fixture);
}

TestSuite(apply_hostile, .init = set_up, .fini = tear_down, .timeout = 300);

static bool exists(const char *path)
{
	return scratch_exists(&fixture.scratch, path);
}

/* It is refused, with words that say why. */
static void check_refused(const char *words)
{
	cr_assert_eq(tar_fixture_apply(&fixture), -EBADMSG, "%s", fixture.problem.text);
	cr_assert(strstr(fixture.problem.text, words), "%s", fixture.problem.text);
}

/* -- names -- */

Test(apply_hostile, dot_dot)
{
	put(&fixture, .name = "../outside", .content = "evil");
	check_refused("\"..\" in it");
}

Test(apply_hostile, dot_dot_in_the_middle)
{
	put(&fixture, .name = "a/../../outside", .content = "evil");
	check_refused("\"..\" in it");
}

Test(apply_hostile, dot_dot_at_the_end)
{
	put(&fixture, .name = "a/..", .type = '5');
	check_refused("\"..\" in it");
}

Test(apply_hostile, absolute_names_are_below_the_root)
{
	put(&fixture, .name = "//etc/passwd", .content = "evil");
	cr_assert_eq(tar_fixture_apply(&fixture), 0, "%s", fixture.problem.text);
	cr_assert(exists("root/etc/passwd"));
}

Test(apply_hostile, no_name)
{
	put(&fixture, .name = "", .content = "evil");
	cr_assert_eq(tar_fixture_apply(&fixture), -EBADMSG);
}

Test(apply_hostile, name_too_long)
{
	char name[NAME_MAX + 2];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	put(&fixture, .name = name);
	check_refused("too long");
}

Test(apply_hostile, whiteouts_of_no_name)
{
	static const char *const names[] = { ".wh.", "dir/.wh.", ".wh..", ".wh..." };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		buffer_clear(&fixture.tar);
		put(&fixture, .name = names[i]);
		if (i > 0)
			fixture.options.changeset = true; /* there may be something by now */
		check_refused("whiteout");
	}
}

Test(apply_hostile, below_a_whiteout)
{
	put(&fixture, .name = ".wh.x/y");
	check_refused("below a whiteout");
}

Test(apply_hostile, link_to_a_whiteout_as_parent)
{
	put(&fixture, .name = "link", .type = '2', .link = ".wh.x");
	put(&fixture, .name = "link/y");
	check_refused("symbolic link");
}

Test(apply_hostile, file_as_parent)
{
	put(&fixture, .name = "file");
	put(&fixture, .name = "file/y");
	check_refused("not a directory");
}

/* -- symbolic links -- */

Test(apply_hostile, links_never_lead_out)
{
	static const char *const targets[] = { "..", "../..", "/..", "../../../../..",
					       "dir/../../.." };

	put(&fixture, .name = "dir", .type = '5');
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		put(&fixture, .name = "link", .type = '2', .link = targets[i]);
		put(&fixture, .name = "link/outside", .content = "evil");
	}
	cr_assert_eq(tar_fixture_apply(&fixture), 0, "%s", fixture.problem.text);
	cr_assert(exists("root/outside"));
}

Test(apply_hostile, last_component_is_not_followed)
{
	put(&fixture, .name = "link", .type = '2', .link = "../outside");
	put(&fixture, .name = "link", .content = "evil");
	put(&fixture, .name = "dir", .type = '2', .link = "..");
	put(&fixture, .name = "dir", .type = '5', .mode = 0777);
	cr_assert_eq(tar_fixture_apply(&fixture), 0, "%s", fixture.problem.text);
	cr_assert(S_ISREG(scratch_stat(&fixture.scratch, "root/link").st_mode));
	cr_assert(S_ISDIR(scratch_stat(&fixture.scratch, "root/dir").st_mode));
}

Test(apply_hostile, circle_of_links)
{
	put(&fixture, .name = "a", .type = '2', .link = "b");
	put(&fixture, .name = "b", .type = '2', .link = "a/x");
	put(&fixture, .name = "a/file");
	check_refused("symbolic links");
}

Test(apply_hostile, link_without_a_target)
{
	put(&fixture, .name = "link", .type = '2', .link = "");
	cr_assert_lt(tar_fixture_apply(&fixture), 0);
}

/* -- hard links -- */

Test(apply_hostile, hard_link_out)
{
	put(&fixture, .name = "link", .type = '1', .link = "../outside");
	check_refused("..");
}

Test(apply_hostile, hard_link_out_through_a_symbolic_link)
{
	put(&fixture, .name = "up", .type = '2', .link = "..");
	put(&fixture, .name = "link", .type = '1', .link = "up/outside");
	check_refused("not there");
}

Test(apply_hostile, hard_link_to_nothing)
{
	put(&fixture, .name = "link", .type = '1', .link = "dir/nothing");
	check_refused("not there");
	cr_assert_not(exists("root/dir"));
}

Test(apply_hostile, hard_link_to_a_directory)
{
	put(&fixture, .name = "dir", .type = '5');
	put(&fixture, .name = "link", .type = '1', .link = "dir");
	check_refused("directory");
}

Test(apply_hostile, hard_link_to_a_whiteout)
{
	put(&fixture, .name = ".wh.x");
	put(&fixture, .name = "link", .type = '1', .link = ".wh.x");
	check_refused("not there");
}

Test(apply_hostile, hard_link_to_bookkeeping)
{
	put(&fixture, .name = ".wh..wh.plnk/1", .content = "x");
	put(&fixture, .name = "link", .type = '1', .link = ".wh..wh.plnk/1");
	check_refused("not there");
}

Test(apply_hostile, hard_link_in_place_of_what_holds_it)
{
	put(&fixture, .name = "dir/file");
	put(&fixture, .name = "dir", .type = '1', .link = "dir/file");
	cr_assert_lt(tar_fixture_apply(&fixture), 0);
}

/* -- the root -- */

Test(apply_hostile, root_is_not_replaced)
{
	static const char types[] = { '0', '1', '2', '6' };

	for (size_t i = 0; i < sizeof(types); i++) {
		buffer_clear(&fixture.tar);
		put(&fixture, .name = ".", .type = types[i], .link = "outside");
		cr_assert_lt(tar_fixture_apply(&fixture), 0, "%c", types[i]);
		cr_assert(S_ISDIR(scratch_stat(&fixture.scratch, "root").st_mode));
	}
}

/* -- numbers -- */

Test(apply_hostile, negative_size)
{
	put(&fixture, .name = "file", .size = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
	check_refused("damaged");
}

Test(apply_hostile, negative_size_in_pax)
{
	tar_put_pax(&fixture.tar, "size", "-5", 2);
	put(&fixture, .name = "file");
	check_refused("damaged");
}

Test(apply_hostile, more_than_there_is)
{
	put(&fixture, .name = "file", .size = "77777777777");
	check_refused("damaged");
}

Test(apply_hostile, owner_beyond_all_numbers)
{
	tar_put_pax(&fixture.tar, "uid", "4294967295", 10);
	put(&fixture, .name = "file");
	check_refused("owner");
}

Test(apply_hostile, negative_owner)
{
	tar_put_pax(&fixture.tar, "uid", "-1", 2);
	put(&fixture, .name = "file");
	check_refused("owner");
}

Test(apply_hostile, device_beyond_all_numbers)
{
	tar_put_pax(&fixture.tar, "SCHILY.devmajor", "99999999", 8);
	put(&fixture, .name = "device", .type = '3', .minor = 1);
	check_refused("device");
}

Test(apply_hostile, time_beyond_all_clocks)
{
	tar_put_pax(&fixture.tar, "mtime", "-99999999999999999999.9999999999", 32);
	put(&fixture, .name = "file");
	(void)tar_fixture_apply(&fixture);
}

/* -- attributes -- */

Test(apply_hostile, bookkeeping_is_not_brought_along)
{
	static const char *const names[] = {
		"trusted.overlay.opaque",	 "user.overlay.opaque",
		"trusted.overlay.redirect",	 "user.fuseoverlayfs.opaque",
		"trusted.cowfs.redirect",	 "user.cowfs.origin",
		"user.containers.override_stat", "security.selinux",
	};
	char key[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(key, sizeof(key), "SCHILY.xattr.%s", names[i]);
		tar_put_pax(&fixture.tar, key, "y", 1);
		put(&fixture, .name = "dir", .type = '5');
	}
	cr_assert_eq(tar_fixture_apply(&fixture), 0, "%s", fixture.problem.text);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_assert_not(scratch_xattr_is(&fixture.scratch, "root/dir", names[i], "y"), "%s",
			      names[i]);
	cr_assert_eq(fixture.result.left_out, 0);
}

Test(apply_hostile, attribute_larger_than_any)
{
	static char value[100000];

	memset(value, 'v', sizeof(value));
	tar_put_pax(&fixture.tar, "SCHILY.xattr.user.huge", value, sizeof(value));
	put(&fixture, .name = "file");
	cr_assert_lt(tar_fixture_apply(&fixture), 0);
	cr_assert(strstr(fixture.problem.text, "user.huge"), "%s", fixture.problem.text);
}

Test(apply_hostile, attribute_with_too_long_a_name)
{
	char key[400] = "SCHILY.xattr.user.";

	memset(key + strlen(key), 'k', 300);
	tar_put_pax(&fixture.tar, key, "v", 1);
	put(&fixture, .name = "file");
	cr_assert_lt(tar_fixture_apply(&fixture), 0);
}

Test(apply_hostile, attribute_that_is_no_acl)
{
	tar_put_pax(&fixture.tar, "SCHILY.xattr.system.posix_acl_access", "junk", 4);
	put(&fixture, .name = "file");
	tar_put_pax(&fixture.tar, "SCHILY.xattr.system.posix_acl_default", "junk", 4);
	put(&fixture, .name = "dir", .type = '5');
	cr_assert_eq(tar_fixture_apply(&fixture), 0, "%s", fixture.problem.text);
	cr_assert_eq(fixture.result.left_out, 2);
}

/* -- archives -- */

Test(apply_hostile, garbage)
{
	cr_assert_eq(
		buffer_append_string(&fixture.tar, "This is no tar, however long it may become."),
		0);
	cr_assert_eq(tar_fixture_apply_unended(&fixture), -EBADMSG);
	cr_assert(strstr(fixture.problem.text, "not a tar"), "%s", fixture.problem.text);
}

Test(apply_hostile, nothing_at_all)
{
	cr_assert_eq(tar_fixture_apply_unended(&fixture), -EBADMSG);
}

Test(apply_hostile, cut_short_anywhere)
{
	cleanup_buffer struct buffer whole = BUFFER_INIT;

	put(&fixture, .name = "dir", .type = '5');
	put(&fixture, .name = "dir/a", .content = "some content that is not all zeros");
	put(&fixture, .name = "b", .content = "more");
	cr_assert_eq(buffer_append(&whole, fixture.tar.data, fixture.tar.length), 0);
	fixture.options.changeset = true; /* what the one before left is in the way */
	for (size_t length = 0; length <= whole.length; length += 100) {
		buffer_clear(&fixture.tar);
		cr_assert_eq(buffer_append(&fixture.tar, whole.data, length), 0);
		cr_assert_eq(tar_fixture_apply_unended(&fixture), -EBADMSG, "%zu", length);
	}
}

Test(apply_hostile, limits)
{
	put(&fixture, .name = "a", .content = "content");
	put(&fixture, .name = "b", .content = "content");
	fixture.options.entries_max = 1;
	cr_assert_eq(tar_fixture_apply(&fixture), -EFBIG);
	fixture.options.changeset = true;
	fixture.options.entries_max = 0;
	fixture.options.bytes_max = 1024;
	cr_assert_eq(tar_fixture_apply_unended(&fixture), -EFBIG);
}

Test(apply_hostile, target_that_is_not_empty)
{
	scratch_file(&fixture.scratch, "root/here", "before");
	put(&fixture, .name = "a");
	cr_assert_eq(tar_fixture_apply(&fixture), -ENOTEMPTY);
	cr_assert_not(exists("root/a"));
}
