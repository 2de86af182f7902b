/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/number_set.h"

#include "base/hash.h"

#include <errno.h>
#include <stdlib.h>

#define SLOTS_MIN 64

/* The slot that has the number, or the free one where it belongs. */
static uint64_t *slot_of(const struct number_set *set, uint64_t number)
{
	size_t slot = hash_pair(0, number, 0) & (set->slot_count - 1);

	while (set->slots[slot] && set->slots[slot] != number)
		slot = (slot + 1) & (set->slot_count - 1);
	return &set->slots[slot];
}

static int grow(struct number_set *set)
{
	struct number_set grown = {
		.slot_count = set->slot_count ? set->slot_count * 2 : SLOTS_MIN,
		.used = set->used,
	};

	grown.slots = calloc(grown.slot_count, sizeof(*grown.slots));
	if (!grown.slots)
		return -ENOMEM;
	for (size_t i = 0; i < set->slot_count; i++)
		if (set->slots[i])
			*slot_of(&grown, set->slots[i]) = set->slots[i];
	free(set->slots);
	*set = grown;
	return 0;
}

int number_set_add(struct number_set *set, uint64_t number)
{
	uint64_t *slot;

	if (set->used * 2 >= set->slot_count && grow(set) < 0)
		return -ENOMEM;
	slot = slot_of(set, number);
	if (*slot)
		return 0;
	*slot = number;
	set->used++;
	return 1;
}

bool number_set_has(const struct number_set *set, uint64_t number)
{
	return set->slot_count && *slot_of(set, number) == number;
}

void number_set_free(struct number_set *set)
{
	free(set->slots);
	*set = (struct number_set){ 0 };
}
