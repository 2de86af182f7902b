/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model of cowfs explore. How it looks is tested by tests/e2e/explore.sh. */
#include "cli/explore/model.h"
#include "cli/explore/pager.h"

#include "unit/union_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static struct union_fixture fixture;
static struct stack_argument stack;
static struct explore explore;
static struct problem problem;

static void set_up(void)
{
	char layers[700];

	union_fixture_make(&fixture);
	stack = (struct stack_argument){ 0 };
	explore = (struct explore){ 0 };
	scratch_dir(&fixture.scratch, "b/dir");
	scratch_file(&fixture.scratch, "b/dir/below", "0123456789");
	scratch_dir(&fixture.scratch, "b/dir/deep");
	scratch_file(&fixture.scratch, "b/dir/deep/file", "deep");
	scratch_file(&fixture.scratch, "b/gone", "gone");
	scratch_file(&fixture.scratch, "b/same", "same");
	scratch_dir(&fixture.scratch, "a/dir");
	scratch_file(&fixture.scratch, "a/dir/below", "above");
	scratch_file(&fixture.scratch, "a/.wh.gone", "");
	scratch_file(&fixture.scratch, "upper/new", "new");
	(void)snprintf(layers, sizeof(layers), "%s:%s", fixture.paths[1], fixture.paths[2]);
	cr_assert_eq(stack_argument_set_upper(&stack, fixture.paths[0]), 0);
	cr_assert_eq(stack_argument_set_layers(&stack, layers), 0);
}

static void tear_down(void)
{
	explore_close(&explore);
	stack_argument_free(&stack);
	union_fixture_remove(&fixture);
}

TestSuite(explore, .init = set_up, .fini = tear_down, .timeout = 300);

static void open_all(void)
{
	cr_assert_eq(explore_open(&explore, &stack, &problem), 0, "%s", problem.text);
}

/* All rows as "A /path" and so on, one a line, the current one with a star. */
static void check_rows(const char *expected)
{
	static const char letters[] = "=ACD";
	cleanup_buffer struct buffer rows = BUFFER_INIT;

	for (size_t i = 0; i < explore.tree.row_count; i++) {
		const struct explore_node *node = explore.tree.rows[i];

		(void)buffer_append_format(&rows, "%c ", letters[node->name->kind]);
		cr_assert_eq(explore_node_path(node, &rows), 0);
		(void)buffer_append_string(&rows, i == explore.tree.cursor ? " *\n" : "\n");
	}
	cr_assert_str_eq(buffer_string(&rows), expected);
}

static struct explore_node *row(const char *path)
{
	for (size_t i = 0; i < explore.tree.row_count; i++) {
		cleanup_buffer struct buffer found = BUFFER_INIT;

		cr_assert_eq(explore_node_path(explore.tree.rows[i], &found), 0);
		if (strcmp(buffer_string(&found), path) == 0)
			return explore.tree.rows[i];
	}
	cr_assert(false, "no row %s", path);
	return NULL;
}

static void expand(const char *path)
{
	cr_assert_eq(explore_tree_expand(&explore.tree, row(path)), 0);
}

Test(explore, shows_the_tree_as_of_each_layer)
{
	open_all();
	cr_assert_eq(explore.layer_count, 3);
	check_rows("= /dir *\nA /new\n= /same\n");
	cr_assert_eq(explore_select(&explore, 1, &problem), 0);
	check_rows("C /dir *\nD /gone\n= /same\n");
	cr_assert_eq(explore_select(&explore, 2, &problem), 0);
	check_rows("A /dir *\nA /gone\nA /same\n");
	cr_assert_eq(explore_select(&explore, 3, &problem), 0);
	cr_assert_eq(explore.selected, 2);
}

Test(explore, expands_and_collapses)
{
	open_all();
	cr_assert_eq(explore_select(&explore, 1, &problem), 0);
	expand("/dir");
	expand("/dir/deep");
	check_rows("C /dir\nC /dir/below\n= /dir/deep *\n= /dir/deep/file\nD /gone\n= /same\n");
	cr_assert_eq(explore_node_depth(row("/dir/deep/file")), 2);
	cr_assert_eq(explore_tree_collapse(&explore.tree, row("/dir")), 0);
	check_rows("C /dir *\nD /gone\n= /same\n");
	/* What was in it is as it was. */
	expand("/dir");
	check_rows("C /dir *\nC /dir/below\n= /dir/deep\n= /dir/deep/file\nD /gone\n= /same\n");
	/* A file has nothing in it. */
	expand("/same");
	cr_assert_not(row("/same")->expanded);
}

Test(explore, shows_what_a_deleted_directory_held)
{
	scratch_file(&fixture.scratch, "upper/.wh.dir", "");
	open_all();
	check_rows("D /dir *\nA /new\n= /same\n");
	expand("/dir");
	check_rows("D /dir *\nD /dir/below\nD /dir/deep\nA /new\n= /same\n");
}

Test(explore, shows_only_changes)
{
	open_all();
	cr_assert_eq(explore_show_only_changes(&explore, true), 0);
	check_rows("A /new *\n");
	cr_assert_eq(explore_select(&explore, 1, &problem), 0);
	expand("/dir");
	check_rows("C /dir *\nC /dir/below\nD /gone\n");
	cr_assert_eq(explore_show_only_changes(&explore, false), 0);
	check_rows("C /dir *\nC /dir/below\n= /dir/deep\nD /gone\n= /same\n");
}

Test(explore, keeps_what_is_expanded)
{
	open_all();
	expand("/dir");
	expand("/dir/deep");
	explore_move(&explore, 1);
	check_rows("= /dir\n= /dir/below\n= /dir/deep\n= /dir/deep/file *\nA /new\n= /same\n");
	cr_assert_eq(explore_select(&explore, 1, &problem), 0);
	check_rows("C /dir\nC /dir/below\n= /dir/deep\n= /dir/deep/file *\nD /gone\n= /same\n");
	scratch_file(&fixture.scratch, "a/dir/zoom", "");
	cr_assert_eq(explore_reload(&explore, &problem), 0);
	check_rows("C /dir\nC /dir/below\n= /dir/deep\n= /dir/deep/file *\nA /dir/zoom\n"
		   "D /gone\n= /same\n");
}

Test(explore, moves_within_bounds)
{
	open_all();
	explore_move(&explore, -1);
	cr_assert_eq(explore.tree.cursor, 0);
	explore_move(&explore, 1000000);
	cr_assert_eq(explore.tree.cursor, 2);
	explore_move(&explore, -1);
	cr_assert_eq(explore.tree.cursor, 1);
}

static void wait_for_work(void)
{
	while (explore_work(&explore))
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

Test(explore, counts_what_is_wasted)
{
	struct explore_layer_counts counts;

	open_all();
	wait_for_work();
	explore_counts_get(explore.counts, 0, &counts);
	cr_assert(counts.counted && counts.shown_counted);
	cr_assert_eq(counts.counts.bytes, 3);
	cr_assert_eq(explore_wasted(&counts), 0);
	explore_counts_get(explore.counts, 1, &counts);
	cr_assert_eq(counts.counts.bytes, 5);
	cr_assert_eq(counts.counts.prefix_whiteouts, 1);
	cr_assert_eq(explore_wasted(&counts), 0);
	/* Ten bytes covered, four deleted. */
	explore_counts_get(explore.counts, 2, &counts);
	cr_assert_eq(counts.counts.bytes, 22);
	cr_assert_eq(explore_wasted(&counts), 14);
}

static void check_matches(const char *text, const char *expected)
{
	cleanup_buffer struct buffer found = BUFFER_INIT;

	cr_assert_eq(explore_filter(&explore, text), 0);
	cr_assert(explore_is_filtered(&explore));
	wait_for_work();
	for (size_t i = 0; i < explore.search.count; i++)
		(void)buffer_append_format(&found, "%s\n", explore.search.matches[i].path);
	cr_assert_str_eq(buffer_string(&found), expected);
}

Test(explore, filters)
{
	cleanup_buffer struct buffer path = BUFFER_INIT;

	open_all();
	check_matches("E", "/dir/below\n/dir/deep\n/dir/deep/file\n/new\n/same\n");
	check_matches("deep/", "/dir/deep/file\n");
	check_matches("nothing", "");
	cr_assert_eq(explore_current_path(&explore, &path), -ENOENT);
	check_matches("file", "/dir/deep/file\n");
	cr_assert_eq(explore_current_path(&explore, &path), 0);
	cr_assert_str_eq(buffer_string(&path), "/dir/deep/file");
	cr_assert_eq(explore_go_to_match(&explore), 0);
	cr_assert_not(explore_is_filtered(&explore));
	check_rows("= /dir\n= /dir/below\n= /dir/deep\n= /dir/deep/file *\nA /new\n= /same\n");
	cr_assert_eq(explore_show_only_changes(&explore, true), 0);
	check_matches("e", "/new\n");
	cr_assert_eq(explore_filter(&explore, ""), 0);
	cr_assert_not(explore_is_filtered(&explore));
}

Test(explore, finds_no_more_than_can_be_looked_through)
{
	char name[64];

	for (int i = 0; i < EXPLORE_MATCHES_MAX + 10; i++) {
		(void)snprintf(name, sizeof(name), "b/dir/many-%d", i);
		scratch_file(&fixture.scratch, name, "");
	}
	open_all();
	cr_assert_eq(explore_filter(&explore, "many"), 0);
	wait_for_work();
	cr_assert_eq(explore.search.count, EXPLORE_MATCHES_MAX);
	cr_assert(explore.search.is_cut);
}

Test(explore, says_which_layer_is_not_there)
{
	string_list_free(&stack.options.lowers);
	cr_assert_eq(stack_argument_set_layers(&stack, "/absent/layer"), 0);
	cr_assert_lt(explore_open(&explore, &stack, &problem), 0);
	cr_assert_not_null(strstr(problem.text, "/absent/layer"));
}

/* -- the pager -- */

static ssize_t read_text(void *context, void *data, size_t size, uint64_t offset)
{
	const struct buffer *text = context;
	size_t left = offset < text->length ? text->length - (size_t)offset : 0;

	size = size < left ? size : left;
	memcpy(data, text->data + offset, size);
	return (ssize_t)size;
}

static void check_line(struct pager *pager, size_t line, const char *expected)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int error = pager_line(pager, line, &text);

	if (!expected)
		cr_assert_eq(error, -ENOENT);
	else
		cr_assert_str_eq(buffer_string(&text), expected);
}

Test(pager, lines)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	struct pager pager;

	cr_assert_eq(buffer_append(&text, "one\n\ntwo\tx\r\n\033[2Jthree\0end\nl\\ast", 31), 0);
	pager_open(&pager, read_text, &text);
	check_line(&pager, 2, "two     x");
	check_line(&pager, 0, "one");
	check_line(&pager, 1, "");
	check_line(&pager, 3, "\\033[2Jthree\\000end");
	check_line(&pager, 4, "l\\ast");
	check_line(&pager, 5, NULL);
	cr_assert_eq(pager_lines(&pager, 100), 5);
	pager_close(&pager);
}

Test(pager, nothing)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	struct pager pager;

	cr_assert_eq(buffer_reserve(&text, 1), 0);
	pager_open(&pager, read_text, &text);
	check_line(&pager, 0, NULL);
	pager_scroll(&pager, 10, 5);
	cr_assert_eq(pager.top, 0);
	pager_close(&pager);
}

/* Lines that begin and end anywhere in a piece, and one that is too long. */
Test(pager, many_lines)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	struct pager pager;
	char line[16];

	for (int i = 0; i < 50000; i++)
		cr_assert_eq(buffer_append_format(&text, "line %d\n", i), 0);
	for (int i = 0; i < PAGER_LINE_MAX + 10; i++)
		cr_assert_eq(buffer_append_string(&text, "x"), 0);
	pager_open(&pager, read_text, &text);
	check_line(&pager, 0, "line 0");
	/* Not all was read for that. */
	cr_assert_lt(pager.line_count, 20000);
	for (size_t i = 0; i < 50000; i += 777) {
		(void)snprintf(line, sizeof(line), "line %zu", i);
		check_line(&pager, i, line);
	}
	cr_assert_eq(pager_lines(&pager, SIZE_MAX), 50002);
	check_line(&pager, 50001, "xxxxxxxxxx");
	pager_scroll(&pager, 1000000, 20);
	cr_assert_eq(pager.top, 50002 - 20);
	pager_scroll(&pager, -5, 20);
	cr_assert_eq(pager.top, 50002 - 25);
	pager_close(&pager);
}
