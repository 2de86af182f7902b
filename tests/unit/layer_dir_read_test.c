/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layer/layer_dir.h"
#include "layer/override_stat.h"
#include "unit/layer_fixture.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

static struct layer_fixture fixture;

static void set_up(void)
{
	fixture = fixture_make();
	scratch_dir(&fixture.scratch, "root/d");
}

static void tear_down(void)
{
	fixture_remove(&fixture);
}

TestSuite(layer_dir_read, .init = set_up, .fini = tear_down, .timeout = 300);

/* -- what was read, as sorted lines "NAME TYPE WHITEOUT" -- */

struct lines {
	char *line[64];
	size_t count;
};

static int take(void *context, const struct layer_entry *entry)
{
	struct lines *lines = context;

	cr_assert_lt(lines->count, 64);
	cr_assert_geq(asprintf(&lines->line[lines->count++], "%s %d %d", entry->name, entry->type,
			       entry->whiteout),
		      0);
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Reads d and compares; the lines given must be sorted. */
static void check(bool opaque, const char *const *expected, size_t count)
{
	struct layer_dir *dir = fixture_child(&fixture, "d");
	struct lines lines = { .count = 0 };
	bool was_opaque = !opaque;

	cr_assert_eq(layer_dir_read(dir, take, &lines, &was_opaque), 0);
	cr_assert_eq(was_opaque, opaque);
	cr_assert_eq(layer_dir_is_opaque(dir), opaque);
	qsort(lines.line, lines.count, sizeof(lines.line[0]), compare);
	cr_assert_eq(lines.count, count, "%zu", lines.count);
	for (size_t i = 0; i < count; i++) {
		cr_assert_str_eq(lines.line[i], expected[i]);
		free(lines.line[i]);
	}
	layer_dir_unref(dir);
}

#define CHECK(opaque, ...)                                                                         \
	do {                                                                                       \
		const char *const expected_[] = { __VA_ARGS__ };                                   \
		check(opaque, expected_, sizeof(expected_) / sizeof(expected_[0]));                \
	} while (0)

/* Probes a name in d: its type or -errno, and the forms of whiteouts. */
static void check_probe(const char *name, int expected, unsigned expected_forms)
{
	struct layer_dir *dir = fixture_child(&fixture, "d");
	struct attributes attributes = { 0 };
	unsigned forms = 99;
	int error = layer_dir_probe(dir, name, &attributes, &forms);

	if (expected < 0) {
		cr_assert_eq(error, expected, "%s: %d", name, error);
	} else {
		cr_assert_eq(error, 0, "%s: %d", name, error);
		cr_assert_eq((int)IFTODT(attributes.mode), expected);
	}
	cr_assert_eq(forms, expected_forms, "%s: %u", name, forms);
	layer_dir_unref(dir);
}

Test(layer_dir_read, types)
{
	scratch_file(&fixture.scratch, "root/d/a", "");
	scratch_dir(&fixture.scratch, "root/d/b");
	scratch_symlink(&fixture.scratch, "root/d/c", "/etc/passwd");
	scratch_node(&fixture.scratch, "root/d/e", S_IFIFO | 0600, 0);
	scratch_node(&fixture.scratch, "root/d/f", S_IFSOCK | 0600, 0);
	fixture_open(&fixture, false, WHITEOUT_AUFS);
	CHECK(false, "a 8 0", "b 4 0", "c 10 0", "e 1 0", "f 12 0");
	check_probe("a", DT_REG, 0);
	check_probe("c", DT_LNK, 0);
	check_probe("absent", -ENOENT, 0);
}

Test(layer_dir_read, an_empty_directory)
{
	fixture_open(&fixture, false, WHITEOUT_AUFS);
	check(false, NULL, 0);
}

Test(layer_dir_read, prefix_whiteouts_also_beside_the_name)
{
	scratch_file(&fixture.scratch, "root/d/.wh.gone", "");
	scratch_file(&fixture.scratch, "root/d/.wh.both", "");
	scratch_file(&fixture.scratch, "root/d/both", "x");
	scratch_dir(&fixture.scratch, "root/d/.wh.odd");
	fixture_open(&fixture, false, WHITEOUT_AUFS);
	CHECK(false, "both 0 1", "both 8 0", "gone 0 1", "odd 0 1");
	check_probe("gone", -ENOENT, WHITEOUT_FORM_PREFIX);
	check_probe("both", DT_REG, WHITEOUT_FORM_PREFIX);
	check_probe("odd", -ENOENT, WHITEOUT_FORM_PREFIX);
	check_probe(".wh.gone", -ENOENT, 0);
}

Test(layer_dir_read, names_that_are_nothing_without_their_prefix)
{
	scratch_file(&fixture.scratch, "root/d/.wh.", "");
	scratch_file(&fixture.scratch, "root/d/.wh..", "");
	scratch_file(&fixture.scratch, "root/d/.wh...", "");
	scratch_file(&fixture.scratch, "root/d/.wh..wh.plnk", "");
	scratch_file(&fixture.scratch, "root/d/.wh..wh.", "");
	scratch_dir(&fixture.scratch, "root/d/" STATE_DIRECTORY);
	scratch_file(&fixture.scratch, "root/d/.wh....", "");
	scratch_file(&fixture.scratch, "root/d/.wh", "");
	fixture_open(&fixture, false, WHITEOUT_AUFS);
	CHECK(false, "... 0 1", ".wh 8 0");
}

Test(layer_dir_read, node_whiteouts)
{
	need_root(&fixture.scratch);
	scratch_node(&fixture.scratch, "root/d/gone", S_IFCHR, makedev(0, 0));
	scratch_node(&fixture.scratch, "root/d/null", S_IFCHR, makedev(1, 3));
	scratch_node(&fixture.scratch, "root/d/block", S_IFBLK, makedev(0, 0));
	scratch_node(&fixture.scratch, "root/d/both", S_IFCHR, makedev(0, 0));
	scratch_file(&fixture.scratch, "root/d/.wh.both", "");
	fixture_open(&fixture, false, WHITEOUT_AUFS);
	CHECK(false, "block 6 0", "both 0 1", "both 0 2", "gone 0 2", "null 2 0");
	check_probe("gone", -ENOENT, WHITEOUT_FORM_NODE);
	check_probe("both", -ENOENT, WHITEOUT_FORM_NODE | WHITEOUT_FORM_PREFIX);
	check_probe("null", DT_CHR, 0);
}

Test(layer_dir_read, attribute_whiteouts_only_where_announced)
{
	scratch_file(&fixture.scratch, "root/d/gone", "");
	scratch_xattr(&fixture.scratch, "root/d/gone", "user.overlay.whiteout", "y");
	scratch_file(&fixture.scratch, "root/d/full", "x");
	scratch_xattr(&fixture.scratch, "root/d/full", "user.overlay.whiteout", "y");
	scratch_file(&fixture.scratch, "root/d/plain", "");
	fixture_open(&fixture, false, WHITEOUT_AUFS);
	CHECK(false, "full 8 0", "gone 8 0", "plain 8 0");
	check_probe("gone", DT_REG, 0);
	scratch_xattr(&fixture.scratch, "root/d", "user.overlay.opaque", "x");
	CHECK(false, "full 8 0", "gone 0 2", "plain 8 0");
	check_probe("gone", -ENOENT, WHITEOUT_FORM_NODE);
	check_probe("full", DT_REG, 0);
	check_probe("plain", DT_REG, 0);
}

Test(layer_dir_read, opaque_by_a_file)
{
	scratch_file(&fixture.scratch, "root/d/" WHITEOUT_OPAQUE, "");
	scratch_file(&fixture.scratch, "root/d/a", "");
	fixture_open(&fixture, false, WHITEOUT_AUFS);
	CHECK(true, "a 8 0");
}

Test(layer_dir_read, opaque_by_an_attribute)
{
	static const char *const names[] = { "user.overlay.opaque", "user.fuseoverlayfs.opaque",
					     "trusted.overlay.opaque" };
	char path[512];

	fixture_open(&fixture, false, WHITEOUT_AUFS);
	(void)snprintf(path, sizeof(path), "%s/root/d", fixture.scratch.path);
	for (size_t i = 0; i < (geteuid() == 0 ? 3 : 2); i++) {
		scratch_xattr(&fixture.scratch, "root/d", names[i], "y");
		check(true, NULL, 0);
		cr_assert_eq(removexattr(path, names[i]), 0);
		check(false, NULL, 0);
	}
}

Test(layer_dir_read, garbage_in_attributes_says_nothing)
{
	char large[2000];

	memset(large, 'y', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	scratch_xattr(&fixture.scratch, "root/d", "user.overlay.opaque", "");
	scratch_xattr(&fixture.scratch, "root/d", "user.fuseoverlayfs.opaque", "x");
	scratch_xattr(&fixture.scratch, "root/d", "user.x.opaque", "y");
	scratch_xattr(&fixture.scratch, "root/d", "user.overlay.whiteout", "y");
	fixture_open(&fixture, false, WHITEOUT_AUFS);
	check(false, NULL, 0);
	scratch_xattr(&fixture.scratch, "root/d", "user.overlay.opaque", "yy");
	check(false, NULL, 0);
	scratch_xattr(&fixture.scratch, "root/d", "user.overlay.opaque", large);
	check(false, NULL, 0);
}

Test(layer_dir_read, a_long_list_of_attributes)
{
	char name[128];

	for (int i = 0; i < 30; i++) {
		(void)snprintf(name, sizeof(name), "user.%0100d", i);
		scratch_xattr(&fixture.scratch, "root/d", name, "");
	}
	fixture_open(&fixture, false, WHITEOUT_AUFS);
	check(false, NULL, 0);
	scratch_xattr(&fixture.scratch, "root/d", "user.overlay.opaque", "y");
	check(true, NULL, 0);
}

Test(layer_dir_read, the_longest_names)
{
	char path[512], name[256], line[300], gone[300];

	memset(name, 'n', 255);
	name[255] = '\0';
	(void)snprintf(path, sizeof(path), "root/d/%s", name);
	scratch_file(&fixture.scratch, path, "");
	(void)snprintf(path, sizeof(path), "root/d/.wh.%.251s", name);
	scratch_file(&fixture.scratch, path, "");
	fixture_open(&fixture, false, WHITEOUT_AUFS);
	(void)snprintf(line, sizeof(line), "%s 8 0", name);
	(void)snprintf(gone, sizeof(gone), "%.251s 0 1", name);
	CHECK(false, gone, line);
	check_probe(name, DT_REG, 0);
	name[251] = '\0';
	check_probe(name, -ENOENT, WHITEOUT_FORM_PREFIX);
}

Test(layer_dir_read, overrides_change_the_type)
{
	fixture.ownership.xattr_permissions = XATTR_PERMISSIONS_USER;
	scratch_file(&fixture.scratch, "root/d/device", "");
	scratch_xattr(&fixture.scratch, "root/d/device", OVERRIDE_STAT_USER, "0:0:0600:char-1-3");
	scratch_file(&fixture.scratch, "root/d/whiteout", "");
	scratch_xattr(&fixture.scratch, "root/d/whiteout", OVERRIDE_STAT_USER, "0:0:0:char-0-0");
	scratch_file(&fixture.scratch, "root/d/dir", "");
	scratch_xattr(&fixture.scratch, "root/d/dir", OVERRIDE_STAT_USER, "0:0:0700:dir");
	fixture_open(&fixture, false, WHITEOUT_AUFS);
	CHECK(false, "device 2 0", "dir 8 0", "whiteout 8 0");
	check_probe("device", DT_CHR, 0);
	check_probe("whiteout", DT_REG, 0);
}

static int stop(void *context, const struct layer_entry *entry)
{
	(void)entry;
	++*(int *)context;
	return -ECANCELED;
}

Test(layer_dir_read, the_function_can_stop_it)
{
	struct layer_dir *dir;
	bool opaque = true;
	int calls = 0;

	scratch_file(&fixture.scratch, "root/d/a", "");
	scratch_file(&fixture.scratch, "root/d/b", "");
	fixture_open(&fixture, false, WHITEOUT_AUFS);
	dir = fixture_child(&fixture, "d");
	cr_assert_eq(layer_dir_read(dir, stop, &calls, &opaque), -ECANCELED);
	cr_assert_eq(calls, 1);
	cr_assert(opaque);
	layer_dir_unref(dir);
}

Test(layer_dir_read, reading_needs_a_readable_directory)
{
	struct lines lines = { .count = 0 };
	struct layer_dir *dir;
	bool opaque;

	become_ordinary(&fixture.scratch);
	fixture_open(&fixture, false, WHITEOUT_AUFS);
	dir = fixture_child(&fixture, "d");
	cr_assert_eq(fchmodat(fixture.root, "d", 0100, 0), 0);
	cr_assert_eq(layer_dir_read(dir, take, &lines, &opaque), -EACCES);
	cr_assert_eq(fchmodat(fixture.root, "d", 0700, 0), 0);
	layer_dir_unref(dir);
	dir = fixture_child(&fixture, "absent");
	cr_assert_eq(layer_dir_read(dir, take, &lines, &opaque), -ENOENT);
	cr_assert_eq(layer_dir_is_opaque(dir), -ENOENT);
	layer_dir_unref(dir);
}

Test(layer_dir_read, leaves_no_descriptor_behind)
{
	size_t before;

	scratch_file(&fixture.scratch, "root/d/a", "");
	fixture_open(&fixture, false, WHITEOUT_AUFS);
	before = count_descriptors();
	CHECK(false, "a 8 0");
	cr_assert_eq(count_descriptors(), before);
}
