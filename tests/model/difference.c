/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The difference of a stack with and without its topmost layer, against that of the two trees as the rules make them. */
#include "inspect.h"
#include "support.h"

#include "union/look/difference.h"

#include <stdlib.h>
#include <string.h>

/* "KIND PATH", in the order of the walk. */
struct lines {
	char **lines;
	size_t count, capacity;
};

static void add_line(struct lines *lines, enum difference_kind kind, const char *path)
{
	static const char letters[] = "=ACD";
	char line[INSPECT_PATH_MAX + 3];

	if (lines->count == lines->capacity) {
		lines->capacity = lines->capacity * 2 + 16;
		lines->lines =
			must_reallocate(lines->lines, lines->capacity * sizeof(*lines->lines));
	}
	(void)snprintf(line, sizeof(line), "%c %s", letters[kind], path);
	lines->lines[lines->count++] = strdup(line);
}

static void free_lines(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		free(lines->lines[i]);
	free(lines->lines);
}

/* -- as it must be -- */

struct expectation {
	const struct stack *stack;
	struct lines lines;
};

static bool is_in_topmost(const struct expectation *expectation, const struct node *merged)
{
	/* Numbers were given layer by layer. */
	return merged->origin->number < expectation->stack->layers[1].root->number;
}

static enum difference_kind expected_kind(const struct expectation *expectation,
					  const struct node *with, const struct node *without)
{
	if (!with)
		return DIFFERENCE_DELETED;
	if (!without)
		return DIFFERENCE_ADDED;
	if (is_in_topmost(expectation, with))
		return DIFFERENCE_CHANGED;
	if (with->origin != without->origin)
		give_up("the oracle contradicts itself");
	return DIFFERENCE_SAME;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void expect_below(struct expectation *expectation, const struct node *with,
			 const struct node *without, const char *path);

static void expect_name(struct expectation *expectation, const struct node *with,
			const struct node *without, const char *path)
{
	enum difference_kind kind = expected_kind(expectation, with, without);

	add_line(&expectation->lines, kind, path);
	if (with && S_ISDIR(with->mode) && kind != DIFFERENCE_SAME)
		expect_below(expectation, with, without, path);
}

/* NULL, or no directory: nothing is there. */
static size_t add_names(const struct node *directory, const char **names, size_t count)
{
	for (size_t i = 0; directory && i < directory->child_count; i++) {
		bool known = false;

		for (size_t j = 0; j < count; j++)
			known |= strcmp(names[j], directory->children[i]->name) == 0;
		if (!known)
			names[count++] = directory->children[i]->name;
	}
	return count;
}

static void expect_below(struct expectation *expectation, const struct node *with,
			 const struct node *without, const char *path)
{
	const char *names[256];
	char child[INSPECT_PATH_MAX];
	size_t count = add_names(without, names, add_names(with, names, 0));

	qsort(names, count, sizeof(*names), compare_names);
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(child, sizeof(child), "%s/%s", path, names[i]);
		expect_name(expectation, node_child(with, names[i]),
			    without ? node_child(without, names[i]) : NULL, child);
	}
}

static void expect(struct expectation *expectation)
{
	struct stack below = { .layer_count = expectation->stack->layer_count - 1 };

	memcpy(below.layers, expectation->stack->layers + 1,
	       below.layer_count * sizeof(below.layers[0]));
	merge_layers(&below);
	expect_below(expectation, expectation->stack->merged, below.merged, "");
	arena_free(&below.arena);
}

/* -- as it is told -- */

/* What listings alone tell of a directory is what a look at the files tells. */
static void compare_names_and_files(const struct difference *difference, const char *path,
				    struct inode *with, struct inode *without)
{
	struct difference_names names;
	struct difference_list list;

	if (difference_read_names(difference, with, without, &names) < 0 ||
	    difference_read(difference, with, without, &list) < 0)
		give_up("%s: cannot be read", path);
	if (names.count != list.count)
		give_up("%s: %zu names, %zu files", path, names.count, list.count);
	for (size_t i = 0; i < names.count; i++) {
		const struct difference_item *item = &list.items[i];
		const struct difference_name *name = &names.names[i];
		mode_t mode = item->with.inode ? item->with.attributes.mode
					       : item->without.attributes.mode;

		if (strcmp(name->name, item->name) != 0 || name->kind != item->kind ||
		    name->type != (mode & S_IFMT))
			give_up("%s: name %s is not file %s", path, name->name, item->name);
	}
	difference_names_free(&names);
	difference_list_free(difference, &list);
}

struct telling {
	struct lines lines;
	struct difference difference;
};

static int visit(void *context, const struct difference_visit *visit)
{
	struct telling *telling = context;

	add_line(&telling->lines, visit->item->kind, visit->path);
	compare_names_and_files(&telling->difference, visit->path, visit->item->with.inode,
				visit->item->without.inode);
	return 0;
}

static int unreadable(void *context, const char *path, int error)
{
	(void)context;
	give_up("%s: %s", path, strerror(-error));
}

static void walk(const struct inspection *inspection, struct union_fs *below,
		 struct telling *telling)
{
	struct inode *with = union_root(inspection->fs), *without = union_root(below);
	struct difference_visitor visitor = { visit, unreadable, telling };
	int error;

	difference_init(&telling->difference, inspection->fs, below);
	compare_names_and_files(&telling->difference, "/", with, without);
	error = difference_walk(&telling->difference, with, without, &visitor);
	if (error)
		give_up("difference_walk: %s", strerror(-error));
}

void inspect_difference(const struct inspection *inspection, struct union_fs *below)
{
	struct expectation expectation = { .stack = inspection->stack };
	struct telling telling = { 0 };
	const struct lines *told = &telling.lines, *expected = &expectation.lines;

	expect(&expectation);
	walk(inspection, below, &telling);
	for (size_t i = 0; i < told->count && i < expected->count; i++)
		if (strcmp(told->lines[i], expected->lines[i]) != 0)
			give_up("expected %s, told %s", expected->lines[i], told->lines[i]);
	if (told->count != expected->count)
		give_up("expected %zu lines, told %zu", expected->count, told->count);
	free_lines(&telling.lines);
	free_lines(&expectation.lines);
}
