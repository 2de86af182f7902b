/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "archive/inode_set.h"

#include "base/hash.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_CAPACITY 64

/* The slot that has the number, or the free one where it would be. There is always a free one. */
static uint64_t *find(const struct inode_set *set, uint64_t inode)
{
	size_t at = hash_pair(0, inode, 0) & (set->capacity - 1);

	while (set->slots[at] && set->slots[at] != inode)
		at = (at + 1) & (set->capacity - 1);
	return &set->slots[at];
}

static int grow(struct inode_set *set)
{
	struct inode_set grown = {
		.capacity = set->capacity ? set->capacity * 2 : FIRST_CAPACITY,
		.count = set->count,
	};

	grown.slots = calloc(grown.capacity, sizeof(*grown.slots));
	if (!grown.slots)
		return -ENOMEM;
	for (size_t i = 0; i < set->capacity; i++) {
		if (set->slots[i])
			*find(&grown, set->slots[i]) = set->slots[i];
	}
	free(set->slots);
	*set = grown;
	return 0;
}

int inode_set_add(struct inode_set *set, uint64_t inode)
{
	uint64_t *slot;

	if (set->count * 2 >= set->capacity && grow(set) < 0)
		return -ENOMEM;
	slot = find(set, inode);
	set->count += *slot == 0;
	*slot = inode;
	return 0;
}

bool inode_set_has(const struct inode_set *set, uint64_t inode)
{
	return set->capacity && *find(set, inode) == inode;
}

void inode_set_free(struct inode_set *set)
{
	free(set->slots);
	*set = INODE_SET_INIT;
}
