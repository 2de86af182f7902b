/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "archive/link_table.h"

#include "base/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64

/* The slot that has the number, or the free one where it would be. There is always a free one. */
static struct link_slot *find(const struct link_table *table, uint64_t inode)
{
	size_t at = hash_pair(0, inode, 0) & (table->capacity - 1);

	while (table->slots[at].path && table->slots[at].inode != inode)
		at = (at + 1) & (table->capacity - 1);
	return &table->slots[at];
}

static int grow(struct link_table *table)
{
	struct link_table grown = {
		.capacity = table->capacity ? table->capacity * 2 : FIRST_CAPACITY,
		.count = table->count,
	};

	grown.slots = calloc(grown.capacity, sizeof(*grown.slots));
	if (!grown.slots)
		return -ENOMEM;
	for (size_t i = 0; i < table->capacity; i++) {
		if (table->slots[i].path)
			*find(&grown, table->slots[i].inode) = table->slots[i];
	}
	free(table->slots);
	*table = grown;
	return 0;
}

int link_table_enter(struct link_table *table, uint64_t inode, const char *path,
		     const char **ret_path)
{
	struct link_slot *slot;

	if (table->count * 2 >= table->capacity && grow(table) < 0)
		return -ENOMEM;
	slot = find(table, inode);
	*ret_path = slot->path;
	if (slot->path)
		return 0;
	*slot = (struct link_slot){ .inode = inode, .path = strdup(path) };
	if (!slot->path)
		return -ENOMEM;
	table->count++;
	return 0;
}

void link_table_free(struct link_table *table)
{
	for (size_t i = 0; i < table->capacity; i++)
		free(table->slots[i].path);
	free(table->slots);
	*table = LINK_TABLE_INIT;
}
