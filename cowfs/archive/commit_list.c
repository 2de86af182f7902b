/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "archive/commit_list.h"

#include "base/cleanup.h"
#include "layer/whiteout.h"
#include "union/look/hiding.h"

#include <string.h>

/* Takes over the name, also on failure; NULL means that there was no memory for it. */
static int add(struct commit_list *list, char *name, const struct commit_item *item)
{
	if (!name)
		return -ENOMEM;
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 16;
		struct commit_item *grown = reallocarray(list->items, capacity, sizeof(*grown));

		if (!grown) {
			free(name);
			return -ENOMEM;
		}
		list->items = grown;
		list->capacity = capacity;
	}
	list->items[list->count] = *item;
	list->items[list->count++].name = name;
	return 0;
}

static int add_opaque(struct commit_list *list)
{
	return add(list, strdup(WHITEOUT_OPAQUE), &(struct commit_item){ .is_marker = true });
}

static int add_whiteout(struct commit_list *list, const char *name)
{
	char *whiteout = NULL;

	if (asprintf(&whiteout, WHITEOUT_PREFIX "%s", name) < 0)
		return -ENOMEM;
	return add(list, whiteout, &(struct commit_item){ .is_marker = true });
}

static int compare(const void *a, const void *b)
{
	const struct commit_item *left = a, *right = b;

	if (left->is_marker != right->is_marker)
		return left->is_marker ? -1 : 1;
	return strcmp(left->name, right->name);
}

/* Puts it in order. Several layers may have a whiteout of the same name. */
static void finish(struct commit_list *list)
{
	size_t count = 0;

	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), compare);
	for (size_t i = 0; i < list->count; i++) {
		struct commit_item *item = &list->items[i];

		if (count && item->is_marker &&
		    strcmp(list->items[count - 1].name, item->name) == 0) {
			free(item->name);
			continue;
		}
		list->items[count++] = *item;
	}
	list->count = count;
}

void commit_item_forget(const struct commit_unions *unions, struct commit_item *item)
{
	if (item->with.inode)
		union_forget(unions->layers, item->with.inode, 1);
	if (item->without.inode)
		union_forget(unions->below, item->without.inode, 1);
	item->with.inode = item->without.inode = NULL;
}

void commit_list_free(const struct commit_unions *unions, struct commit_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		commit_item_forget(unions, &list->items[i]);
		free(list->items[i].name);
	}
	free(list->items);
	*list = COMMIT_LIST_INIT;
}

/* -- as it stands -- */

struct gathering {
	struct commit_list *list;
	bool flatten;
	int error;
};

/* Whiteouts take the places of sockets: what is below must not come to light. */
static int take_name(void *context, const struct union_dirent *dirent)
{
	struct gathering *gathering = context;
	struct commit_list *list = gathering->list;

	if (strcmp(dirent->name, ".") == 0 || strcmp(dirent->name, "..") == 0)
		return 0;
	if (!S_ISSOCK(dirent->type)) {
		gathering->error = add(list, strdup(dirent->name), &(struct commit_item){ 0 });
		return gathering->error != 0;
	}
	list->sockets++;
	if (!gathering->flatten)
		gathering->error = add_whiteout(list, dirent->name);
	return gathering->error != 0;
}

static int add_hiding(struct commit_list *list, struct union_fs *fs, struct inode *dir)
{
	struct union_hiding hiding;
	int error = union_read_hiding(fs, dir, union_layer_count(fs), &hiding);

	if (error)
		return error;
	if (hiding.redirected)
		error = -EXDEV;
	else if (hiding.opaque)
		error = add_opaque(list);
	else
		for (size_t i = 0; i < hiding.names.count && !error; i++)
			error = add_whiteout(list, hiding.names.strings[i]);
	union_hiding_free(&hiding);
	return error;
}

int commit_list_read(const struct commit_unions *unions, struct inode *dir,
		     struct commit_list *ret_list)
{
	struct commit_list list = COMMIT_LIST_INIT;
	struct gathering gathering = { .list = &list, .flatten = unions->flatten };
	int error = union_readdir(unions->layers, dir, 0, false, take_name, &gathering);

	if (!error)
		error = gathering.error;
	if (!error && !unions->flatten)
		error = add_hiding(&list, unions->layers, dir);
	if (error) {
		commit_list_free(unions, &list);
		return error;
	}
	finish(&list);
	*ret_list = list;
	return 0;
}

/* -- as it differs -- */

/* A whiteout of such a name cannot be a file's name. */
static bool is_too_long(const char *name)
{
	char prefixed[NAME_MAX + 1];

	return whiteout_prefixed_name(name, prefixed) != 0;
}

static bool is_socket(const struct difference_item *item)
{
	return item->with.inode && item->kind != DIFFERENCE_SAME &&
	       S_ISSOCK(item->with.attributes.mode);
}

static bool needs_whiteout(const struct difference_item *item)
{
	return item->without.inode && (!item->with.inode || is_socket(item));
}

static bool has_long_whiteout(const struct difference_list *differences)
{
	for (size_t i = 0; i < differences->count; i++) {
		if (needs_whiteout(&differences->items[i]) &&
		    is_too_long(differences->items[i].name))
			return true;
	}
	return false;
}

/* Takes over the name and the references of what is to be written or read. */
static int take_difference(const struct commit_unions *unions, struct difference_item *difference,
			   struct commit_list *list)
{
	const struct commit_item item = {
		.is_same = difference->kind == DIFFERENCE_SAME,
		.with = difference->with,
		.without = difference->without,
	};
	int error;

	list->sockets += is_socket(difference);
	if (needs_whiteout(difference))
		return add_whiteout(list, difference->name);
	if (is_socket(difference) ||
	    (item.is_same && !difference_goes_on(&unions->difference, difference)))
		return 0;
	error = add(list, steal_pointer(&difference->name), &item);
	if (!error)
		difference->with.inode = difference->without.inode = NULL;
	return error;
}

static int take_differences(const struct commit_unions *unions, struct difference_list *differences,
			    struct commit_list *list)
{
	int error = 0;

	for (size_t i = 0; i < differences->count && !error; i++)
		error = take_difference(unions, &differences->items[i], list);
	return error;
}

/*
 * The difference to a directory below, which may be NULL. *ret_opaque: the one below must be hidden, so that all is written that
 * there is, as if nothing were below.
 */
static int read_difference(const struct commit_unions *unions, struct inode *with,
			   struct inode *without, struct difference_list *ret_differences,
			   bool *ret_opaque)
{
	const struct difference *difference = &unions->difference;
	struct difference_list differences;
	int error = difference_read(difference, with, without, &differences);

	*ret_opaque = false;
	if (!error && without && has_long_whiteout(&differences)) {
		difference_list_free(difference, &differences);
		*ret_opaque = true;
		error = difference_read(difference, with, NULL, &differences);
	}
	if (!error)
		*ret_differences = differences;
	return error;
}

/* Whether the directory hides what the layers below have in theirs. */
static int hides_below(const struct commit_unions *unions, struct inode *with, bool *ret_hides)
{
	struct union_hiding hiding;
	int error = union_read_hiding(unions->layers, with, unions->difference.layers, &hiding);

	if (error)
		return error;
	*ret_hides = hiding.opaque || hiding.redirected;
	union_hiding_free(&hiding);
	return 0;
}

int commit_list_read_difference(const struct commit_unions *unions, struct inode *with,
				struct inode *without, struct commit_list *ret_list)
{
	struct commit_list list = COMMIT_LIST_INIT;
	struct difference_list differences = { 0 };
	bool hides = false, opaque = false;
	int error = without ? hides_below(unions, with, &hides) : 0;

	if (!error)
		error = read_difference(unions, with, hides ? NULL : without, &differences,
					&opaque);
	if (!error && (hides || opaque))
		error = add_opaque(&list);
	if (!error)
		error = take_differences(unions, &differences, &list);
	difference_list_free(&unions->difference, &differences);
	if (error) {
		commit_list_free(unions, &list);
		return error;
	}
	finish(&list);
	*ret_list = list;
	return 0;
}
