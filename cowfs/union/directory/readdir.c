/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/directory/directory.h"
#include "union/fs.h"
#include "union/lookup.h"

#include <dirent.h>

#define COOKIE_DOT 1
#define COOKIE_DOT_DOT 2

/* What one call of union_readdir() was asked. */
struct reading {
	struct union_fs *fs;
	struct inode *dir;
	bool details;
	union_dirent_function *function;
	void *context;
	size_t given; /* names taken so far */
};

static uint64_t parent_number(struct union_fs *fs, struct inode *dir)
{
	struct position position;
	uint64_t number;

	if (position_get(fs, dir, &position) < 0)
		return dir->number;
	number = position.parent->number;
	position_release(fs, &position);
	return number;
}

/* Non-zero when there was no room. */
static int give_dots(const struct reading *reading, uint64_t cookie)
{
	struct union_dirent dot = { ".", COOKIE_DOT, S_IFDIR, reading->dir->number, NULL };
	struct union_dirent dot_dot = { "..", COOKIE_DOT_DOT, S_IFDIR, 0, NULL };

	if (cookie < COOKIE_DOT && reading->function(reading->context, &dot))
		return 1;
	if (cookie >= COOKIE_DOT_DOT)
		return 0;
	dot_dot.ino = parent_number(reading->fs, reading->dir);
	return reading->function(reading->context, &dot_dot);
}

/* 1 when there was no room, 0 to go on, or -errno. */
static int give_entry(struct reading *reading, const struct listing_entry *entry)
{
	struct union_entry details;
	struct union_dirent dirent;
	int full, error = lookup_entry(reading->fs, reading->dir, entry, &details);

	if (error)
		return error == -ENOENT ? 0 : error; /* gone underneath */
	dirent = (struct union_dirent){
		.name = listing_name(reading->dir->directory->listing, entry),
		.cookie = entry->cookie,
		.type = (mode_t)DTTOIF(details.inode->type),
		.ino = details.attributes.inode,
		.entry = reading->details ? &details : NULL,
	};
	full = reading->function(reading->context, &dirent);
	if (full || !reading->details)
		union_forget(reading->fs, details.inode, 1);
	reading->given += !full;
	return full != 0;
}

static int give_entries(struct reading *reading, uint64_t cookie)
{
	struct listing *listing;
	struct listing_entry *entry;
	int result = directory_lock(reading->fs, reading->dir, false);

	if (result)
		return result;
	listing = reading->dir->directory->listing;
	for (entry = listing_after(listing, cookie); !result && entry;
	     entry = listing_next(listing, entry))
		if (listing_entry_is_visible(entry))
			result = give_entry(reading, entry);
	directory_unlock(reading->dir);
	/* What was taken must be delivered; the error comes again with the next call. */
	return result < 0 && !reading->given ? result : 0;
}

int union_readdir(struct union_fs *fs, struct inode *dir, uint64_t cookie, bool details,
		  union_dirent_function *function, void *context)
{
	struct reading reading = { fs, dir, details, function, context, 0 };

	if (!inode_is_directory(dir))
		return -ENOTDIR;
	if (dir->directory->removed)
		return 0;
	if (cookie < LISTING_FIRST_COOKIE && give_dots(&reading, cookie))
		return 0;
	return give_entries(&reading, cookie);
}

static int give_names(struct inode *dir, union_name_function *function, void *context)
{
	struct listing *listing = dir->directory->listing;
	int result = 0;

	for (struct listing_entry *entry = listing_after(listing, 0); entry && !result;
	     entry = listing_next(listing, entry)) {
		uint8_t type = entry->upper_type ? entry->upper_type : entry->lower_type;
		const struct union_name name = {
			.name = listing_name(listing, entry),
			.type = (mode_t)DTTOIF(type),
			.layer = entry->upper_type ? 0 : entry->lower,
		};

		if (listing_entry_is_visible(entry))
			result = function(context, &name);
	}
	return result;
}

int union_list_names(struct union_fs *fs, struct inode *dir, union_name_function *function,
		     void *context)
{
	int result;

	if (!inode_is_directory(dir))
		return -ENOTDIR;
	result = directory_lock(fs, dir, false);
	if (result)
		return result;
	result = give_names(dir, function, context);
	directory_unlock(dir);
	return result;
}
