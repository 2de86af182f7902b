/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A union behind its API: opening, references, listings. */
#include "side_union.h"

#include "random.h"
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

static struct union_side *of_side(struct side *side)
{
	return (struct union_side *)side;
}

void union_side_keep(struct union_side *side, struct inode *inode)
{
	if (side->reference_count == side->reference_capacity) {
		side->reference_capacity = side->reference_capacity * 2 + 64;
		side->references = must_reallocate(
			side->references, side->reference_capacity * sizeof(struct inode *));
	}
	side->references[side->reference_count++] = inode;
}

static void forget_references(struct union_side *side)
{
	for (size_t i = 0; i < side->reference_count; i++)
		union_forget(side->fs, side->references[i], 1);
	side->reference_count = 0;
}

/* Some of them, in an order of its own. */
static void forget_some(struct union_side *side, uint64_t seed)
{
	struct random random = { seed };
	size_t count = side->reference_count;

	for (size_t i = 0; i < count && !random_percent(&random, 5); i++) {
		size_t at = random_below(&random, (unsigned)side->reference_count);

		union_forget(side->fs, side->references[at], 1);
		side->references[at] = side->references[--side->reference_count];
	}
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

void union_side_verify(struct union_side *side, const char *name, const struct union_entry *entry)
{
	const struct attributes *told = &entry->attributes;
	struct attributes now;
	int result = union_getattr(side->fs, entry->inode, &now);

	if (result < 0) {
		outcome_tell(&side->complaints, "getattr of '%s': %s\n", name, strerror(-result));
		return;
	}
	if (told->inode == now.inode && told->mode == now.mode && told->links == now.links &&
	    told->uid == now.uid && told->gid == now.gid && told->size == now.size &&
	    told->rdev == now.rdev && same_time(told->mtime, now.mtime))
		return;
	outcome_tell(
		&side->complaints,
		"'%s': told inode %ju mode %o links %u owner %u:%u size %ju rdev %ju mtime %jd.%09ld,"
		" getattr tells inode %ju mode %o links %u owner %u:%u size %ju rdev %ju mtime %jd.%09ld\n",
		name, (uintmax_t)told->inode, told->mode, told->links, told->uid, told->gid,
		(uintmax_t)told->size, (uintmax_t)told->rdev, (intmax_t)told->mtime.tv_sec,
		told->mtime.tv_nsec, (uintmax_t)now.inode, now.mode, now.links, now.uid, now.gid,
		(uintmax_t)now.size, (uintmax_t)now.rdev, (intmax_t)now.mtime.tv_sec,
		now.mtime.tv_nsec);
}

int union_side_find(struct union_side *side, const struct union_place *place,
		    struct union_entry *entry)
{
	int result;

	if (*place->name == '\0') {
		entry->inode = place->directory;
		return union_getattr(side->fs, place->directory, &entry->attributes);
	}
	result = union_lookup(side->fs, place->directory, place->name, entry);
	if (result < 0)
		return result;
	union_side_keep(side, entry->inode);
	union_side_verify(side, place->name, entry);
	return 0;
}

int union_side_place(struct union_side *side, const char *path, struct union_place *place)
{
	struct inode *directory = union_root(side->fs);
	const char *name = path, *slash;

	while ((slash = strchr(name, '/')) != NULL) {
		char component[300];
		struct union_entry entry;
		int result;

		(void)snprintf(component, sizeof(component), "%.*s", (int)(slash - name), name);
		result = union_side_find(side, &(struct union_place){ directory, component },
					 &entry);
		if (result < 0)
			return result;
		if (!S_ISDIR(entry.attributes.mode))
			return S_ISLNK(entry.attributes.mode) ? -ELOOP : -ENOTDIR;
		directory = entry.inode;
		name = slash + 1;
	}
	*place = (struct union_place){ directory, name };
	return 0;
}

void union_side_release(struct union_side *side, unsigned slot)
{
	if (side->held[slot])
		union_forget(side->fs, side->held[slot], 1);
	side->held[slot] = NULL;
}

static void apply(struct side *any, const struct operation *operation, struct outcome *outcome)
{
	struct union_side *side = of_side(any);

	if (operation->kind == OPERATION_LIST)
		side_list(any, operation, outcome);
	else if (operation->kind == OPERATION_LIST_CHANGING)
		side_list_changing(any, operation, outcome);
	else
		outcome->result = union_side_apply(side, operation, outcome);
	if (side->complaints.size > 0)
		outcome_append(outcome, side->complaints.data, side->complaints.size);
	outcome_clear(&side->complaints);
	if (!side->keep && !side->listed)
		forget_references(side);
}

/* -- listings -- */

static int list_open(struct side *any, const char *path)
{
	struct union_side *side = of_side(any);
	struct union_place place;
	struct union_entry entry;
	int result = union_side_place(side, path, &place);

	if (result == 0)
		result = union_side_find(side, &place, &entry);
	if (result < 0)
		return result;
	if (!S_ISDIR(entry.attributes.mode))
		return -ENOTDIR;
	side->listed = entry.inode;
	side->cookie = 0;
	return 0;
}

struct reading {
	struct union_side *side;
	struct page *page;
	size_t names;
};

static void verify_dirent(struct union_side *side, const struct union_dirent *dirent)
{
	const struct union_entry *entry = dirent->entry;

	if (dirent->cookie <= side->cookie || dirent->cookie > INT64_MAX)
		outcome_tell(&side->complaints, "'%s' has cookie %ju after %ju\n", dirent->name,
			     (uintmax_t)dirent->cookie, (uintmax_t)side->cookie);
	if (!entry)
		return;
	if (entry->attributes.inode != dirent->ino ||
	    (entry->attributes.mode & S_IFMT) != dirent->type)
		outcome_tell(&side->complaints, "'%s': listed as inode %ju type %o, is %ju %o\n",
			     dirent->name, (uintmax_t)dirent->ino, dirent->type,
			     (uintmax_t)entry->attributes.inode, entry->attributes.mode & S_IFMT);
}

static int take_dirent(void *context, const struct union_dirent *dirent)
{
	struct reading *reading = context;
	struct page *page = reading->page;
	struct union_side *side = reading->side;

	if (page->count == reading->names)
		return 1;
	verify_dirent(side, dirent);
	side->cookie = dirent->cookie;
	if (dirent->entry)
		union_side_keep(side, dirent->entry->inode);
	page->types[page->count] = (unsigned char)IFTODT(dirent->type);
	page->names[page->count++] = strdup(dirent->name);
	return 0;
}

static int list_next(struct side *any, size_t names, struct page *page)
{
	struct union_side *side = of_side(any);
	struct reading reading = { .side = side, .page = page, .names = names < 64 ? names : 64 };
	bool details = side->cookie % 2 == 1;

	return union_readdir(side->fs, side->listed, side->cookie, details, take_dirent, &reading);
}

static void list_close(struct side *any)
{
	of_side(any)->listed = NULL;
}

/* -- opening and closing -- */

static void open_union(struct union_side *side)
{
	struct problem problem = { .text = "" }, warning = { .text = "" };
	int result = union_open(side->options, &side->fs, &problem, &warning);

	if (result < 0)
		give_up("union_open: %s: %s", strerror(-result), problem.text);
	if (*warning.text != '\0')
		give_up("union_open warns: %s", warning.text);
}

static void close_union(struct union_side *side)
{
	for (unsigned slot = 0; slot < OPERATION_SLOTS; slot++)
		union_side_release(side, slot);
	forget_references(side);
	union_close(side->fs);
}

static void forget(struct side *any, uint64_t seed)
{
	forget_some(of_side(any), seed);
}

static void reopen(struct side *any)
{
	close_union(of_side(any));
	open_union(of_side(any));
}

static void close_side(struct side *any)
{
	close_union(of_side(any));
	free(of_side(any)->references);
	free(any);
}

struct side *side_union_open(const struct union_options *options, bool keep_references)
{
	struct union_side *side = must_reallocate(NULL, sizeof(*side));

	*side = (struct union_side){
		.side = { .name = "union",
			  .apply = apply,
			  .snapshot = union_side_snapshot,
			  .list_open = list_open,
			  .list_next = list_next,
			  .list_close = list_close,
			  .forget = forget,
			  .reopen = reopen,
			  .close = close_side },
		.options = options,
		.keep = keep_references,
	};
	open_union(side);
	return &side->side;
}
