/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of checking.h: whether the copies in the layer, the hard-link index and the lower layers agree. */
#include "layer/layer_walk.h"
#include "union/check/checking.h"
#include "union/fs.h"

#include <stdlib.h>

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_claimed(const void *a, const void *b)
{
	const struct claim *left = a, *right = b;
	int order = compare(left->layer_id, right->layer_id);

	return order ? order : compare(left->inode, right->inode);
}

static int compare_claims(const void *a, const void *b)
{
	const struct claim *left = a, *right = b;
	int order = compare_claimed(a, b);

	return order ? order : compare(left->own_inode, right->own_inode);
}

/* Of several files that claim one lower file only one can be its copy. */
static int find_rivals(struct check *check)
{
	for (size_t i = 1; i < check->claim_count; i++) {
		const struct claim *claim = &check->claims[i];

		if (compare_claimed(claim - 1, claim) == 0 &&
		    claim[-1].own_inode != claim->own_inode &&
		    check_add_left(check, CHECK_ORIGIN_TWICE, PLACE_TREE, claim->dir, claim->name,
				   "which of them is the copy cannot be told") < 0)
			return -ENOMEM;
	}
	return 0;
}

/* -- what the lower layers say -- */

static bool is_in_index(const struct check *check, const struct claim *claim)
{
	const struct index_record *record = check_find_record(check, claim->layer_id, claim->inode);

	return record && record->has_copy;
}

/* The first of the claims on one lower file, or NULL. */
static struct claim *find_claim(const struct check *check, uint64_t layer_id, uint64_t inode)
{
	const struct claim key = { .layer_id = layer_id, .inode = inode };
	struct claim *claim = check->claim_count ? bsearch(&key, check->claims, check->claim_count,
							   sizeof(key), compare_claimed)
						 : NULL;

	while (claim && claim > check->claims && compare_claimed(claim - 1, claim) == 0)
		claim--;
	return claim;
}

static int visit_lower(void *context, const struct layer_walk_entry *entry)
{
	const struct check *check = context;
	uint64_t layer_id = entry->dir->layer->id, inode = entry->attributes.inode;
	struct index_record *record = check_find_record(check, layer_id, inode);
	struct claim *claim = find_claim(check, layer_id, inode);

	if (record)
		record->links_found = entry->attributes.links;
	if (claim)
		claim->links_found = entry->attributes.links;
	return 0;
}

/* Only when something is to be learned by it: it takes long. */
static bool needs_lowers(const struct check *check)
{
	for (size_t i = 0; i < check->claim_count; i++)
		if (!check->claims[i].is_directory && !is_in_index(check, &check->claims[i]))
			return true;
	for (size_t i = 0; i < check->record_count; i++)
		if (check->records[i].has_copy && !check->records[i].counts_make_sense)
			return true;
	return false;
}

static int read_lowers(struct check *check)
{
	int error = 0;

	if (!needs_lowers(check))
		return 0;
	for (unsigned i = 1; !error && i < check->fs->layer_count; i++)
		error = layer_walk(check->fs->layers[i], visit_lower, check);
	return error;
}

/* -- judging -- */

static int judge_claim(struct check *check, const struct claim *claim)
{
	if (claim->links_found < 2 || is_in_index(check, claim))
		return 0;
	return check_add_left(check, CHECK_LINK_NOT_IN_INDEX, PLACE_TREE, claim->dir, claim->name,
			      "which content they should show cannot be told");
}

static int add_record(struct check *check, enum check_kind kind, const struct index_record *record)
{
	bool is_counts = kind == CHECK_INDEX_COUNTS_STALE;
	char name[HARD_LINK_NAME_MAX];
	struct finding *finding;

	hard_link_format_name(name, record->layer_id, record->inode, is_counts);
	finding = check_add(check, kind, PLACE_INDEX, NULL, name);
	if (!finding)
		return -ENOMEM;
	if (kind == CHECK_INDEX_WITHOUT_COUNTS && !record->links_found) {
		finding->state = CHECK_LEFT;
		finding->why = check->has_lowers ? "the file is not in the lower layers given"
						 : "the lower layers tell how many there are";
	}
	finding->links = record->links_found;
	return 0;
}

static int judge_record(struct check *check, const struct index_record *record)
{
	bool all_gone = record->counts_make_sense && (uint32_t)record->gone >= record->lower_links;

	if (!record->has_copy)
		return all_gone || !record->counts_make_sense
			       ? add_record(check, CHECK_INDEX_COUNTS_STALE, record)
			       : 0;
	if (!record->counts_make_sense)
		return add_record(check, CHECK_INDEX_WITHOUT_COUNTS, record);
	return all_gone && record->copy.links < 2
		       ? add_record(check, CHECK_INDEX_WITHOUT_NAMES, record)
		       : 0;
}

int check_judge_links(struct check *check)
{
	int error;

	if (check->claim_count)
		qsort(check->claims, check->claim_count, sizeof(*check->claims), compare_claims);
	error = find_rivals(check);
	if (!error)
		error = read_lowers(check);
	for (size_t i = 0; !error && i < check->claim_count; i++)
		error = judge_claim(check, &check->claims[i]);
	for (size_t i = 0; !error && i < check->record_count; i++)
		error = judge_record(check, &check->records[i]);
	return error;
}
