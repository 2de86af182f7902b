/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/look/resolve.h"

#include "unit/union_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static struct union_fixture fixture;

static void set_up(void)
{
	union_fixture_make(&fixture);
	scratch_file(&fixture.scratch, "outside", "");
	scratch_dir(&fixture.scratch, "a/usr");
	scratch_dir(&fixture.scratch, "b/usr");
	scratch_dir(&fixture.scratch, "b/usr/bin");
	scratch_file(&fixture.scratch, "b/usr/bin/sh", "");
	scratch_symlink(&fixture.scratch, "a/bin", "usr/bin");
	scratch_symlink(&fixture.scratch, "a/absolute", "/usr/bin/");
	scratch_symlink(&fixture.scratch, "a/out", "../../outside");
	scratch_symlink(&fixture.scratch, "a/loop", "loop");
	scratch_symlink(&fixture.scratch, "a/usr/up", "..");
	scratch_symlink(&fixture.scratch, "a/dangling", "absent");
	union_fixture_look(&fixture);
}

static void tear_down(void)
{
	union_fixture_remove(&fixture);
}

TestSuite(resolve, .init = set_up, .fini = tear_down, .timeout = 300);

static void leads_to(const char *path, bool follow, const char *expected)
{
	cleanup_buffer struct buffer found = BUFFER_INIT;
	struct union_entry entry;
	int error = resolve_path(fixture.fs, path, follow, &entry, &found);

	cr_assert_eq(error, 0, "%s: %s", path, strerror(-error));
	cr_assert_str_eq(buffer_string(&found), expected);
	union_forget(fixture.fs, entry.inode, 1);
}

static void leads_nowhere(const char *path, bool follow, int expected)
{
	cleanup_buffer struct buffer found = BUFFER_INIT;
	struct union_entry entry;

	cr_assert_eq(resolve_path(fixture.fs, path, follow, &entry, &found), expected, "%s", path);
	cr_assert_eq(found.length, 0);
}

Test(resolve, plain_paths)
{
	leads_to("", true, "/");
	leads_to("/", true, "/");
	leads_to("usr/bin/sh", true, "/usr/bin/sh");
	leads_to("//usr/./bin//sh", true, "/usr/bin/sh");
	leads_to("usr/bin/", true, "/usr/bin");
	leads_nowhere("absent", true, -ENOENT);
	leads_nowhere("usr/bin/sh/", true, -ENOTDIR);
	leads_nowhere("usr/bin/sh/.", true, -ENOTDIR);
	leads_nowhere("usr/bin/sh/..", true, -ENOTDIR);
	leads_nowhere("usr/bin/sh/x", true, -ENOTDIR);
	leads_nowhere(".wh.usr", true, -ENOENT);
}

Test(resolve, dot_dot)
{
	leads_to("..", true, "/");
	leads_to("../../usr/../usr/bin/..", true, "/usr");
	leads_nowhere("absent/..", true, -ENOENT);
}

Test(resolve, links)
{
	leads_to("bin/sh", true, "/usr/bin/sh");
	leads_to("bin", true, "/usr/bin");
	leads_to("bin", false, "/bin");
	leads_to("bin/", false, "/usr/bin");
	leads_to("usr/up/bin/sh", false, "/usr/bin/sh");
	leads_to("usr/up/usr/up/absolute/../up/loop", false, "/loop");
	leads_to("absolute/sh", true, "/usr/bin/sh");
	leads_to("loop", false, "/loop");
	leads_nowhere("loop", true, -ELOOP);
	leads_nowhere("loop/x", false, -ELOOP);
	leads_nowhere("dangling", true, -ENOENT);
}

/* The root is the union's. */
Test(resolve, no_way_out)
{
	leads_nowhere("out", true, -ENOENT);
	leads_nowhere("../../outside", true, -ENOENT);
}

static void missing(const char *path, int error, const char *expected)
{
	cleanup_buffer struct buffer found = BUFFER_INIT;

	cr_assert_eq(resolve_missing(fixture.fs, path, &found), error, "%s", path);
	if (!error)
		cr_assert_str_eq(buffer_string(&found), expected);
}

Test(resolve, what_need_not_be_there)
{
	missing("absent", 0, "/absent");
	missing("/bin", 0, "/bin");
	missing("bin/absent", 0, "/usr/bin/absent");
	missing("bin/", 0, "/usr/bin");
	missing("bin/..", 0, "/usr");
	missing("", 0, "/");
	missing("absent/x", 0, "/absent/x");
	missing("/bin/absent/deeper/x", 0, "/usr/bin/absent/deeper/x");
	missing("usr/bin/sh/x", 0, "/usr/bin/sh/x");
	missing("//absent//x", 0, "/absent//x");
	missing("absent/", 0, "/absent/");
	missing("absent/../x", -ENOENT, NULL);
	missing("loop/x", -ELOOP, NULL);
}

Test(resolve, leaves_no_reference)
{
	struct union_counts before, after;

	union_count(fixture.fs, &before);
	leads_to("usr/up/usr/up/bin/sh", true, "/usr/bin/sh");
	leads_nowhere("usr/up/usr/up/bin/sh/x", true, -ENOTDIR);
	union_count(fixture.fs, &after);
	cr_assert_eq(before.inodes, after.inodes);
}
