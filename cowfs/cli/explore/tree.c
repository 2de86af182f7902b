/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/explore/tree.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* -- nodes -- */

bool explore_node_is_directory(const struct explore_node *node)
{
	return !node->name || S_ISDIR(node->name->type);
}

size_t explore_node_depth(const struct explore_node *node)
{
	size_t depth = 0;

	while (node->parent && node->parent->parent) {
		depth++;
		node = node->parent;
	}
	return depth;
}

int explore_node_path(const struct explore_node *node, struct buffer *path)
{
	cleanup_buffer struct buffer whole = BUFFER_INIT;
	int error = 0;

	for (; node->parent && !error; node = node->parent) {
		error = buffer_prepend(&whole, node->name->name, strlen(node->name->name));
		if (!error)
			error = buffer_prepend(&whole, "/", 1);
	}
	return error ? error
		     : buffer_append_string(path, whole.length ? buffer_string(&whole) : "/");
}

/* -- reading -- */

/* Looks at a node whose parent was looked at. */
static int look_below(const struct explore_tree *tree, const struct explore_node *node,
		      struct difference_item *item)
{
	const struct difference *difference = tree->difference;
	const struct difference_item *parent = node->parent ? node->parent->item : NULL;

	if (parent)
		return difference_look_up(difference, parent->with.inode, parent->without.inode,
					  node->name->name, item);
	/* The roots; giving back a reference on them does nothing. */
	*item = (struct difference_item){ .with.inode = union_root(difference->with) };
	if (difference->without)
		item->without.inode = union_root(difference->without);
	return 0;
}

int explore_tree_look(const struct explore_tree *tree, struct explore_node *node,
		      const struct difference_item **ret_item)
{
	struct difference_item *item = node->item;
	int error;

	if (!item) {
		item = calloc(1, sizeof(*item));
		error = item ? look_below(tree, node, item) : -ENOMEM;
		if (error) {
			free(item);
			return error;
		}
		node->item = item;
	}
	*ret_item = item;
	return 0;
}

static int read_names(const struct explore_tree *tree, struct explore_node *node)
{
	const struct difference_item *item;
	int error = explore_tree_look(tree, node, &item);

	return error ? error
		     : difference_read_names(tree->difference, item->with.inode,
					     item->without.inode, &node->names);
}

/* 0, also when it cannot be read, or -ENOMEM. */
static int read_node(const struct explore_tree *tree, struct explore_node *node)
{
	if (node->is_read)
		return 0;
	node->error = read_names(tree, node);
	if (node->error == -ENOMEM)
		return node->error;
	node->children = calloc(node->names.count + 1, sizeof(*node->children));
	if (!node->children) {
		difference_names_free(&node->names);
		return -ENOMEM;
	}
	for (size_t i = 0; i < node->names.count; i++) {
		node->children[i].parent = node;
		node->children[i].name = &node->names.names[i];
	}
	node->is_read = true;
	return 0;
}

static void release_item(const struct explore_tree *tree, struct explore_node *node)
{
	if (node->item)
		difference_item_release(tree->difference, node->item);
	free(steal_pointer(&node->item));
}

static struct explore_node *first_read_child(const struct explore_node *node)
{
	for (size_t i = 0; i < node->names.count; i++)
		if (node->children[i].is_read)
			return &node->children[i];
	return NULL;
}

/* The deepest first, without recursion: a path may be deeper than the stack. */
static void free_nodes(struct explore_tree *tree)
{
	struct explore_node *node = &tree->root;

	while (node) {
		struct explore_node *child = first_read_child(node);

		if (child) {
			node = child;
			continue;
		}
		for (size_t i = 0; i < node->names.count; i++)
			release_item(tree, &node->children[i]);
		difference_names_free(&node->names);
		free(steal_pointer(&node->children));
		node->is_read = false;
		node = node->parent;
	}
}

/* -- rows -- */

static bool is_hidden(const struct explore_tree *tree, const struct explore_node *node)
{
	return tree->only_changes && node->name->kind == DIFFERENCE_SAME;
}

/* The node after this one, and after what is in it. */
static struct explore_node *after(struct explore_node *node)
{
	while (node->parent) {
		if (node + 1 < node->parent->children + node->parent->names.count)
			return node + 1;
		node = node->parent;
	}
	return NULL;
}

static struct explore_node *next(const struct explore_tree *tree, struct explore_node *node)
{
	bool shown = !node->name || !is_hidden(tree, node);

	return shown && node->expanded && node->names.count ? node->children : after(node);
}

static int add_row(struct explore_tree *tree, struct explore_node *node)
{
	if (tree->row_count == tree->row_capacity) {
		size_t capacity = tree->row_capacity ? tree->row_capacity * 2 : 64;
		struct explore_node **grown =
			reallocarray(tree->rows, capacity, sizeof(struct explore_node *));

		if (!grown)
			return -ENOMEM;
		tree->rows = grown;
		tree->row_capacity = capacity;
	}
	tree->rows[tree->row_count++] = node;
	return 0;
}

/* Puts the rows together again, with the cursor on this node, or else where it was. */
static int build_rows(struct explore_tree *tree, const struct explore_node *current)
{
	size_t cursor = tree->cursor;
	int error = 0;

	tree->row_count = 0;
	for (struct explore_node *node = next(tree, &tree->root); node && !error;
	     node = next(tree, node)) {
		if (is_hidden(tree, node))
			continue;
		if (node == current)
			cursor = tree->row_count;
		error = add_row(tree, node);
	}
	if (cursor >= tree->row_count)
		cursor = tree->row_count ? tree->row_count - 1 : 0;
	tree->cursor = cursor;
	return error;
}

struct explore_node *explore_tree_current(const struct explore_tree *tree)
{
	return tree->cursor < tree->row_count ? tree->rows[tree->cursor] : NULL;
}

void explore_tree_move(struct explore_tree *tree, long rows)
{
	size_t distance = (size_t)(rows < 0 ? -rows : rows);

	if (rows < 0)
		tree->cursor -= distance < tree->cursor ? distance : tree->cursor;
	else if (tree->row_count > 0)
		tree->cursor = distance < tree->row_count - tree->cursor ? tree->cursor + distance
									 : tree->row_count - 1;
}

/* -- opening -- */

int explore_tree_open(struct explore_tree *tree, const struct difference *difference)
{
	int error;

	*tree = (struct explore_tree){
		.difference = difference,
		.only_changes = tree->only_changes,
	};
	error = read_node(tree, &tree->root);
	if (!error)
		error = tree->root.error;
	tree->root.expanded = true;
	if (!error)
		error = build_rows(tree, NULL);
	if (error)
		explore_tree_close(tree);
	return error;
}

void explore_tree_close(struct explore_tree *tree)
{
	if (tree->difference) {
		free_nodes(tree);
		release_item(tree, &tree->root);
	}
	free(tree->rows);
	*tree = (struct explore_tree){ .only_changes = tree->only_changes };
}

/* -- expanding -- */

int explore_tree_expand(struct explore_tree *tree, struct explore_node *node)
{
	int error;

	if (!explore_node_is_directory(node))
		return 0;
	error = read_node(tree, node);
	if (error)
		return error;
	node->expanded = true;
	return build_rows(tree, node);
}

int explore_tree_collapse(struct explore_tree *tree, struct explore_node *node)
{
	node->expanded = false;
	return build_rows(tree, node);
}

int explore_tree_show_only_changes(struct explore_tree *tree, bool only_changes)
{
	const struct explore_node *current = explore_tree_current(tree);

	tree->only_changes = only_changes;
	return build_rows(tree, current);
}

static int compare_name(const void *name, const void *listed)
{
	return strcmp(name, ((const struct difference_name *)listed)->name);
}

static struct explore_node *find_child(const struct explore_node *node, const char *name)
{
	const struct difference_names *names = &node->names;
	const struct difference_name *found =
		names->count
			? bsearch(name, names->names, names->count, sizeof(*found), compare_name)
			: NULL;

	return found ? &node->children[found - names->names] : NULL;
}

/*
 * The node at a path, or the last one on the way to it that there is. What leads there is read, and expanded when `expand`,
 * without building rows. 0 or -ENOMEM.
 */
static int find_node(struct explore_tree *tree, const char *path, bool expand,
		     struct explore_node **ret_node)
{
	cleanup_free char *copy = strdup(path);
	struct explore_node *node = &tree->root, *child;
	char *rest = copy, *name;
	int error = copy ? 0 : -ENOMEM;

	while (!error && (name = strsep(&rest, "/"))) {
		if (!*name)
			continue;
		if (!explore_node_is_directory(node))
			break;
		error = read_node(tree, node);
		child = error ? NULL : find_child(node, name);
		if (!child)
			break;
		node->expanded |= expand;
		node = child;
	}
	*ret_node = node;
	return error;
}

int explore_tree_reveal(struct explore_tree *tree, const char *path)
{
	struct explore_node *node;
	int error = find_node(tree, path, true, &node);

	if (error)
		return error;
	if (node->name && is_hidden(tree, node))
		tree->only_changes = false;
	return build_rows(tree, node);
}

int explore_tree_get_expanded(const struct explore_tree *tree, struct string_list *paths)
{
	int error = 0;

	for (size_t i = 0; i < tree->row_count && !error; i++) {
		cleanup_buffer struct buffer path = BUFFER_INIT;

		if (!tree->rows[i]->expanded)
			continue;
		error = explore_node_path(tree->rows[i], &path);
		if (!error)
			error = string_list_add(paths, buffer_string(&path));
	}
	return error;
}

int explore_tree_set_expanded(struct explore_tree *tree, const struct string_list *paths)
{
	const struct explore_node *current = explore_tree_current(tree);
	int error = 0;

	for (size_t i = 0; i < paths->count && !error; i++) {
		cleanup_buffer struct buffer path = BUFFER_INIT;
		struct explore_node *node;

		error = find_node(tree, paths->strings[i], false, &node);
		if (!error)
			error = explore_node_path(node, &path);
		if (error || strcmp(buffer_string(&path), paths->strings[i]) != 0 ||
		    !explore_node_is_directory(node))
			continue;
		error = read_node(tree, node);
		node->expanded = true;
	}
	return error ? error : build_rows(tree, current);
}
