/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of what a union wrote itself: redirects and the index. tests/model/inspect has all the rest. */
#include "union/look/difference.h"

#include "unit/union_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

static struct union_fixture fixture;
static struct union_fs *below;
static struct difference difference;
static struct buffer told;

static void set_up(void)
{
	union_fixture_make(&fixture);
	scratch_dir(&fixture.scratch, "b/dir");
	scratch_file(&fixture.scratch, "b/dir/inside", "inside");
	scratch_dir(&fixture.scratch, "b/other");
	scratch_file(&fixture.scratch, "b/other/inside", "another");
	scratch_dir(&fixture.scratch, "b/links");
	scratch_file(&fixture.scratch, "b/links/one", "linked");
	cr_assert_eq(linkat(fixture.scratch.fd, "b/links/one", fixture.scratch.fd, "b/two", 0), 0);
	told = BUFFER_INIT;
}

static void tear_down(void)
{
	union_close(below);
	below = NULL;
	buffer_free(&told);
	union_fixture_remove(&fixture);
}

TestSuite(difference, .init = set_up, .fini = tear_down, .timeout = 300);

/* Looks at what was written, with and without the upper layer. */
static void look(void)
{
	struct union_options options = fixture.options;
	struct problem problem = { "" };

	union_fixture_look(&fixture);
	options.upper = NULL;
	options.only_look = true;
	cr_assert_eq(union_open(&options, &below, &problem, &problem), 0, "%s", problem.text);
	difference_init(&difference, fixture.fs, below);
}

static void check_names(struct inode *with, struct inode *without)
{
	struct difference_names names;
	struct difference_list list;

	cr_assert_eq(difference_read_names(&difference, with, without, &names), 0);
	cr_assert_eq(difference_read(&difference, with, without, &list), 0);
	cr_assert_eq(names.count, list.count);
	for (size_t i = 0; i < names.count; i++) {
		cr_assert_str_eq(names.names[i].name, list.items[i].name);
		cr_assert_eq(names.names[i].kind, list.items[i].kind, "%s", list.items[i].name);
	}
	difference_names_free(&names);
	difference_list_free(&difference, &list);
}

static int visit(void *context, const struct difference_visit *visit)
{
	static const char letters[] = " ACD";

	(void)context;
	check_names(visit->item->with.inode, visit->item->without.inode);
	if (visit->item->kind == DIFFERENCE_SAME)
		return 0;
	return buffer_append_format(&told, "%c %s\n", letters[visit->item->kind], visit->path);
}

static int unreadable(void *context, const char *path, int error)
{
	(void)context;
	cr_assert(false, "%s: %s", path, strerror(-error));
	return 0;
}

static void check(const char *expected)
{
	const struct difference_visitor visitor = { visit, unreadable, NULL };
	struct inode *with = union_root(fixture.fs), *without = union_root(below);

	check_names(with, without);
	cr_assert_eq(difference_walk(&difference, with, without, &visitor), 0);
	cr_assert_str_eq(buffer_string(&told), expected);
}

Test(difference, of_nothing)
{
	union_fixture_write(&fixture);
	look();
	check("");
}

Test(difference, of_a_moved_directory)
{
	union_fixture_write(&fixture);
	union_fixture_rename(&fixture, "dir", "moved");
	look();
	check("D /dir\nA /moved\nA /moved/inside\n");
}

/* In one layer there are files of the same name in both places: they are not the same. */
Test(difference, of_exchanged_directories)
{
	union_fixture_write(&fixture);
	union_fixture_rename(&fixture, "dir", "between");
	union_fixture_rename(&fixture, "other", "dir");
	union_fixture_rename(&fixture, "between", "other");
	look();
	check("C /dir\nC /dir/inside\nC /other\nC /other/inside\n");
}

/* The topmost layer has no name of the file in the root, but its index changes it. */
Test(difference, through_the_index)
{
	union_fixture_write(&fixture);
	union_fixture_append(&fixture, "two", "!");
	look();
	cr_assert(difference.everywhere);
	check("C /links/one\nC /two\n");
}

Test(difference, looked_up)
{
	struct difference_item item;
	struct inode *with, *without;

	union_fixture_write(&fixture);
	union_fixture_unlink(&fixture, "two");
	look();
	with = union_root(fixture.fs);
	without = union_root(below);
	cr_assert_eq(difference_look_up(&difference, with, without, "two", &item), 0);
	cr_assert_eq(item.kind, DIFFERENCE_DELETED);
	difference_item_release(&difference, &item);
	cr_assert_eq(difference_look_up(&difference, with, without, "dir", &item), 0);
	cr_assert_eq(item.kind, DIFFERENCE_SAME);
	difference_item_release(&difference, &item);
	cr_assert_eq(difference_look_up(&difference, with, without, "absent", &item), -ENOENT);
}
