/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files with several names, by inode number: the first of their names that was written. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct link_slot {
	uint64_t inode;
	char *path; /* NULL: a free slot; owned */
};

struct link_table {
	struct link_slot *slots;
	size_t capacity; /* 0 or a power of two */
	size_t count;
};

#define LINK_TABLE_INIT ((struct link_table){ 0 })

/*
 * The path under which the number is known, which the table owns; *ret_path is NULL when it was not known, and then it is, by
 * this path. 0 or -ENOMEM.
 */
int link_table_enter(struct link_table *table, uint64_t inode, const char *path,
		     const char **ret_path);
void link_table_free(struct link_table *table);
