/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/look/difference.h"

#include "base/cleanup.h"
#include "union/fs.h"
#include "union/look/hiding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void difference_init(struct difference *difference, struct union_fs *with, struct union_fs *without)
{
	unsigned layers = union_layer_count(with) - (without ? union_layer_count(without) : 0);

	*difference = (struct difference){
		.with = with,
		.without = without,
		.layers = layers,
		.everywhere = union_links_reach_beyond(with, layers),
	};
}

enum difference_kind difference_of(const struct difference *difference, const struct inode *with,
				   const struct inode *without)
{
	struct union_source with_source, without_source;

	if (!without)
		return DIFFERENCE_ADDED;
	if (!with)
		return DIFFERENCE_DELETED;
	union_get_source(with, &with_source);
	union_get_source(without, &without_source);
	return with_source.layer == without_source.layer + difference->layers &&
			       with_source.inode == without_source.inode
		       ? DIFFERENCE_SAME
		       : DIFFERENCE_CHANGED;
}

/* -- one directory -- */

struct gathering {
	struct difference_list *list;
	size_t capacity;
	bool is_with; /* which union is read */
	int error;
};

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int grow(struct gathering *gathering)
{
	size_t capacity = gathering->capacity ? gathering->capacity * 2 : 16;
	struct difference_item *grown =
		reallocarray(gathering->list->items, capacity, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	gathering->list->items = grown;
	gathering->capacity = capacity;
	return 0;
}

static int take(void *context, const struct union_dirent *dirent)
{
	struct gathering *gathering = context;
	struct difference_list *list = gathering->list;
	struct difference_item item = { 0 };

	if (is_dots(dirent->name))
		return 0;
	if (list->count == gathering->capacity)
		gathering->error = grow(gathering);
	if (!gathering->error) {
		item.name = strdup(dirent->name);
		gathering->error = item.name ? 0 : -ENOMEM;
	}
	if (gathering->error)
		return 1;
	*(gathering->is_with ? &item.with : &item.without) = *dirent->entry;
	list->items[list->count++] = item;
	return 0;
}

static int gather(struct union_fs *fs, struct inode *dir, struct gathering *gathering)
{
	int error;

	if (!fs || !dir || !inode_is_directory(dir))
		return 0;
	error = union_readdir(fs, dir, 0, true, take, gathering);
	return error ? error : gathering->error;
}

static int compare_names(const void *a, const void *b)
{
	const struct difference_item *left = a, *right = b;

	return strcmp(left->name, right->name);
}

/* Makes one of two items of the same name, and judges each. */
static void join(const struct difference *difference, struct difference_list *list)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct difference_item *item = &list->items[i];
		struct difference_item *last = count ? &list->items[count - 1] : NULL;

		if (last && strcmp(last->name, item->name) == 0) {
			if (item->with.inode)
				last->with = item->with;
			else
				last->without = item->without;
			free(item->name);
			continue;
		}
		list->items[count++] = *item;
	}
	list->count = count;
	for (size_t i = 0; i < count; i++)
		list->items[i].kind = difference_of(difference, list->items[i].with.inode,
						    list->items[i].without.inode);
}

int difference_read(const struct difference *difference, struct inode *with, struct inode *without,
		    struct difference_list *ret_list)
{
	struct difference_list list = { 0 };
	struct gathering gathering = { .list = &list, .is_with = true };
	int error = gather(difference->with, with, &gathering);

	gathering.is_with = false;
	if (!error)
		error = gather(difference->without, without, &gathering);
	if (list.count)
		qsort(list.items, list.count, sizeof(*list.items), compare_names);
	join(difference, &list);
	if (error) {
		difference_list_free(difference, &list);
		return error;
	}
	*ret_list = list;
	return 0;
}

void difference_item_release(const struct difference *difference, struct difference_item *item)
{
	if (item->with.inode)
		union_forget(difference->with, item->with.inode, 1);
	if (item->without.inode)
		union_forget(difference->without, item->without.inode, 1);
	free(item->name);
	*item = (struct difference_item){ 0 };
}

/* Looks the name up in one of the unions; that it is not there is no error. */
static int look_up(struct union_fs *fs, struct inode *dir, const char *name,
		   struct union_entry *entry)
{
	int error =
		fs && dir && inode_is_directory(dir) ? union_lookup(fs, dir, name, entry) : -ENOENT;

	return error == -ENOENT ? 0 : error;
}

int difference_look_up(const struct difference *difference, struct inode *with,
		       struct inode *without, const char *name, struct difference_item *ret_item)
{
	struct difference_item item = { .name = strdup(name) };
	int error = item.name ? look_up(difference->with, with, name, &item.with) : -ENOMEM;

	if (!error)
		error = look_up(difference->without, without, name, &item.without);
	if (!error && !item.with.inode && !item.without.inode)
		error = -ENOENT;
	if (error) {
		difference_item_release(difference, &item);
		return error;
	}
	item.kind = difference_of(difference, item.with.inode, item.without.inode);
	*ret_item = item;
	return 0;
}

void difference_list_free(const struct difference *difference, struct difference_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		difference_item_release(difference, &list->items[i]);
	free(list->items);
	*list = (struct difference_list){ 0 };
}

bool difference_goes_on(const struct difference *difference, const struct difference_item *item)
{
	if (!item->with.inode || !inode_is_directory(item->with.inode))
		return false;
	return item->kind != DIFFERENCE_SAME || difference->everywhere;
}

/* -- a whole tree: a list for each level, since a layer may be deeper than the stack -- */

struct level {
	struct difference_list list;
	size_t next;	    /* item */
	size_t path_length; /* of the directory */
};

struct walk {
	const struct difference *difference;
	const struct difference_visitor *visitor;
	struct level *levels;
	size_t depth, capacity;
	struct buffer path; /* of the directory at the deepest level */
};

/* Enters a directory, whose path is in walk->path. */
static int enter(struct walk *walk, struct inode *with, struct inode *without)
{
	struct level level = { .path_length = walk->path.length };
	int error;

	if (walk->depth == walk->capacity) {
		size_t capacity = walk->capacity ? walk->capacity * 2 : 16;
		struct level *grown = reallocarray(walk->levels, capacity, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		walk->levels = grown;
		walk->capacity = capacity;
	}
	error = difference_read(walk->difference, with, without, &level.list);
	if (error == -ENOMEM)
		return error;
	if (error)
		error = walk->visitor->unreadable(walk->visitor->context,
						  buffer_string(&walk->path), error);
	if (error)
		return error;
	walk->levels[walk->depth++] = level;
	return 0;
}

static void cut_path(struct walk *walk, size_t length)
{
	walk->path.length = length;
	if (walk->path.data)
		walk->path.data[length] = '\0';
}

static void leave(struct walk *walk)
{
	struct level *level = &walk->levels[--walk->depth];

	difference_list_free(walk->difference, &level->list);
	if (walk->depth > 0)
		cut_path(walk, walk->levels[walk->depth - 1].path_length);
}

/* Visits the next item of the deepest directory. 0 or what ended the walk. */
static int visit_next(struct walk *walk)
{
	struct level *level = &walk->levels[walk->depth - 1];
	const struct difference_item *item = &level->list.items[level->next++];
	struct difference_visit visit = {
		.item = item,
		.depth = walk->depth - 1,
		.is_last = level->next == level->list.count,
	};
	int result = buffer_append_format(&walk->path, "/%s", item->name);

	visit.path = buffer_string(&walk->path);
	if (result == 0)
		result = walk->visitor->visit(walk->visitor->context, &visit);
	if (result < 0)
		return result;
	if (result == 0 && difference_goes_on(walk->difference, item))
		result = enter(walk, item->with.inode, item->without.inode);
	/* The levels may have moved. */
	cut_path(walk, walk->levels[walk->depth - 1].path_length);
	return result < 0 ? result : 0;
}

int difference_walk(const struct difference *difference, struct inode *with, struct inode *without,
		    const struct difference_visitor *visitor)
{
	struct walk walk = { .difference = difference, .visitor = visitor };
	int result = enter(&walk, with, without);

	while (result == 0 && walk.depth > 0) {
		const struct level *level = &walk.levels[walk.depth - 1];

		if (level->next < level->list.count)
			result = visit_next(&walk);
		else
			leave(&walk);
	}
	for (size_t i = 0; i < walk.depth; i++)
		difference_list_free(difference, &walk.levels[i].list);
	free(walk.levels);
	buffer_free(&walk.path);
	return result;
}
