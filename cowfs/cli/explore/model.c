/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/explore/model.h"

#include "base/cleanup.h"

#include <errno.h>
#include <string.h>

static int fail(struct problem *problem, int error)
{
	return problem_set(problem, error, "the layers cannot be read: %s", strerror(-error));
}

/* -- the selected layer -- */

static void close_selected(struct explore *explore)
{
	explore_search_end(&explore->search);
	explore_tree_close(&explore->tree);
	if (explore->with != explore->whole)
		union_close(explore->with);
	union_close(explore->without);
	explore->with = explore->without = NULL;
}

/* Its unions, and its tree, closed. */
static int open_selected(struct explore *explore, struct problem *problem)
{
	int error = 0;

	if (explore->selected == 0)
		explore->with = explore->whole;
	else
		error = stack_argument_open_from(explore->stack, explore->selected, &explore->with,
						 problem);
	if (!error)
		error = stack_argument_open_from(explore->stack, explore->selected + 1,
						 &explore->without, problem);
	if (error)
		return error;
	difference_init(&explore->difference, explore->with, explore->without);
	error = explore_tree_open(&explore->tree, &explore->difference);
	return error ? fail(problem, error) : 0;
}

/* What of a tree is kept when it is opened again. */
struct kept {
	struct string_list expanded;
	struct buffer cursor;
};

static int keep(const struct explore *explore, struct kept *kept)
{
	int error = explore_tree_get_expanded(&explore->tree, &kept->expanded);
	const struct explore_node *node = explore_tree_current(&explore->tree);

	return error || !node ? error : explore_node_path(node, &kept->cursor);
}

static int restore(struct explore *explore, const struct kept *kept)
{
	bool only_changes = explore->tree.only_changes;
	int error = explore_tree_set_expanded(&explore->tree, &kept->expanded);

	if (!error && kept->cursor.length)
		error = explore_tree_reveal(&explore->tree, buffer_string(&kept->cursor));
	/* The cursor alone is no reason to show all. */
	if (!error)
		error = explore_tree_show_only_changes(&explore->tree, only_changes);
	return error;
}

static void release_kept(struct kept *kept)
{
	string_list_free(&kept->expanded);
	buffer_free(&kept->cursor);
}

/* -- all -- */

static int open_whole(struct explore *explore, struct problem *problem)
{
	int error = stack_argument_open_from(explore->stack, 0, &explore->whole, problem);

	if (error)
		return error;
	explore->layer_count = union_layer_count(explore->whole);
	error = explore_counts_begin(explore->whole, &explore->counts);
	return error ? fail(problem, error) : 0;
}

static void close_whole(struct explore *explore)
{
	close_selected(explore);
	explore_counts_end(explore->counts);
	union_close(explore->whole);
	explore->counts = NULL;
	explore->whole = NULL;
}

int explore_open(struct explore *explore, const struct stack_argument *stack,
		 struct problem *problem)
{
	int error;

	explore->stack = stack;
	error = open_whole(explore, problem);
	if (!error)
		error = open_selected(explore, problem);
	if (error)
		explore_close(explore);
	return error;
}

void explore_close(struct explore *explore)
{
	close_whole(explore);
	*explore = (struct explore){ 0 };
}

/* Closes and opens the selected layer, or all, and puts back what was expanded. */
static int open_again(struct explore *explore, bool whole, unsigned layer, struct problem *problem)
{
	struct kept kept = { 0 };
	int error = keep(explore, &kept);

	if (error)
		(void)fail(problem, error);
	if (whole)
		close_whole(explore);
	else
		close_selected(explore);
	explore->selected = layer;
	if (!error && whole)
		error = open_whole(explore, problem);
	if (!error)
		error = open_selected(explore, problem);
	if (!error) {
		error = restore(explore, &kept);
		if (error)
			(void)fail(problem, error);
	}
	release_kept(&kept);
	return error;
}

int explore_reload(struct explore *explore, struct problem *problem)
{
	return open_again(explore, true, explore->selected, problem);
}

int explore_select(struct explore *explore, unsigned layer, struct problem *problem)
{
	if (layer >= explore->layer_count || layer == explore->selected)
		return 0;
	return open_again(explore, false, layer, problem);
}

/* -- the filter -- */

int explore_filter(struct explore *explore, const char *text)
{
	explore->match = 0;
	if (*text)
		return explore_search_begin(&explore->search, &explore->difference, text,
					    explore->tree.only_changes);
	explore_search_end(&explore->search);
	return 0;
}

int explore_show_only_changes(struct explore *explore, bool only_changes)
{
	cleanup_free char *text = NULL;
	int error = explore_tree_show_only_changes(&explore->tree, only_changes);

	if (error || !explore_is_filtered(explore))
		return error;
	text = strdup(explore->search.text);
	return text ? explore_filter(explore, text) : -ENOMEM;
}

int explore_go_to_match(struct explore *explore)
{
	cleanup_free char *path = NULL;

	if (explore->match >= explore->search.count)
		return 0;
	path = strdup(explore->search.matches[explore->match].path);
	if (!path)
		return -ENOMEM;
	explore_search_end(&explore->search);
	return explore_tree_reveal(&explore->tree, path);
}

void explore_move(struct explore *explore, long rows)
{
	size_t distance = (size_t)(rows < 0 ? -rows : rows);

	if (!explore_is_filtered(explore)) {
		explore_tree_move(&explore->tree, rows);
		return;
	}
	if (rows < 0)
		explore->match -= distance < explore->match ? distance : explore->match;
	else if (explore->search.count > 0)
		explore->match = distance < explore->search.count - explore->match
					 ? explore->match + distance
					 : explore->search.count - 1;
}

bool explore_work(struct explore *explore)
{
	bool searching = explore_is_filtered(explore) && explore_search_step(&explore->search);

	return searching || explore_counts_are_going_on(explore->counts);
}

int explore_current_path(const struct explore *explore, struct buffer *path)
{
	const struct explore_node *node;

	if (explore_is_filtered(explore))
		return explore->match < explore->search.count
			       ? buffer_append_string(path,
						      explore->search.matches[explore->match].path)
			       : -ENOENT;
	node = explore_tree_current(&explore->tree);
	return node ? explore_node_path(node, path) : -ENOENT;
}
