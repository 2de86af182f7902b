/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of checking.h: what our own state holds beside the layer's tree. */
#include "base/cleanup.h"
#include "base/confined.h"
#include "union/check/checking.h"
#include "union/copy_up/origin.h"
#include "union/fs.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WHY_UNKNOWN "another version of cowfs may have put it there"

/* Called for each name in a place: 0 or -errno. */
typedef int name_function(struct check *check, int directory, const char *name);

static int for_each_name(struct check *check, enum check_place place, name_function *function)
{
	CLEANUP(closedir) DIR *stream = NULL;
	const struct dirent *dirent;
	int fd = check_place_fd(check, place);
	int error = fd < 0 ? 0 : confined_open_stream(fd, NULL, &stream);

	while (stream && !error && (errno = 0, dirent = readdir(stream)))
		if (confined_name_is_valid(dirent->d_name))
			error = function(check, fd, dirent->d_name);
	return error ? error : stream ? -errno : 0;
}

/* -- files known by their numbers -- */

static int add_number(struct numbered_list *list, uint64_t inode, const char *name)
{
	struct numbered *grown = check_grow(list->items, list->count, sizeof(*grown));
	char *copy = strdup(name);

	list->items = grown ? grown : list->items;
	if (!grown || !copy) {
		free(copy);
		return -ENOMEM;
	}
	list->items[list->count++] = (struct numbered){ .inode = inode, .name = copy };
	return 0;
}

static int compare_numbers(const void *a, const void *b)
{
	const struct numbered *left = a, *right = b;

	return (left->inode > right->inode) - (left->inode < right->inode);
}

static void sort_numbers(struct numbered_list *list)
{
	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), compare_numbers);
}

static void see_number(struct numbered_list *list, uint64_t inode)
{
	const struct numbered key = { .inode = inode };
	struct numbered *found =
		list->count ? bsearch(&key, list->items, list->count, sizeof(key), compare_numbers)
			    : NULL;

	if (found)
		found->seen = true;
}

void check_see_object(struct check *check, const struct attributes *attributes)
{
	if (S_ISREG(attributes->mode))
		see_number(&check->marks, attributes->inode);
	else if (!S_ISDIR(attributes->mode))
		see_number(&check->origins, attributes->inode);
}

/* -- work/, unsynced/, and what else there is -- */

static int visit_work(struct check *check, int directory, const char *name)
{
	(void)directory;
	return check_add(check, CHECK_WORK_LEFT, PLACE_WORK, NULL, name) ? 0 : -ENOMEM;
}

static int visit_unsynced(struct check *check, int directory, const char *name)
{
	uint64_t own, layer_id, inode;

	if (unsynced_read_mark(directory, name, &own, &layer_id, &inode))
		return add_number(&check->marks, own, name);
	return check_add(check, CHECK_UNSYNCED_STALE, PLACE_UNSYNCED, NULL, name) ? 0 : -ENOMEM;
}

static int visit_state(struct check *check, int directory, const char *name)
{
	static const char *const known[] = { "index", "unsynced", "work" };

	(void)directory;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(name, known[i]) == 0)
			return 0;
	return check_add_left(check, CHECK_STATE_UNKNOWN, PLACE_STATE, NULL, name, WHY_UNKNOWN);
}

/* -- index/ -- */

static int compare_records(const void *a, const void *b)
{
	const struct index_record *left = a, *right = b;

	if (left->layer_id != right->layer_id)
		return left->layer_id < right->layer_id ? -1 : 1;
	return (left->inode > right->inode) - (left->inode < right->inode);
}

static int add_record(struct check *check, const struct index_record *record)
{
	struct index_record *grown =
		check_grow(check->records, check->record_count, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	check->records = grown;
	grown[check->record_count++] = *record;
	return 0;
}

/* What is known of a copy and what is known of its counts become one. */
static void merge_records(struct check *check)
{
	struct index_record *records = check->records;
	size_t kept = 0;

	if (check->record_count)
		qsort(records, check->record_count, sizeof(*records), compare_records);
	for (size_t i = 0; i < check->record_count; i++) {
		struct index_record *last = kept ? &records[kept - 1] : NULL;

		if (!last || compare_records(last, &records[i]) != 0) {
			records[kept++] = records[i];
			continue;
		}
		if (records[i].has_copy) {
			last->has_copy = true;
			last->copy = records[i].copy;
			continue;
		}
		last->has_counts = true;
		last->counts_make_sense = records[i].counts_make_sense;
		last->gone = records[i].gone;
		last->lower_links = records[i].lower_links;
	}
	check->record_count = kept;
}

struct index_record *check_find_record(const struct check *check, uint64_t layer_id, uint64_t inode)
{
	const struct index_record key = { .layer_id = layer_id, .inode = inode };

	return check->record_count ? bsearch(&key, check->records, check->record_count, sizeof(key),
					     compare_records)
				   : NULL;
}

static int visit_origin(struct check *check, int directory, const char *name, uint64_t own)
{
	char record[ORIGIN_RECORD_MAX];
	uint64_t layer_id, inode;
	ssize_t length = readlinkat(directory, name, record, sizeof(record) - 1);

	if (length > 0) {
		record[length] = '\0';
		if (origin_scan(record, &layer_id, &inode))
			return add_number(&check->origins, own, name);
	}
	return check_add(check, CHECK_INDEX_ORIGIN_STALE, PLACE_INDEX, NULL, name) ? 0 : -ENOMEM;
}

static int visit_index(struct check *check, int directory, const char *name)
{
	struct index_record record = { 0 };
	uint64_t inode;
	int error;

	if (origin_scan_index_name(name, &inode))
		return visit_origin(check, directory, name, inode);
	if (!hard_link_scan_name(name, &record.layer_id, &record.inode, &record.has_counts))
		return check_add_left(check, CHECK_STATE_UNKNOWN, PLACE_INDEX, NULL, name,
				      WHY_UNKNOWN);
	if (record.has_counts) {
		record.counts_make_sense =
			hard_link_read_counts(directory, name, &record.gone, &record.lower_links);
		return add_record(check, &record);
	}
	record.has_copy = true;
	error = layer_stat_raw(directory, name, &record.copy);
	if (!error && S_ISDIR(record.copy.mode))
		return check_add_left(check, CHECK_STATE_UNKNOWN, PLACE_INDEX, NULL, name,
				      WHY_UNKNOWN);
	return error ? error : add_record(check, &record);
}

/* -- all of it -- */

int check_read_state(struct check *check)
{
	struct union_fs *fs = check->fs;
	int error;

	if (fs->work.state_fd < 0)
		return 0;
	error = unsynced_open_marks(fs);
	if (error && error != -ENOENT)
		return error;
	error = for_each_name(check, PLACE_STATE, visit_state);
	if (!error)
		error = for_each_name(check, PLACE_WORK, visit_work);
	if (!error)
		error = for_each_name(check, PLACE_UNSYNCED, visit_unsynced);
	if (!error)
		error = for_each_name(check, PLACE_INDEX, visit_index);
	if (error)
		return error;
	merge_records(check);
	sort_numbers(&check->marks);
	sort_numbers(&check->origins);
	for (size_t i = 0; i < check->record_count; i++)
		if (check->records[i].has_copy)
			check_see_object(check, &check->records[i].copy);
	return 0;
}

int check_judge_numbers(struct check *check)
{
	for (size_t i = 0; i < check->origins.count; i++) {
		const struct numbered *origin = &check->origins.items[i];

		if (!origin->seen &&
		    !check_add(check, CHECK_INDEX_ORIGIN_STALE, PLACE_INDEX, NULL, origin->name))
			return -ENOMEM;
	}
	for (size_t i = 0; i < check->marks.count; i++) {
		const struct numbered *mark = &check->marks.items[i];
		struct finding *finding =
			check_add(check, mark->seen ? CHECK_UNSYNCED_COPY : CHECK_UNSYNCED_STALE,
				  PLACE_UNSYNCED, NULL, mark->name);

		if (!finding)
			return -ENOMEM;
		if (mark->seen && !check->has_lowers) {
			finding->state = CHECK_LEFT;
			finding->why =
				"give the lower layers, or mount it, to have it copied again";
		}
	}
	return 0;
}
