/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/explore/search.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SLICE_NS (15 * 1000 * 1000)

struct search_level {
	struct difference_names names;
	size_t next;
	struct difference_item directory;
	size_t path_length;
};

/* -- levels -- */

static void cut_path(struct explore_search *search, size_t length)
{
	search->path.length = length;
	if (search->path.data)
		search->path.data[length] = '\0';
}

/* Enters a directory, whose path is in search->path and which is taken over. One that cannot be read holds nothing. */
static int enter(struct explore_search *search, struct difference_item *directory)
{
	struct search_level level = { .directory = *directory };
	int error = 0;

	level.path_length = search->path.length;
	if (search->depth == search->level_capacity) {
		size_t capacity = search->level_capacity ? search->level_capacity * 2 : 16;
		struct search_level *grown = reallocarray(search->levels, capacity, sizeof(*grown));

		if (grown) {
			search->levels = grown;
			search->level_capacity = capacity;
		} else {
			error = -ENOMEM;
		}
	}
	if (!error)
		error = difference_read_names(&search->difference, directory->with.inode,
					      directory->without.inode, &level.names);
	if (error) {
		difference_item_release(&search->difference, directory);
		return error == -ENOMEM ? error : 0;
	}
	search->levels[search->depth++] = level;
	return 0;
}

static void leave(struct explore_search *search)
{
	struct search_level *level = &search->levels[--search->depth];

	difference_names_free(&level->names);
	difference_item_release(&search->difference, &level->directory);
	if (search->depth > 0)
		cut_path(search, search->levels[search->depth - 1].path_length);
}

static void end_search(struct explore_search *search)
{
	while (search->depth > 0)
		leave(search);
	free(search->levels);
	search->levels = NULL;
	search->level_capacity = 0;
	buffer_free(&search->path);
}

/* -- matches -- */

static int add_match(struct explore_search *search, const struct difference_name *name,
		     const struct difference_item *item)
{
	const struct union_entry *entry = item->with.inode ? &item->with : &item->without;
	struct explore_match match = {
		.kind = name->kind,
		.mode = entry->attributes.mode,
		.size = entry->attributes.size,
	};

	if (search->count == search->capacity) {
		size_t capacity = search->capacity ? search->capacity * 2 : 64;
		struct explore_match *grown =
			reallocarray(search->matches, capacity, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		search->matches = grown;
		search->capacity = capacity;
	}
	match.path = strdup(buffer_string(&search->path));
	if (!match.path)
		return -ENOMEM;
	search->matches[search->count++] = match;
	return 0;
}

static bool goes_on(const struct explore_search *search, const struct difference_name *name)
{
	return S_ISDIR(name->type) && (!search->only_changes || name->kind != DIFFERENCE_SAME ||
				       search->difference.everywhere);
}

static bool matches(const struct explore_search *search, const struct difference_name *name)
{
	const char *where = strchr(search->text, '/') ? buffer_string(&search->path) : name->name;

	if (search->only_changes && name->kind == DIFFERENCE_SAME)
		return false;
	return strcasestr(where, search->text) != NULL;
}

/* The path of the name is in search->path. 0; -ENOBUFS when there are too many matches; -ENOMEM. */
static int look_at(struct explore_search *search, const struct difference_item *directory,
		   const struct difference_name *name)
{
	bool found = matches(search, name), further = goes_on(search, name);
	struct difference_item item;
	int error;

	if (!found && !further)
		return 0;
	if (found && search->count == EXPLORE_MATCHES_MAX) {
		search->is_cut = true;
		return -ENOBUFS;
	}
	error = difference_look_up(&search->difference, directory->with.inode,
				   directory->without.inode, name->name, &item);
	if (error)
		return error == -ENOMEM ? error : 0;
	if (found)
		error = add_match(search, name, &item);
	if (!error && further)
		return enter(search, &item);
	difference_item_release(&search->difference, &item);
	return error;
}

/* One name. */
static int step(struct explore_search *search)
{
	struct search_level *level = &search->levels[search->depth - 1];
	const struct difference_name *name;
	int error;

	if (level->next == level->names.count) {
		leave(search);
		return 0;
	}
	name = &level->names.names[level->next++];
	error = buffer_append_format(&search->path, "/%s", name->name);
	if (!error)
		error = look_at(search, &level->directory, name);
	/* The levels may have moved. */
	cut_path(search, search->levels[search->depth - 1].path_length);
	return error;
}

/* -- for others -- */

int explore_search_begin(struct explore_search *search, const struct difference *difference,
			 const char *text, bool only_changes)
{
	struct difference_item roots = { .with.inode = union_root(difference->with) };

	explore_search_end(search);
	search->text = strdup(text);
	if (!search->text)
		return -ENOMEM;
	search->only_changes = only_changes;
	search->difference = *difference;
	if (difference->without)
		roots.without.inode = union_root(difference->without);
	return enter(search, &roots);
}

static int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

bool explore_search_step(struct explore_search *search)
{
	int64_t end = now_ns() + SLICE_NS;

	while (search->depth > 0) {
		if (step(search) < 0)
			end_search(search);
		else if (now_ns() >= end)
			return search->depth > 0;
	}
	return false;
}

void explore_search_end(struct explore_search *search)
{
	end_search(search);
	for (size_t i = 0; i < search->count; i++)
		free(search->matches[i].path);
	free(search->matches);
	free(search->text);
	*search = (struct explore_search){ 0 };
}
