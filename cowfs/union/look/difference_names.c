/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of difference.h: what listings alone tell. */
#include "union/look/difference.h"

#include "base/cleanup.h"
#include "union/directory/directory.h"
#include "union/fs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A name as one of the unions lists it. */
struct listed {
	char *name; /* owned */
	mode_t type;
	uint16_t layer;
	bool is_with;
};

struct listing_of_both {
	struct listed *names;
	size_t count, capacity;
	bool is_with; /* which union is read */
};

static int take(void *context, const struct union_name *name)
{
	struct listing_of_both *both = context;
	struct listed listed = {
		.type = name->type,
		.layer = (uint16_t)name->layer,
		.is_with = both->is_with,
	};

	if (both->count == both->capacity) {
		size_t capacity = both->capacity ? both->capacity * 2 : 64;
		struct listed *grown = reallocarray(both->names, capacity, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		both->names = grown;
		both->capacity = capacity;
	}
	listed.name = strdup(name->name);
	if (!listed.name)
		return -ENOMEM;
	both->names[both->count++] = listed;
	return 0;
}

static int list(struct union_fs *fs, struct inode *dir, struct listing_of_both *both)
{
	return fs && dir && inode_is_directory(dir) ? union_list_names(fs, dir, take, both) : 0;
}

/* By name, that of the union with the topmost layer first. */
static int compare(const void *a, const void *b)
{
	const struct listed *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	return order ? order : right->is_with - left->is_with;
}

static enum difference_kind kind_of(const struct difference *difference, const struct listed *first,
				    const struct listed *second)
{
	if (!second)
		return first->is_with ? DIFFERENCE_ADDED : DIFFERENCE_DELETED;
	return first->layer == second->layer + difference->layers ? DIFFERENCE_SAME
								  : DIFFERENCE_CHANGED;
}

/* Makes one of the two of a name. The names pass on. */
static int join(const struct difference *difference, struct listing_of_both *both, bool all_same,
		struct difference_names *ret_names)
{
	struct difference_names names = { calloc(both->count + 1, sizeof(*names.names)), 0 };

	if (!names.names)
		return -ENOMEM;
	for (size_t i = 0; i < both->count; i++) {
		struct listed *first = &both->names[i], *second = first + 1;

		if (i + 1 == both->count || strcmp(first->name, second->name) != 0)
			second = NULL;
		names.names[names.count++] = (struct difference_name){
			.name = first->name,
			.kind = all_same ? DIFFERENCE_SAME : kind_of(difference, first, second),
			.type = first->type,
		};
		first->name = NULL;
		i += second != NULL;
	}
	*ret_names = names;
	return 0;
}

static int read_listings(const struct difference *difference, struct inode *with,
			 struct inode *without, bool same, struct difference_names *ret_names)
{
	struct listing_of_both both = { .is_with = true };
	int error = list(difference->with, with, &both);

	both.is_with = false;
	if (!error && !same)
		error = list(difference->without, without, &both);
	if (!error && both.count)
		qsort(both.names, both.count, sizeof(*both.names), compare);
	if (!error)
		error = join(difference, &both, same, ret_names);
	for (size_t i = 0; i < both.count; i++)
		free(both.names[i].name);
	free(both.names);
	return error;
}

/* -- when a look at the files is needed -- */

static bool same_place(struct layer_dir *a, struct layer_dir *b)
{
	cleanup_buffer struct buffer left = BUFFER_INIT, right = BUFFER_INIT;

	return layer_dir_path(a, &left) == 0 && layer_dir_path(b, &right) == 0 &&
	       strcmp(buffer_string(&left), buffer_string(&right)) == 0;
}

/*
 * Whether a name that both show in the same layer is the same file: not if a redirect has one of them look in another
 * directory of that layer. Both are locked, so that their parts are known for sure.
 */
static bool are_aligned(const struct difference *difference, const struct inode *with,
			const struct inode *without)
{
	unsigned count = union_layer_count(difference->without);
	bool aligned = true;

	for (unsigned i = 0; i < count && aligned; i++) {
		struct layer_dir *above =
			directory_part(difference->with, with, i + difference->layers);
		struct layer_dir *below = directory_part(difference->without, without, i);

		aligned = !above || !below || same_place(above, below);
	}
	return aligned;
}

/* 1, 0 or -errno. */
static int lock_and_compare(const struct difference *difference, struct inode *with,
			    struct inode *without)
{
	int result = directory_lock(difference->with, with, false);

	if (result)
		return result;
	result = directory_lock(difference->without, without, false);
	if (!result) {
		result = are_aligned(difference, with, without);
		directory_unlock(without);
	}
	directory_unlock(with);
	return result;
}

static bool both_are_directories(const struct difference *difference, const struct inode *with,
				 const struct inode *without)
{
	return difference->without && with && without && inode_is_directory(with) &&
	       inode_is_directory(without);
}

static int read_files(const struct difference *difference, struct inode *with,
		      struct inode *without, struct difference_names *ret_names)
{
	struct difference_names names = { 0 };
	struct difference_list list;
	int error = difference_read(difference, with, without, &list);

	if (error)
		return error;
	names.names = calloc(list.count + 1, sizeof(*names.names));
	for (size_t i = 0; i < list.count && names.names; i++) {
		struct difference_item *item = &list.items[i];
		const struct union_entry *entry = item->with.inode ? &item->with : &item->without;

		names.names[names.count++] = (struct difference_name){
			.name = item->name,
			.kind = item->kind,
			.type = entry->attributes.mode & S_IFMT,
		};
		item->name = NULL;
	}
	difference_list_free(difference, &list);
	if (!names.names)
		return -ENOMEM;
	*ret_names = names;
	return 0;
}

int difference_read_names(const struct difference *difference, struct inode *with,
			  struct inode *without, struct difference_names *ret_names)
{
	bool same = false;
	int aligned;

	if (both_are_directories(difference, with, without)) {
		same = difference_of(difference, with, without) == DIFFERENCE_SAME;
		aligned = same ? 1 : lock_and_compare(difference, with, without);
		if (aligned < 0)
			return aligned;
		if (difference->everywhere || !aligned)
			return read_files(difference, with, without, ret_names);
	}
	return read_listings(difference, with, without, same, ret_names);
}

void difference_names_free(struct difference_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->names[i].name);
	free(names->names);
	*names = (struct difference_names){ 0 };
}
